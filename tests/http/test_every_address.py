"""What holds for every address; new ones are covered by themselves."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import jwt
import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from app.bootstrap import build_deps
from app.channels.links import Purpose
from app.config import Settings
from app.db.shops import Shops, ShopState
from app.web import create_app
from tests.http.addresses import busy_shop, path_of, rows_of, rules
from tests.http.merchant_shop import NOW, MerchantShop

# Parts of addresses that are the same in every shop. Whatever else a merchant's address holds is an
# id, and another shop's must not be there; `path_of` fails for a new one until it is given a value.
NAMES_NOBODY = {"key", "word", "message", "language"}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with busy_shop(database_url, tmp_path) as found:
        yield found


def form(client: FlaskClient, path: str, **headers: str) -> TestResponse:
    return client.post(path, data={"csrf_token": "csrf-of-the-session"}, headers=headers)


def _is_customers(rule: Rule) -> bool:
    return str(rule).startswith(("/c/", "/return"))


def test_every_answer_has_a_policy_and_is_not_guessed_at(shop: MerchantShop) -> None:
    for method in ("GET", "POST"):
        # customers' forms make work due, for which the button that moves time would wait: it is
        # pressed before
        for rule in sorted(rules(shop, method), key=_is_customers):
            path = path_of(shop, rule)
            for client in (shop.client, shop.app.test_client()):
                headers = client.open(path, method=method, buffered=True).headers
                policy = headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy, path
                assert "frame-ancestors" in policy, path
                assert "script-src 'self'" in policy or "script-src 'none'" in policy, path
                assert headers["X-Content-Type-Options"] == "nosniff", path
                assert headers["Referrer-Policy"] in ("same-origin", "no-referrer"), path
                assert headers["Cache-Control"], path


@pytest.mark.parametrize("path", ["/nothing", "/r/", "/app/orders/0/x", "/static/none.css"])
def test_errors_have_a_policy_too(shop: MerchantShop, path: str) -> None:
    answer = shop.client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_no_merchant_page_opens_without_a_session(shop: MerchantShop) -> None:
    stranger = shop.app.test_client()
    for method in ("GET", "POST"):
        for rule in rules(shop, method, "/app/"):
            path = path_of(shop, rule)
            answer = stranger.open(path, method=method)
            assert (answer.status_code, answer.location) == (303, "/sign-in"), path
            forged = stranger.open(path, method=method, headers={"Authorization": "Bearer x"})
            assert (forged.status_code, forged.text) == (401, ""), path
            framed = stranger.open(f"{path}?shop=any.myshopify.com", method=method)
            assert "Žofia" not in framed.text, path
            assert "#4100" not in framed.text, path
            assert not framed.headers.getlist("Set-Cookie"), path


def buyers_token() -> str:
    """What a checkout or customer-account extension is given: same secret, same audience."""
    claims = {
        "dest": "https://any.myshopify.com",
        "aud": "client-id",
        "sub": "gid://shopify/Customer/1",
        "nbf": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 60,
    }
    return jwt.encode(claims, "client-secret-0123456789-0123456789", algorithm="HS256")


def test_a_buyers_token_opens_no_merchant_page_and_a_cookie_beside_it_does_not_help(
    shop: MerchantShop,
) -> None:
    headers = {"Authorization": f"Bearer {buyers_token()}"}
    for method in ("GET", "POST"):
        for rule in rules(shop, method, "/app/"):
            answer = shop.client.open(path_of(shop, rule), method=method, headers=headers)
            assert (answer.status_code, answer.text) == (401, ""), str(rule)


def test_every_form_of_the_dashboard_needs_its_sessions_token(shop: MerchantShop) -> None:
    before = rows_of(shop.deps)
    for rule in rules(shop, "POST", "/app/"):
        path = path_of(shop, rule)
        for given in ({}, {"csrf_token": ""}, {"csrf_token": "other"}):
            assert shop.client.post(path, data=given).status_code == 403, path
        for foreign in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            assert form(shop.client, path, **foreign).status_code == 403, path
    assert rows_of(shop.deps) == before


def test_every_form_before_signing_in_is_refused_to_other_sites(shop: MerchantShop) -> None:
    machines = {"/connect/woocommerce/callback"}
    for rule in [r for p in ("/connect", "/sign-") for r in rules(shop, "POST", p)]:
        path = path_of(shop, rule)
        if path not in machines:
            answer = shop.client.post(path, headers={"Origin": "https://evil.example"})
            assert answer.status_code == 403, path


def test_a_form_is_ours_by_its_public_address_too(shop: MerchantShop) -> None:
    """A proxy may call us by another name than browsers do."""
    headers = {"Origin": "http://shop.test", "Host": "127.0.0.1:8000"}
    assert form(shop.client, "/app/pause", **headers).status_code == 303


@pytest.mark.parametrize("entry", ["/app/activity", "/shopify/app/activity"])
def test_a_reload_inside_shopify_keeps_the_filter_and_nothing_that_the_admin_signed(
    shop: MerchantShop, entry: str
) -> None:
    signed = "shop=any.myshopify.com&hmac=abc&id_token=e.y.J&host=aG9zdA&timestamp=1&embedded=1"
    path = f"{entry}?outcome=planned&{signed}&q=%234100"
    html = shop.app.test_client().get(path, headers={"Sec-Fetch-Dest": "iframe"}).text
    assert 'hx-get="/app/activity?outcome=planned&amp;q=%234100"' in html
    for secret in ("hmac", "e.y.J", "aG9zdA"):
        assert secret not in html


@pytest.mark.both_databases
def test_what_is_another_shops_is_not_there(shop: MerchantShop) -> None:
    with shop.deps.db.write() as uow:
        shops = Shops(uow)
        other = shops.ensure("woocommerce", "https://other.example", ShopState.ACTIVE, NOW)
        shops.open_installation(other.id, [], NOW)
        other = shops.get(other.id)
    intruder = replace(shop, shop=other)
    action = shop.action("4100")
    with_ids = [
        (method, rule)
        for method in ("GET", "POST")
        for rule in rules(shop, method, "/app/")
        if rule.arguments - NAMES_NOBODY
    ]
    assert len(with_ids) >= 5
    for method, rule in with_ids:
        path = path_of(shop, rule)
        answer = intruder.client.get(path) if method == "GET" else form(intruder.client, path)
        assert answer.status_code == 404, (method, path)
    assert shop.action("4100") == action
    for page in ("/app/", "/app/activity", "/app/deliveries", "/app/activity?q=4100",
                 "/app/activity?q=kunde0@posta.example", "/app/why?q=4100", "/app/why?q=zofia",
                 "/app/why?q=kunde0@posta.example"):  # fmt: skip
        html = intruder.get(page)
        assert "4100" not in html.replace("q=4100", "").replace('value="4100"', ""), page
        assert "Žofia" not in html, page
    link = shop.deps.links.make(Purpose.REVIEW, {"s": other.public_ref, "o": "4100"})
    assert "Žofia" not in shop.app.test_client().get(urlsplit(link).path).text


@pytest.mark.both_databases
def test_looking_changes_nothing(shop: MerchantShop) -> None:
    with shop.read() as data:
        token = data.privacy.add_export("a.json", b"{}", NOW, NOW.replace(year=2027))
    export = urlsplit(shop.deps.links.make(Purpose.EXPORT, {"t": token})).path
    shop.signals.clear()
    before, mails = rows_of(shop.deps), len(shop.mails())
    paths = [path_of(shop, rule) for rule in rules(shop, "GET")]
    for path in [*paths, export, "/app/activity?q=kunde0@posta.example"]:
        for client in (shop.client, shop.app.test_client()):
            for method in ("GET", "HEAD"):
                assert client.open(path, method=method, buffered=True).status_code < 500, path
    assert rows_of(shop.deps) == before
    assert (shop.signals, len(shop.mails())) == ([], mails)


def production(data_dir: Path, database_url: str) -> Settings:
    return Settings(
        environment="production",
        secret_keys=os.urandom(24).hex(),
        public_url="https://afterglow.example",
        redis_url="redis://127.0.0.1:1/0",
        database_url=database_url,
        data_dir=data_dir,
        mail_transport="smtp",
        mail_from="hello@afterglow.example",
    )


def test_production_has_no_development_pages(tmp_path: Path, database_url: str) -> None:
    deps = build_deps(production(tmp_path, database_url))
    app = create_app(deps)
    assert not [r for r in app.url_map.iter_rules() if str(r).startswith("/dev")]
    assert app.test_client().get("/dev/").status_code == 404
    assert app.test_client().get("/dev/enter").status_code == 404
    deps.db.engine.dispose()


def test_metrics_and_health_name_nobody(shop: MerchantShop) -> None:
    for path in ("/metrics", "/healthz", "/readyz"):
        text = shop.app.test_client().get(path).text
        assert text
        for name in ("cinar-breza", "Žofia", "kunde0", "4100", shop.shop.public_ref):
            assert name not in text, path


def test_no_page_shows_a_secret(shop: MerchantShop) -> None:
    with shop.write() as data:
        credentials = {"key": "ck_" + "a" * 40, "secret": "cs_" + "b" * 40}
        data.credentials.put(credentials, None, NOW)
    for rule in rules(shop, "GET"):
        text = shop.client.get(path_of(shop, rule), buffered=True).text
        for secret in (*credentials.values(), *shop.deps.settings.shopify_secrets,
                       *shop.deps.settings.keys):  # fmt: skip
            assert secret not in text, str(rule)
