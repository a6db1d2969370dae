"""Pasted or granted keys: verified against the store, put to use, renewed, refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from app.db.shops import Shop, Shops, ShopState
from app.domain.clocks import WallClock
from app.domain.errors import MerchantMustFix
from app.platforms.base import StoreInfo
from app.services import connections
from app.services.connections import CannotConnect, connecting
from tests.support import Harness, close, make_harness
from tests.unit.woocommerce_platform.fake_store import JSON, Reply, Seen, running
from twins import woocommerce
from twins.common.server import RunningTwin

pytestmark = pytest.mark.both_databases


@pytest.fixture
def store() -> Iterator[RunningTwin]:
    with woocommerce.start() as twin:
        yield twin


@pytest.fixture
def harness(tmp_path: Path, database_url: str) -> Iterator[Harness]:
    harness = make_harness(tmp_path, database_url)
    # The twin lives by the machine's clock, and so do signatures.
    harness.wall.at = harness.business.at = WallClock().now()
    yield harness
    close(harness)


def new_keys(store: RunningTwin, permissions: str = "read_write") -> dict[str, Any]:
    answer = requests.post(f"{store.url}/_twin/keys", json={"permissions": permissions}, timeout=5)
    keys: dict[str, Any] = answer.json()
    return keys


def pair(keys: dict[str, Any]) -> tuple[str, str]:
    return keys["consumer_key"], keys["consumer_secret"]


def connected(harness: Harness, store: RunningTwin, keys: dict[str, Any]) -> int:
    info = connections.verify(harness.deps, "woocommerce", store.url, pair(keys))
    assert isinstance(info, StoreInfo)
    return connections.connect(harness.deps, "woocommerce", store.url, pair(keys), info).id


def hooks_in(harness: Harness, shop_id: int) -> list[Any]:
    return list(harness.deps.open_store(harness.get_shop(shop_id)).webhooks.list())


def problems(harness: Harness, shop_id: int) -> dict[str, Any]:
    with harness.shop(shop_id) as data:
        return {problem.key: problem.params for problem in data.problems.all_open()}


def test_connecting_opens_the_shop_and_describes_it(harness: Harness, store: RunningTwin) -> None:
    shop = harness.get_shop(connected(harness, store, new_keys(store)))
    assert (shop.state, shop.generation, shop.name) == (ShopState.ACTIVE, 1, "Lúka & Lale")
    assert (shop.currency, shop.country, shop.timezone) == ("EUR", "SK", "Europe/Bratislava")
    assert not shop.history_complete
    assert ("import_history", (shop.id,)) in harness.jobs


def test_keys_that_only_read_are_named_as_such(harness: Harness, store: RunningTwin) -> None:
    found = connections.verify(
        harness.deps, "woocommerce", store.url, pair(new_keys(store, "read"))
    )
    assert found == CannotConnect("key_read_only")


def test_unknown_keys_are_refused(harness: Harness, store: RunningTwin) -> None:
    keys = ("ck_" + "0" * 40, "cs_" + "0" * 40)
    found = connections.verify(harness.deps, "woocommerce", store.url, keys)
    assert found == CannotConnect("store_key_refused")


def test_a_silent_store_is_unreachable_not_a_bad_key(harness: Harness) -> None:
    found = connections.verify(harness.deps, "woocommerce", "http://127.0.0.1:9", ("ck_x", "cs_x"))
    assert found == CannotConnect("unreachable")


class Impostor:
    """A store that takes any key and calls itself what a test says."""

    def __init__(self) -> None:
        self.home = "https://other.example"

    def __call__(self, seen: Seen) -> Reply:
        place = seen.path.removeprefix("/wp-json/").removeprefix("wc/v3/")
        if place == "system_status":
            status = {
                "environment": {"home_url": self.home, "version": "10.9.1", "wp_version": "6.9"},
                "settings": {"currency": "EUR"},
            }
            return 200, JSON, status
        if seen.method == "DELETE":
            return 404, JSON, {"code": "woocommerce_rest_shop_webhook_invalid_id"}
        return 200, JSON, [] if place in ("settings/general", "webhooks") else {"name": "Copy"}


def test_keys_of_another_store_are_refused(harness: Harness) -> None:
    with running() as server:
        server.answer = Impostor()
        found = connections.verify(harness.deps, "woocommerce", server.url, ("ck_1", "cs_1"))
    assert found == CannotConnect("other_store", {"address": "https://other.example"})


def test_connecting_again_changes_keys_and_lets_blocked_work_go_on(
    harness: Harness, store: RunningTwin
) -> None:
    old = new_keys(store)
    shop_id = connected(harness, store, old)
    requests.delete(f"{store.url}/_twin/keys/{old['key_id']}", timeout=5)
    connections.check(harness.deps, shop_id)
    assert "store_key_refused" in problems(harness, shop_id)

    assert connected(harness, store, new_keys(store)) == shop_id
    assert harness.get_shop(shop_id).generation == 1
    assert problems(harness, shop_id) == {}
    harness.jobs.clear()
    connections.check(harness.deps, shop_id)
    assert problems(harness, shop_id) == {}


def test_granted_keys_survive_a_kill_before_they_are_put_to_use(
    harness: Harness, store: RunningTwin, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = dict(zip(("key", "secret"), pair(new_keys(store)), strict=True))
    with harness.deps.db.write() as uow:
        connecting.keep_granted_keys(harness.deps, uow, "pending", {"home": store.url, **keys})
    harness.run_jobs()

    def killed(*_given: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(connecting, "accept", killed)
    with pytest.raises(KeyboardInterrupt):
        connections.verdict(harness.deps, "pending")
    monkeypatch.undo()
    shop = connections.verdict(harness.deps, "pending")
    assert isinstance(shop, Shop)
    assert (shop.connected, shop.generation) == (True, 1)
    assert connections.verdict(harness.deps, "pending") == CannotConnect("link_used")


def test_after_a_disconnection_the_next_generation_begins(
    harness: Harness, store: RunningTwin
) -> None:
    shop_id = connected(harness, store, new_keys(store))
    harness.run_jobs()
    assert len(hooks_in(harness, shop_id)) == 10
    watcher = harness.deps.open_store(harness.get_shop(shop_id))
    connections.disconnect(harness.deps, shop_id, erase=False)
    assert harness.get_shop(shop_id).state == ShopState.DISCONNECTED
    assert list(watcher.webhooks.list()) == []
    with pytest.raises(MerchantMustFix, match="no key"):
        harness.deps.open_store(harness.get_shop(shop_id))

    assert connected(harness, store, new_keys(store)) == shop_id
    assert harness.get_shop(shop_id).generation == 2
    assert ("import_history", (shop_id,)) in harness.jobs


@pytest.mark.parametrize("paused", [False, True])
def test_a_store_that_calls_itself_something_else_is_held_until_it_is_itself_again(
    harness: Harness, paused: bool
) -> None:
    """A pause that the merchant made himself outlives the quarantine."""
    with running() as server:
        server.answer = impostor = Impostor()
        impostor.home = server.url
        info = connections.verify(harness.deps, "woocommerce", server.url, ("ck_1", "cs_1"))
        assert isinstance(info, StoreInfo)
        keys = ("ck_1", "cs_1")
        shop_id = connections.connect(harness.deps, "woocommerce", server.url, keys, info).id
        if paused:
            with harness.change(shop_id) as data:
                Shops(data.uow).change(shop_id, paused_at=harness.business.now())

        impostor.home = "https://staging.example"
        connections.check(harness.deps, shop_id)
        assert problems(harness, shop_id)["store_moved"]["host"] == "staging.example"
        assert harness.get_shop(shop_id).paused_at is not None

        impostor.home = server.url.replace("http://", "https://")
        connections.check(harness.deps, shop_id)
        assert problems(harness, shop_id) == {}
        assert (harness.get_shop(shop_id).paused_at is not None) == paused


def test_only_a_long_silence_becomes_a_problem(harness: Harness, store: RunningTwin) -> None:
    shop_id = connected(harness, store, new_keys(store))
    store_fault = {"kind": "status", "status": 500, "path": "/wp-json"}
    requests.post(f"{store.url}/_twin/faults", json=store_fault, timeout=5)
    connections.check(harness.deps, shop_id)
    assert problems(harness, shop_id) == {}
    harness.wall.advance(hours=1)
    connections.check(harness.deps, shop_id)
    assert list(problems(harness, shop_id)) == ["store_unreachable"]
    harness.wall.advance(hours=-1)
    requests.delete(f"{store.url}/_twin/faults", timeout=5)
    connections.check(harness.deps, shop_id)
    assert problems(harness, shop_id) == {}
