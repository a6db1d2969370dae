"""What an operator's machines ask: alive, ready, and how things stand."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text

from app.db.migrate import alembic_config
from app.db.session import Database, create_engine_for
from app.domain.reasons import Reason, ReasonCode
from app.http import EXTENSION
from app.services.continuity import Watch
from tests.http.merchant_shop import NOW, MerchantShop, merchant_shop, order


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with merchant_shop(database_url, tmp_path) as found:
        yield found


def ready(shop: MerchantShop) -> tuple[int, dict[str, str]]:
    answer = shop.app.test_client().get("/readyz")
    return answer.status_code, answer.get_json()


def figures(shop: MerchantShop) -> dict[str, float]:
    """Every figure, under its name and labels."""
    answer = shop.app.test_client().get("/metrics")
    assert answer.status_code == 200
    return {
        sample.name
        + "".join(f" {value}" for _, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def use_queue(shop: MerchantShop, url: str) -> None:
    settings = shop.deps.settings.model_copy(update={"redis_url": url})
    shop.app.extensions[EXTENSION] = replace(shop.deps, settings=settings)


@pytest.mark.both_databases
def test_ready_means_that_a_delivery_can_be_stored(shop: MerchantShop, valkey_url: str) -> None:
    use_queue(shop, valkey_url)
    assert ready(shop) == (200, {"status": "ok", "database": "ok", "queue": "ok"})


def test_without_the_queue_it_is_ready_all_the_same_and_says_so(shop: MerchantShop) -> None:
    use_queue(shop, "redis://127.0.0.1:1/0")
    assert ready(shop) == (200, {"status": "ok", "database": "ok", "queue": "unreachable"})


@pytest.mark.both_databases
def test_a_database_of_an_older_release_is_not_ready(shop: MerchantShop, database_url: str) -> None:
    command.downgrade(alembic_config(database_url), "-1")
    status, told = ready(shop)
    assert (status, told["database"]) == (503, "not migrated")
    command.upgrade(alembic_config(database_url), "head")
    assert ready(shop)[0] == 200


@pytest.mark.both_databases
def test_a_database_of_a_later_release_is_ready_so_that_one_can_go_back(
    shop: MerchantShop,
) -> None:
    with shop.deps.db.write() as uow:
        uow.connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert ready(shop)[0] == 200


def test_a_database_that_cannot_be_written_is_not_ready(
    shop: MerchantShop, database_url: str
) -> None:
    path = database_url.removeprefix("sqlite:///")
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    status, told = ready(shop)
    assert (status, told["database"]) == (503, "read-only")
    holder.execute("ROLLBACK")
    holder.close()
    assert ready(shop)[0] == 200


def test_a_database_that_is_gone_is_not_ready_and_still_measured(
    shop: MerchantShop, tmp_path: Path
) -> None:
    engine = create_engine_for(f"sqlite:///{tmp_path / 'no' / 'where.sqlite3'}")
    lost = Database(engine, shop.deps.db.keyring, lambda _signal: None)
    shop.app.extensions[EXTENSION] = replace(shop.deps, db=lost)
    status, told = ready(shop)
    assert (status, told["database"]) == (503, "unreachable")
    assert figures(shop)["afterglow_database_up"] == 0
    engine.dispose()


def test_two_installations_are_told_apart(shop: MerchantShop) -> None:
    told = shop.app.test_client().get("/healthz").get_json()
    assert told == {"status": "ok", "installation": shop.deps.links.installation}
    assert len(told["installation"]) == 16


@pytest.mark.usefixtures("redis")  # killed workers of other tests would be counted for minutes
@pytest.mark.both_databases
def test_what_waits_and_how_late_it_is_is_measured(shop: MerchantShop, valkey_url: str) -> None:
    use_queue(shop, valkey_url)
    shop.switch_on()
    shop.take(order(0), order(1), order(2))
    shop.park(b'{"id": 7}')
    Watch(shop.deps).beat("clock")
    shop.clock.at = NOW + timedelta(days=30)
    first, second = shop.action("4100"), shop.action("4101")
    with shop.write() as data:
        data.problems.open("store_key_refused", {}, NOW)
        data.actions.block(first, "store_key_refused", Reason.of(ReasonCode.PROBLEM_OPEN))
        data.inbox.add(
            dedupe_key="d", source="webhook", topic="order.created", sealed_body=b"", now=NOW
        )
    found = figures(shop)
    assert found["afterglow_actions blocked"] == 1
    assert found["afterglow_actions planned"] == 2
    assert found["afterglow_actions done"] == 0
    assert found["afterglow_actions_late"] == 2
    late = (shop.clock.at - second.due_at).total_seconds()
    assert found["afterglow_due_lag_seconds"] == pytest.approx(late, abs=86_400)
    assert found["afterglow_inbox_pending"] == 1
    assert found["afterglow_inbox_failed"] == 1
    assert found["afterglow_inbox_wait_seconds"] == pytest.approx(30 * 86_400)
    assert found["afterglow_problems store_key_refused"] == 1
    assert found["afterglow_beat_age_seconds"] >= 0
    assert found["afterglow_shops active"] == 1
    assert found["afterglow_queue_up"] == 1
    assert found["afterglow_workers"] == 0
    assert found["afterglow_jobs_waiting drain"] == 0


def test_a_paused_shop_is_not_late(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.take(order(0))
    shop.clock.at = NOW + timedelta(days=30)
    assert figures(shop)["afterglow_actions_late"] == 1
    shop.post("/app/pause")
    assert figures(shop)["afterglow_actions_late"] == 0
    assert figures(shop)["afterglow_due_lag_seconds"] == 0


def test_deliveries_are_counted_by_their_answer(shop: MerchantShop) -> None:
    client = shop.app.test_client()
    client.post("/webhooks/woocommerce/unknown")
    client.post("/webhooks/nowhere/unknown")
    client.post("/webhooks/shopify")
    found = figures(shop)
    assert found["afterglow_deliveries_total woocommerce 404"] == 1
    assert found["afterglow_deliveries_total unknown 404"] == 1
    assert found["afterglow_deliveries_total shopify 401"] == 1
    assert found["afterglow_request_seconds_count webhooks.deliver 4xx"] == 3
