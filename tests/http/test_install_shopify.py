"""Opened in the Shopify admin: installed by the first visit, framed by that shop, no cookies."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from app.db.shops import Shop, Shops, ShopState
from tests.http.installing import Installation, Visitor, installed
from tests.support import CLIENT_ID, CLIENT_SECRET
from twins import shopify
from twins.common.server import RunningTwin

HANDLE = "cinar-breza"
DOMAIN = f"{HANDLE}.myshopify.com"


@pytest.fixture
def port(free_port: Callable[[], int]) -> int:
    return free_port()


@pytest.fixture
def twin(port: int) -> Iterator[RunningTwin]:
    app = f"http://127.0.0.1:{port}"
    with shopify.start(app_url=app, client_id=CLIENT_ID, client_secret=CLIENT_SECRET) as twin:
        yield twin


@pytest.fixture
def site(
    tmp_path: Path, database_url: str, free_port: Callable[[], int], port: int, twin: RunningTwin
) -> Iterator[Installation]:
    ports = iter([port])
    with installed(
        tmp_path, database_url, lambda: next(ports, free_port()), shopify_origin=twin.url
    ) as site:
        act(twin, "install")
        yield site


def act(twin: RunningTwin, action: str, **given: Any) -> None:
    address = f"{twin.url}/_twin/shops/{HANDLE}/{action}"
    requests.post(address, json=given, timeout=5).raise_for_status()


def id_token(twin: RunningTwin) -> str:
    address = f"{twin.url}/_twin/shops/{HANDLE}/id-token"
    return str(requests.get(address, timeout=5).json()["id_token"])


def fetch(site: Installation, token: str, path: str = "/app/") -> requests.Response:
    """What App Bridge makes of a fetch of ours."""
    return Visitor(site.url).get(path, Authorization=f"Bearer {token}")


def shop_of(site: Installation) -> Shop | None:
    with site.harness.deps.db.read() as uow:
        return Shops(uow).find("shopify", DOMAIN)


def ancestors(page: requests.Response) -> set[str]:
    rules = dict(rule.split(" ", 1) for rule in page.headers["Content-Security-Policy"].split("; "))
    return set(rules["frame-ancestors"].split())


@pytest.mark.parametrize(
    ("path", "fetched"),
    [
        ("/", "/app/"),
        ("/app/disconnect", "/app/disconnect"),
        ("/shopify", "/app/"),  # application_url, and what the admin puts behind it
        ("/shopify/app/disconnect", "/app/disconnect"),
        ("/shopify/evil.example", "/app/"),
    ],
)
def test_the_first_document_is_a_shell_without_anything_of_the_shop(
    site: Installation, twin: RunningTwin, path: str, fetched: str
) -> None:
    page = Visitor(site.url).get(f"{path}?shop={DOMAIN}&host=abc&id_token=x&embedded=1")
    assert page.status_code == 200
    assert f'hx-get="{fetched}"' in page.text
    assert ancestors(page) == {f"https://{DOMAIN}", "https://admin.shopify.com", twin.url}
    assert "Set-Cookie" not in page.headers
    assert (page.headers["Cache-Control"], page.headers["Vary"]) == ("no-store", "Authorization")
    assert shop_of(site) is None


@pytest.mark.parametrize(
    "shop", ["evil.example", f"{DOMAIN}.evil.example", f"{DOMAIN}%0a", "a;b.myshopify.com", ""]
)
def test_only_a_shops_own_name_gets_into_the_policy(site: Installation, shop: str) -> None:
    page = Visitor(site.url).get(f"/?shop={shop}")
    assert ancestors(page) == {"'none'"}
    assert page.url == f"{site.url}/sign-in"


def test_a_reload_inside_the_frame_survives_without_parameters(site: Installation) -> None:
    page = Visitor(site.url).get("/app/disconnect", **{"Sec-Fetch-Dest": "iframe"})
    assert 'hx-get="/app/disconnect"' in page.text
    assert "https://admin.shopify.com" in ancestors(page)


def test_the_first_visit_opens_the_installation(site: Installation, twin: RunningTwin) -> None:
    page = fetch(site, id_token(twin))
    assert page.status_code == 200
    shop = shop_of(site)
    assert shop is not None
    assert (shop.connected, shop.generation) == (True, 1)
    assert ("import_history", (shop.id,)) in site.harness.jobs
    assert ancestors(page) == {f"https://{DOMAIN}", "https://admin.shopify.com", twin.url}
    assert "Set-Cookie" not in page.headers
    with site.harness.shop(shop.id) as data:
        credential = data.credentials.get()
        installation = Shops(data.uow).installation(shop.id)
    assert credential is not None
    assert str(credential.values["access_token"]).startswith("shpat_")
    assert installation is not None
    assert "read_orders" in installation.scopes
    site.harness.run_jobs()
    named = shop_of(site)
    assert named is not None
    assert (named.name, named.generation) == ("Çınar & Breza", 1)


def test_webhooks_may_come_before_the_first_visit(site: Installation, twin: RunningTwin) -> None:
    with site.harness.deps.db.write() as uow:
        Shops(uow).ensure("shopify", DOMAIN, ShopState.UNOPENED, site.harness.wall.now())
    assert fetch(site, id_token(twin)).status_code == 200
    shop = shop_of(site)
    assert shop is not None
    assert shop.connected
    assert ("drain", (shop.id,)) in site.harness.jobs


def test_uninstalled_and_installed_again(site: Installation, twin: RunningTwin) -> None:
    fetch(site, id_token(twin))
    site.harness.run_jobs()
    act(twin, "uninstall")
    requests.post(f"{twin.url}/_twin/deliveries/drain", json={}, timeout=15)
    site.harness.run_jobs()
    gone = shop_of(site)
    assert gone is not None
    assert gone.state == ShopState.DISCONNECTED
    with site.harness.shop(gone.id) as data:
        assert data.credentials.get() is None
    assert fetch(site, id_token(twin)).status_code == 401  # not installed: nothing to exchange

    act(twin, "install")
    assert fetch(site, id_token(twin)).status_code == 200
    back = shop_of(site)
    assert back is not None
    assert (back.id, back.connected, back.generation) == (gone.id, True, 2)


def test_expired_access_is_bought_anew_by_the_next_visit(
    site: Installation, twin: RunningTwin
) -> None:
    fetch(site, id_token(twin))
    shop = shop_of(site)
    assert shop is not None
    with site.harness.change(shop.id) as data:
        data.problems.open("store_token_expired", {}, site.harness.business.now())
    fetch(site, id_token(twin))
    with site.harness.shop(shop.id) as data:
        assert data.problems.all_open() == []
        credential = data.credentials.get()
    assert credential is not None
    assert credential.revision == 2


def claims(site: Installation, **changed: Any) -> str:
    now = site.harness.wall.now()
    fields = {
        "iss": f"https://{DOMAIN}/admin",
        "dest": f"https://{DOMAIN}",
        "aud": CLIENT_ID,
        "sub": "42",
        "sid": "s",
        "nbf": int(now.timestamp()),
        "exp": int((now + timedelta(minutes=1)).timestamp()),
        **changed,
    }
    present = {name: value for name, value in fields.items() if value is not None}
    return jwt.encode(present, CLIENT_SECRET, algorithm="HS256")


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": 1},
        {"aud": "other-app"},
        {"iss": None, "sid": None},  # a buyer's token of a checkout extension
        {"dest": "https://other.myshopify.com"},
    ],
)
def test_tokens_that_open_nothing(site: Installation, changed: dict[str, Any]) -> None:
    page = fetch(site, claims(site, **changed))
    assert page.status_code == 401
    assert page.headers["X-Shopify-Retry-Invalid-Session-Request"] == "1"
    assert shop_of(site) is None


def test_a_forged_token_opens_nothing(site: Installation, twin: RunningTwin) -> None:
    head, body, _ = id_token(twin).split(".")
    assert fetch(site, f"{head}.{body}.AAAA").status_code == 401
    assert fetch(site, "x").status_code == 401
    assert shop_of(site) is None


def test_forms_inside_shopify_need_the_token_and_no_other(
    site: Installation, twin: RunningTwin
) -> None:
    fetch(site, id_token(twin))
    headers = {"Authorization": f"Bearer {id_token(twin)}", "Accept": "text/html"}
    page = requests.post(f"{site.url}/app/disconnect", headers=headers, timeout=5)
    assert "Uninstall Afterglow in the Shopify admin" in page.text
    shop = shop_of(site)
    assert shop is not None
    assert shop.connected
