"""*Open dashboard*: the store's signed token opens once; whatever else is refused."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests

from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.services import housekeeping
from tests.http.installing import Installation, Visitor
from tests.wordpress.plugin_shop import (
    change_fields,
    claims_of,
    connect,
    open_with,
    plugin_page,
    press,
    secrets_of,
    shop,
    token_of,
)

pytestmark = pytest.mark.usefixtures("connected")


def good_claims(site: Installation) -> dict[str, Any]:
    return claims_of(token_of(press(site, "Open dashboard")))


def signed(site: Installation, **changes: Any) -> str:
    """A token of this store's, with some claims changed (None: left out)."""
    claims = good_claims(site) | {"jti": secrets.token_hex(16)} | changes
    present = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(present, secrets_of(site)[0], algorithm="HS256")


def assert_refused(answer: requests.Response, words: str = "does not work") -> None:
    assert answer.status_code == 403
    assert words in answer.text
    assert "Set-Cookie" not in answer.headers
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.both_databases
def test_the_merchant_is_signed_in_once(connected: Installation) -> None:
    handed = press(connected, "Open dashboard")
    token = token_of(handed)
    assert f'action="{connected.url}/plugin/open"' in handed.text
    claims = claims_of(token)
    assert (claims["site"], claims["home"]) == (shop(connected).public_ref, connected.store)

    browser = Visitor(connected.url)
    page = browser.session.post(f"{connected.url}/plugin/open", data={"token": token}, timeout=10)
    assert (page.status_code, page.url) == (200, f"{connected.url}/app/")
    assert "Lúka &amp; Lale" in page.text
    assert browser.get("/app/automations").url == f"{connected.url}/app/automations"
    assert token not in "".join(r.url for r in [*page.history, page])

    assert_refused(open_with(connected, token))


def test_a_page_of_the_dashboard_is_opened_and_no_other(connected: Installation) -> None:
    wanted = "/app/automations/review_request/on"
    assert open_with(connected, signed(connected, to=wanted)).headers["Location"] == wanted
    for other in (
        "https://evil.example/",
        "//evil.example",
        "/app/..//evil.example",
        "/sign-out",
        7,
    ):
        assert open_with(connected, signed(connected, to=other)).headers["Location"] == "/app/"


WRONG_CLAIMS: tuple[dict[str, Any], ...] = (
    {"aud": "https://elsewhere.example/plugin/open"},
    {"aud": None},
    {"gen": 7},
    {"gen": None},
    {"cap": "read"},
    {"uid": 0},
    {"uid": True},
    {"jti": "short"},
    {"jti": None},
    {"exp": None},
    {"exp": 10**12},
    {"exp": 10**18},
    {"exp": "soon"},
)


def test_claims_that_do_not_fit_are_refused(connected: Installation) -> None:
    for changes in WRONG_CLAIMS:
        assert_refused(open_with(connected, signed(connected, **changes)))
    for home in ("https://staging.luka-lale.example", "http://127.0.0.1:1", None):
        answer = open_with(connected, signed(connected, home=home))
        assert_refused(answer, "not the one that is connected")


def test_an_expired_token_is_refused_with_what_to_do(connected: Installation) -> None:
    token = signed(connected)
    connected.harness.wall.at = datetime.fromtimestamp(claims_of(token)["exp"] + 30, UTC)
    assert_refused(open_with(connected, token), "one minute only")


def test_a_token_that_was_used_is_refused_as_long_as_it_would_be_valid(
    connected: Installation,
) -> None:
    token = signed(connected)
    assert open_with(connected, token).status_code == 303
    connected.harness.wall.at = datetime.fromtimestamp(claims_of(token)["exp"] + 29, UTC)
    housekeeping.tidy(connected.harness.deps)
    assert_refused(open_with(connected, token))


def test_other_signatures_are_refused(connected: Installation) -> None:
    claims, secret = good_claims(connected), secrets_of(connected)[0]
    fresh = claims | {"jti": secrets.token_hex(16)}
    good = jwt.encode(fresh, secret, algorithm="HS256")
    head, body, mac = good.split(".")
    for token in (
        jwt.encode(fresh, "f" * 64, algorithm="HS256"),
        jwt.encode(fresh, "", algorithm="none"),
        jwt.encode(fresh, secret, algorithm="HS512"),
        f"{head}.{body}.{mac[:-2]}",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}.{body}.{mac}.{mac}",
        f"{head}.!!!.{mac}",
        f"{head}.{body}.{mac}" + "A" * 5000,
        jwt.encode(fresh | {"site": "\ud800"}, "f" * 64, algorithm="HS256"),
        jwt.encode(fresh | {"site": "\0"}, "f" * 64, algorithm="HS256"),
        "",
        "x" * 9000,
    ):
        answer = open_with(connected, token)
        assert answer.status_code in (403, 413), token[:50]
        assert "Set-Cookie" not in answer.headers
    assert open_with(connected, good).status_code == 303


def test_another_shops_token_opens_nothing(connected: Installation) -> None:
    """A store that is connected signs well, for itself only."""
    deps = connected.harness.deps
    now, other_secret = deps.wall.now(), "a" * 64
    with deps.db.write() as uow:
        shops = Shops(uow)
        other = shops.ensure("woocommerce", "https://other.example", ShopState.ACTIVE, now)
        shops.open_installation(other.id, [], now)
        plugin = {"secret": other_secret, "next": "", "since": now.isoformat()}
        values = {"key": "ck", "secret": "cs", "plugin": plugin}
        ShopData(uow, other.id).credentials.put(values, None, now)
    claims = good_claims(connected) | {"jti": secrets.token_hex(16)}
    for site in (claims["site"], other.public_ref):
        forged = jwt.encode(claims | {"site": site}, other_secret, algorithm="HS256")
        assert open_with(connected, forged).status_code == 403
    own = claims | {"site": other.public_ref, "home": "https://other.example"}
    opened = open_with(connected, jwt.encode(own, other_secret, algorithm="HS256"))
    assert opened.status_code == 303  # the other's own door still works


def test_a_former_connections_token_is_refused(connected: Installation) -> None:
    token = signed(connected)
    connect(connected)
    assert_refused(open_with(connected, token))
    answer = open_with(connected, token_of(press(connected, "Open dashboard")))
    assert answer.status_code == 303


def test_only_who_manages_the_store_gets_a_token(connected: Installation) -> None:
    change_fields(connected, role="customer")
    assert "Open dashboard" not in plugin_page(connected)
    change_fields(connected, role="administrator")
    answer = press(connected, "Open dashboard", _wpnonce="0123456789")
    assert answer.status_code == 403
    assert "token" not in answer.text
    address = f"{connected.store}/wp-admin/admin-post.php?action=afterglow_open"
    assert requests.get(address, timeout=5).status_code == 405


def test_a_leeway_for_the_stores_clock(connected: Installation) -> None:
    token = signed(connected)
    connected.harness.wall.at -= timedelta(seconds=25)
    assert open_with(connected, token).status_code == 303
