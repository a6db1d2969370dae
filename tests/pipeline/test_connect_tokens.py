"""Expiring access tokens: renewed in time, by one process, stored before they are used."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from app.db.credentials import Credential
from app.domain.clocks import WallClock
from app.domain.errors import MerchantMustFix
from app.domain.ids import ShopId
from app.platforms.base import TokenPair
from app.platforms.shopify.platform import Shopify
from app.services import connections, tokens
from app.services.tokens import TokenSource
from tests.support import Harness, close, make_harness
from twins import shopify
from twins.common.server import RunningTwin

pytestmark = pytest.mark.both_databases

DOMAIN = "cinar-breza.myshopify.com"
CLIENT = {"client_id": "client-id", "client_secret": "client-secret-0123456789-0123456789"}


@pytest.fixture
def twin() -> Iterator[RunningTwin]:
    with shopify.start(**CLIENT) as twin:
        act(twin, "install")
        yield twin


@pytest.fixture
def harness(tmp_path: Path, database_url: str, twin: RunningTwin) -> Iterator[Harness]:
    harness = make_harness(tmp_path, database_url, shopify_origin=twin.url)
    harness.wall.at = harness.business.at = WallClock().now()
    yield harness
    close(harness)


def act(twin: RunningTwin, action: str) -> None:
    answer = requests.post(f"{twin.url}/_twin/shops/cinar-breza/{action}", json={}, timeout=5)
    assert answer.ok


def visit(harness: Harness, twin: RunningTwin) -> int:
    """What happens when the merchant opens the app with a fresh ID token."""
    platform = harness.deps.platforms["shopify"]
    assert isinstance(platform, Shopify)

    def exchange() -> TokenPair:
        address = f"{twin.url}/_twin/shops/cinar-breza/id-token"
        token = requests.get(address, timeout=5).json()["id_token"]
        return platform.tokens.exchange(DOMAIN, token)

    return connections.enter(harness.deps, "shopify", DOMAIN, exchange).id


def stored(harness: Harness, shop_id: int) -> Credential:
    with harness.shop(shop_id) as data:
        credential = data.credentials.get()
    assert credential is not None
    return credential


def source(harness: Harness, shop_id: int) -> TokenSource:
    renew = harness.deps.platforms["shopify"].renew
    assert renew is not None
    shop = harness.get_shop(shop_id)
    return TokenSource(harness.deps.db, harness.deps.wall, renew, shop)


def test_the_first_visit_installs_and_the_second_changes_nothing(
    harness: Harness, twin: RunningTwin
) -> None:
    shop_id = visit(harness, twin)
    first = stored(harness, shop_id)
    assert visit(harness, twin) == shop_id
    assert stored(harness, shop_id) == first
    connections.check(harness.deps, ShopId(shop_id))
    shop = harness.get_shop(shop_id)
    assert (shop.generation, shop.connected, shop.name) == (1, True, "Çınar & Breza")
    with harness.shop(shop_id) as data:
        assert data.problems.all_open() == []


def test_an_expired_token_is_renewed_before_use(harness: Harness, twin: RunningTwin) -> None:
    shop_id = visit(harness, twin)
    before = stored(harness, shop_id)
    token = source(harness, shop_id)
    assert token(False) == before.values["access_token"]
    harness.wall.advance(minutes=59, seconds=30)
    given = token(False)
    after = stored(harness, shop_id)
    assert given == after.values["access_token"] != before.values["access_token"]


def test_a_refused_token_is_renewed_once(harness: Harness, twin: RunningTwin) -> None:
    shop_id = visit(harness, twin)
    before = stored(harness, shop_id)
    act(twin, "expire-access-tokens")
    store = harness.deps.open_store(harness.get_shop(shop_id))
    assert store.info().domain == DOMAIN
    assert stored(harness, shop_id).revision == before.revision + 1


def test_two_processes_renew_once(harness: Harness, twin: RunningTwin) -> None:
    shop_id = visit(harness, twin)
    harness.wall.advance(hours=2)
    slow = {"kind": "slow", "seconds": 0.4, "path": "/admin/oauth"}
    requests.post(f"{twin.url}/_twin/faults", json=slow, timeout=5)
    with ThreadPoolExecutor(4) as pool:
        given = set(pool.map(lambda _: source(harness, shop_id)(False), range(4)))
    assert given == {stored(harness, shop_id).values["access_token"]}
    assert stored(harness, shop_id).revision == 2


def test_a_broken_chain_is_the_merchants_problem_until_the_next_visit(
    harness: Harness, twin: RunningTwin
) -> None:
    shop_id = visit(harness, twin)
    with harness.change(shop_id) as data:
        credential = stored(harness, shop_id)
        values = {**credential.values, "refresh_token": "shprt_gone"}
        data.credentials.put(values, credential.expires_at, harness.wall.now())
    harness.wall.advance(hours=2)
    with pytest.raises(MerchantMustFix, match="run out"):
        source(harness, shop_id)(False)
    tokens.renew_idle(harness.deps, ShopId(shop_id))
    with harness.shop(shop_id) as data:
        assert data.problems.is_open("store_token_expired")

    harness.wall.advance(hours=-2)
    assert visit(harness, twin) == shop_id
    with harness.shop(shop_id) as data:
        assert data.problems.all_open() == []
    assert harness.get_shop(shop_id).generation == 1


def test_a_shop_disconnected_during_the_renewal_stays_so(
    harness: Harness, twin: RunningTwin
) -> None:
    shop_id = visit(harness, twin)
    renew = harness.deps.platforms["shopify"].renew
    assert renew is not None

    def uninstalled_meanwhile(domain: str, refresh_token: str) -> TokenPair:
        pair = renew(domain, refresh_token)
        with harness.change(shop_id) as data:
            data.credentials.forget()
        return pair

    harness.wall.advance(hours=2)
    shop = harness.get_shop(shop_id)
    late = TokenSource(harness.deps.db, harness.deps.wall, uninstalled_meanwhile, shop)
    with pytest.raises(MerchantMustFix, match="no key"):
        late(False)
    with harness.shop(shop_id) as data:
        assert data.credentials.get() is None


def test_a_quiet_shop_keeps_its_access(harness: Harness, twin: RunningTwin) -> None:
    shop_id = visit(harness, twin)
    before = stored(harness, shop_id)
    tokens.renew_idle(harness.deps, ShopId(shop_id))
    assert stored(harness, shop_id).values["refresh_token"] != before.values["refresh_token"]
