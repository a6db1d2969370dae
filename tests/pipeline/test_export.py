"""No lock-in: a shop takes everything along, but no key."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.db.dump import EXPORTED
from app.db.models import metadata
from app.services.export import whole_shops
from tests.pipeline.stands import standing
from tests.support import switch_on

EMAIL = "zofia@example.sk"

KEPT_BACK = {
    "credentials": "keys to the store",
    "webhook_subscriptions": "secrets of webhooks",
    "nonces": "one-time secrets",
    "otp_codes": "one-time codes",
    "sync_cursors": "where reading stands",
    "refresh": "what is about to be read",
    "exports": "files made of the same data",
}


def test_every_table_is_exported_or_kept_back_for_a_reason() -> None:
    tables = {table.name for table in metadata.sorted_tables if "shop_id" in table.c}
    exported = {table.name for table in EXPORTED.values()}
    assert exported | set(KEPT_BACK) == tables
    assert not exported & set(KEPT_BACK)


@pytest.mark.both_databases
@pytest.mark.parametrize("platform", ["woocommerce", "shopify"])
def test_a_shop_is_exported_whole_and_readable(
    platform: str, tmp_path: Path, database_url: str
) -> None:
    with standing(platform, tmp_path, database_url) as stand:
        stand.lose_deliveries()
        stand.connect()
        stand.harness.run_jobs()
        switch_on(stand.harness, stand.shop_id, "review_request")
        order_id = stand.order(EMAIL, first_name="Žofia")
        stand.move(order_id, "fulfil")
        stand.deliver()
        stand.job("reconcile")
        text = "".join(whole_shops(stand.harness.deps, [stand.shop_id]))
        with stand.harness.shop(stand.shop_id) as data:
            credential = data.credentials.get()
            orders, journal = data.orders.count(), data.journal.count()
    assert credential
    assert not any(str(value) in text for value in credential.values.values())
    (shop,) = json.loads(text)["shops"]
    assert (shop["id"], shop["platform"], shop["state"]) == (stand.shop_id, platform, "active")
    assert (len(shop["orders"]), len(shop["journal"])) == (orders, journal)
    assert [one["automation"] for one in shop["settings"]] == ["review_request"]
    order: dict[str, Any] = next(o for o in shop["orders"] if o["platform_id"] == order_id)
    assert (order["person"]["email"], order["person"]["first_name"]) == (EMAIL, "Žofia")
    customer = next(c for c in shop["customers"] if c["id"] == order["customer_id"])
    assert customer["person"]["email"] == EMAIL
    assert order_id in {action["order_id"] for action in shop["actions"]}
    assert any(EMAIL in (one["sealed_body"] or "") for one in shop["deliveries"])
