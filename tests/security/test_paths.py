"""Names of files that lead out of their folder; names that become headers."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from app.channels.links import Purpose
from app.channels.outbox import OutboxMailbox
from tests.http.merchant_shop import NOW, MerchantShop

UP = (
    "..", "%2e%2e", "..%2f", "%2e%2e%2f", "..%5c", "%252e%252e%252f", "....//", "..;", "..%c0%af",
    "..%00",
)  # fmt: skip
NAMES = (
    'a".html', "a\r\nSet-Cookie: x=1", "../../a.json", "a;b=c.json", "čž–.json", "a\n.json",
)  # fmt: skip


def test_no_static_address_leaves_its_folder(shop: MerchantShop) -> None:
    secret = shop.deps.settings.data_dir / "secret.txt"
    secret.write_text("SECRET_KEYS=…")
    for up in UP:
        for target in ("web.py", "config.py", "templates/layout.html", str(secret).lstrip("/")):
            for depth in (1, 2, 8):
                path = f"/static/{'/'.join([up] * depth)}/{target}"
                answer = shop.client.get(path, buffered=True)
                assert answer.status_code in (308, 400, 404), path
                assert "SECRET" not in answer.text
    for path in (
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/C:%5cx",
        "/static/kit.css/../../x",
    ):
        assert shop.client.get(path, buffered=True).status_code in (308, 400, 404), path
    assert shop.client.get("/static/kit.css", buffered=True).status_code == 200


def test_no_name_of_a_mail_leaves_the_outbox(shop: MerchantShop) -> None:
    outside = shop.deps.settings.data_dir
    entry = json.dumps({"id": "x"})
    (outside / "x.json").write_text(entry)
    (outside / "x.eml").write_text("Subject: no\n\n")
    mailbox = OutboxMailbox(outside / "outbox")
    for name in ("../x", "..\\x", "x", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 33, "\0", ""):
        assert mailbox.get(name) is None, name
        answer = shop.client.get(f"/dev/mail/{name}")
        assert answer.status_code in (308, 400, 404), name


def test_the_name_of_a_file_becomes_no_header_and_no_path(shop: MerchantShop) -> None:
    """Ours are made of numbers; even another one could do no harm."""
    for name in NAMES:
        with shop.write() as data:
            token = data.privacy.add_export(name, b"{}", NOW, NOW.replace(year=2027))
        link = urlsplit(shop.deps.links.make(Purpose.EXPORT, {"t": token})).path
        answer = shop.app.test_client().get(link, buffered=True)
        assert answer.status_code in (200, 500), name
        assert "Set-Cookie" not in answer.headers, name
        if answer.status_code == 200:
            assert answer.headers["Content-Disposition"].startswith("attachment"), name
            assert answer.mimetype == "application/json", name


def test_files_of_the_outbox_are_for_their_owner_only(shop: MerchantShop) -> None:
    outbox: Path = shop.deps.settings.data_dir / "outbox"
    assert outbox.stat().st_mode & 0o077 == 0
    assert list(outbox.glob("*.eml"))
