"""What strangers and stores send to hurt: markup, odd addresses; and what our faults tell."""

from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.channels.links import Purpose
from app.db.shops import Shops
from app.domain.snapshots import Person
from app.services import signing_in
from tests.http.addresses import busy_shop, path_of, rules
from tests.http.merchant_shop import MerchantShop, order

EVIL = '<img src=x onerror="alert(1)">\'"&'


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with busy_shop(database_url, tmp_path) as found:
        yield found


def test_nothing_that_others_typed_becomes_markup(shop: MerchantShop) -> None:
    hostile = Person(
        email="kunde1@posta.example", first_name=EVIL, last_name=EVIL, city=f"{EVIL}\r\nBcc: x@y.z"
    )
    made = order(1)
    line = replace(made.lines[0], title=EVIL, variant_title=EVIL, image_url="javascript:alert(1)")
    shop.take(replace(made, number=EVIL, person=hostile, lines=(line,)))
    shop.park(EVIL.encode())
    with shop.write() as data:
        values = {"name": EVIL, "postal_address": EVIL, "url": "javascript:alert(1)"}
        Shops(data.uow).change(shop.shop.id, **values)
    review = urlsplit(
        shop.deps.links.make(Purpose.REVIEW, {"s": shop.shop.public_ref, "o": "4101"})
    ).path
    words = {"stars-11": "5", "text-11": EVIL, "author": "initial"}
    sent = shop.app.test_client().post(review, data=words)
    assert sent.status_code == 303, sent.text
    shop.post("/app/automations/review_request/test")

    stranger, ref = shop.app.test_client(), shop.shop.public_ref
    returned = urlsplit(shop.deps.links.make(Purpose.RETURN, {"s": ref, "o": "4101"})).path
    wish = {"item": "11", "quantity-11": "1", "reason-11": "other", "note-11": EVIL}
    told = {"name": EVIL, "number": EVIL, "goods": EVIL, "email": "kunde1@posta.example"}
    withdraw = f"/c/{ref}/withdraw"
    answers = [
        stranger.post(returned, data={**wish, "do": "review"}),
        stranger.post(returned, data={**wish, "do": "change"}),
        stranger.post(withdraw, data={**told, "do": "declare"}, follow_redirects=True),
        stranger.post(withdraw, data={**told, "email": EVIL}),
        stranger.post(f"/c/{ref}/return", data={"number": EVIL, "email": EVIL}),
    ]
    for answer in answers:
        assert "alert(1)" in answer.text
        assert harm_in(answer.text) == []
    moved = [
        stranger.post(returned, data={**wish, "do": "send"}).location,
        stranger.post(withdraw, data={**told, "do": "confirm"}).location,
    ]

    pages = [path_of(shop, r, order_id="4101") for r in rules(shop, "GET")]
    seen = 0
    for path in [*pages, review, f"{review}/thanks", returned, f"{returned}/withdraw", *moved]:
        answer = shop.client.get(path, buffered=True)
        if answer.mimetype == "text/html":
            seen += "alert(1)" in answer.text
            assert harm_in(answer.text) == [], path
    assert seen >= 6


class _Harm(HTMLParser):
    """Finds what runs: handlers, scripts of others, addresses that are programs."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            program = (value or "").strip().lower().startswith("javascript:")
            if name.startswith("on") or (program and name in ("href", "src", "action")):
                self.found.append(f"{tag} {name}={value}")
            if name == "srcdoc":
                self.found += harm_in(value or "")


def harm_in(html: str) -> list[str]:
    """Markup that somebody else could have put into a page."""
    reader = _Harm()
    reader.feed(html)
    return reader.found


@pytest.mark.both_databases
def test_odd_addresses_and_entries_are_no_fault_of_ours(shop: MerchantShop) -> None:
    action, nul = "9" * 25, "a%00b"
    for path in (
        f"/app/actions/{action}/cancel",
        f"/app/actions/{'9' * 5000}/repeat",
        f"/app/orders/{nul}",
        "/app/activity?from=0001-01-01",
        "/app/activity?from=9999-12-31",
        f"/app/activity?older=1_{action}",
        f"/app/activity?newer={action}_{action}",
        f"/app/activity?q={nul}",
        f"/app/automations/contact?moved={action}",
        f"/app/?done={nul}&lang={nul}",
        f"/c/{nul}/reviews",
        f"/sign-in/{nul}",
        f"/connect/woocommerce/return?user_id={nul}",
        f"/shopify/{nul}",
    ):
        assert shop.client.get(path).status_code < 500, path
    for path, entries in (
        ("/sign-in", {"address": "a\0b"}),
        ("/connect/woocommerce", {"address": "http://a\0b"}),
        ("/webhooks/woocommerce/a%00b", {}),
        ("/app/automations/contact", {"version": action}),
        ("/app/automations/milestone_coupon", {"code_prefix": "A\0B", "nth_orders": "3\0"}),
    ):
        given = {"csrf_token": "csrf-of-the-session", **entries}
        assert shop.client.post(path, data=given).status_code < 500, path


def test_a_fault_of_ours_is_logged_without_the_link_and_the_values(
    shop: MerchantShop,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("kunde0@posta.example")

    monkeypatch.setattr("app.services.reviews.find", broken)
    rule = next(r for r in rules(shop, "GET") if str(r) == "/r/<token>")
    path = path_of(shop, rule)
    answer = shop.app.test_client().get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 500
    told = answer.text + caplog.text + "".join(capsys.readouterr())
    assert "kunde0" not in told
    assert path not in told
    assert "Traceback" not in told
    assert "customer.review" in told


def test_a_sign_in_link_is_for_one_store_however_it_is_typed(
    shop: MerchantShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five mails an hour at most, whatever stands around the name."""
    sent: list[str] = []
    monkeypatch.setattr(signing_in, "send_link", lambda _, address: sent.append(address))
    for n in range(12):
        address = f"https://cinar-breza.example/?n={n}#{n}" if n % 2 else f"cinar-breza.example?{n}"
        shop.client.post("/sign-in", data={"address": address})
    assert len(sent) == 5
