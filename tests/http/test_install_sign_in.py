"""Signing in by mail, and what keeps a session a session."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from app.channels.outbox import OutboxMailbox
from app.db.shops import Shops
from app.pipeline import perform
from tests.http.installing import Installation, Visitor, installed
from twins import woocommerce


@pytest.fixture
def site(tmp_path: Path, database_url: str, free_port: Callable[[], int]) -> Iterator[Installation]:
    with (
        woocommerce.start() as twin,
        installed(tmp_path, database_url, free_port, twin.url) as site,
    ):
        Visitor(site.url).post("/connect/woocommerce/keys", address=twin.url, **site.keys())
        with site.harness.deps.db.write() as uow:
            Shops(uow).set_owner_email(shop_id(site), "eva@luka-lale.example")
        site.harness.jobs.clear()
        yield site


def shop_id(site: Installation) -> int:
    shop = site.shop()
    assert shop is not None
    return shop.id


def mailed_link(site: Installation) -> str:
    site.harness.jobs.clear()
    perform.perform_due(site.harness.deps, shop_id(site))
    (entry,) = site.harness.mails()
    assert entry.to_address == "eva@luka-lale.example"
    mail = OutboxMailbox(site.harness.deps.settings.data_dir / "outbox").get(entry.id)
    assert mail is not None
    (path,) = set(re.findall(r"/sign-in/[\w-]+", mail.text))
    return path


def test_a_link_signs_in_once(site: Installation) -> None:
    merchant = Visitor(site.url)
    assert merchant.get("/app/").url == f"{site.url}/sign-in"
    asked = merchant.post("/sign-in", address=site.store)
    assert "a link is on its way" in asked.text

    link = mailed_link(site)
    assert "Sign in to Lúka &amp; Lale" in merchant.get(link).text
    assert merchant.get("/app/").url == f"{site.url}/sign-in"  # looking is not signing in
    assert merchant.post(link).url == f"{site.url}/app/"
    assert Visitor(site.url).post(link).status_code == 410
    assert Visitor(site.url).get(link).status_code == 410


def test_an_old_link_is_worthless(site: Installation) -> None:
    Visitor(site.url).post("/sign-in", address=site.store)
    link = mailed_link(site)
    site.harness.wall.advance(minutes=21)
    assert Visitor(site.url).get(link).status_code == 410
    assert Visitor(site.url).post(link).status_code == 410


@pytest.mark.parametrize("address", ["other.example", "https://[", "x" * 5000, "http://"])
def test_the_answer_does_not_tell_whether_a_store_is_connected(
    site: Installation, address: str
) -> None:
    known = Visitor(site.url).post("/sign-in", address=site.store).text
    unknown = Visitor(site.url).post("/sign-in", address=address)
    assert unknown.status_code == 200
    assert unknown.text.replace(address[:300], site.store) == known


def test_however_the_address_is_typed(site: Installation) -> None:
    typed = f"{urlsplit(site.store).netloc}/wp-admin/"
    Visitor(site.url).post("/sign-in", address=typed)
    assert mailed_link(site)


def test_one_store_gets_few_mails(site: Installation) -> None:
    for _ in range(8):
        assert Visitor(site.url).post("/sign-in", address=site.store).status_code == 200
    perform.perform_due(site.harness.deps, shop_id(site))
    assert len(site.harness.mails()) == 5


def signed_in(site: Installation) -> Visitor:
    merchant = Visitor(site.url)
    page = merchant.post("/connect/woocommerce/keys", address=site.store, **site.keys())
    assert page.url == f"{site.url}/app/"
    return merchant


def test_a_session_ends_after_twelve_idle_hours_and_lives_on_with_use(site: Installation) -> None:
    merchant = signed_in(site)
    for _ in range(3):
        site.harness.wall.advance(hours=11)
        assert merchant.get("/app/").url == f"{site.url}/app/"
    site.harness.wall.advance(hours=12, seconds=1)
    assert merchant.get("/app/").url == f"{site.url}/sign-in"


def test_a_session_ends_after_seven_days_however_busy_it_is(site: Installation) -> None:
    merchant = signed_in(site)
    for _ in range(15):
        site.harness.wall.advance(hours=11)
        assert merchant.get("/app/").url == f"{site.url}/app/"
    site.harness.wall.advance(hours=4)
    assert merchant.get("/app/").url == f"{site.url}/sign-in"


def test_a_session_ends_with_its_installation(site: Installation) -> None:
    merchant, other = signed_in(site), signed_in(site)
    token = csrf(merchant)
    merchant.post("/app/disconnect", data="keep", csrf_token=token)
    assert other.get("/app/").url == f"{site.url}/sign-in"
    signed_in(site)  # the next generation
    assert other.get("/app/").url == f"{site.url}/sign-in"


def test_signing_out(site: Installation) -> None:
    merchant = signed_in(site)
    assert merchant.post("/sign-out").url == f"{site.url}/sign-in"
    assert merchant.get("/app/").url == f"{site.url}/sign-in"


def csrf(merchant: Visitor) -> str:
    page = merchant.get("/app/disconnect").text
    return page.partition('name="csrf_token" value="')[2].partition('"')[0]


def test_a_form_needs_the_token_of_its_own_session(site: Installation) -> None:
    merchant, stranger = signed_in(site), signed_in(site)
    for token in ("", "x", csrf(stranger), "ž"):
        answer = merchant.post("/app/disconnect", data="erase", csrf_token=token)
        assert answer.status_code == 403
    assert csrf(merchant)


def test_a_forged_cookie_is_nobody(site: Installation) -> None:
    merchant = signed_in(site)
    value = merchant.session.cookies["afterglow"]
    merchant.session.cookies.set("afterglow", value[:-2] + "xx", domain="127.0.0.1", path="/")
    stranger = Visitor(site.url)
    stranger.session.cookies.set("afterglow", value[:-2] + "xx")
    assert stranger.get("/app/").url == f"{site.url}/sign-in"


def test_the_cookie_over_https(
    tmp_path: Path, database_url: str, free_port: Callable[[], int]
) -> None:
    public = "https://afterglow.example"
    with (
        woocommerce.start() as twin,
        installed(tmp_path, database_url, free_port, twin.url, public) as site,
    ):
        given = {"address": twin.url, **site.keys()}
        visitor = Visitor(site.url)
        headers = {"Origin": site.url}
        answer = visitor.session.post(
            f"{site.url}/connect/woocommerce/keys", given, headers=headers, allow_redirects=False
        )
    cookie = answer.raw.headers.getlist("Set-Cookie")[0]
    assert cookie.startswith("__Host-afterglow=")
    for part in ("; Secure", "; HttpOnly", "; Path=/", "; SameSite=Lax", "; Max-Age=43200"):
        assert part in cookie
    assert "Domain" not in cookie
