"""No lock-in: a shop takes everything along, but no key."""

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.db.dump import EXPORTED
from app.db.models import metadata
from app.services.export import ShopFile, whole_shops
from tests.pipeline.stands import standing
from tests.pipeline.test_batches import a_shop
from tests.support import close, make_harness, switch_on

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


@pytest.mark.both_databases
def test_all_of_an_export_is_from_one_moment(tmp_path: Path, database_url: str) -> None:
    """What is written while it is read is in none of its parts, whichever shop they are of."""
    harness = make_harness(tmp_path, database_url)
    try:
        shop_id = a_shop(harness, "woocommerce", "moment").shop_id
        pieces = whole_shops(harness.deps, [shop_id, shop_id])
        begin = [next(pieces) for _ in range(3)]  # so far the first shop's own row
        with harness.change(shop_id) as data:
            data.journal.write("late", "shop", harness.business.now())
        text = "".join([*begin, *pieces])
        with harness.shop(shop_id) as data:
            written = data.journal.count()
    finally:
        close(harness)
    assert [len(shop["journal"]) for shop in json.loads(text)["shops"]] == [written - 1] * 2


def test_a_file_of_a_shop_has_no_name_and_cannot_be_read_from_the_disk(
    tmp_path: Path, database_url: str
) -> None:
    """So that a person who is forgotten lies nowhere, though the process was killed meanwhile."""
    harness, place = make_harness(tmp_path, database_url), tmp_path / "place"
    place.mkdir()
    try:
        shop_id = a_shop(harness, "woocommerce", "spool").shop_id
        whole = "".join(whole_shops(harness.deps, [shop_id])).encode()
        with closing(ShopFile(harness.deps, [shop_id], place)) as file:
            assert list(place.iterdir()) == []
            opened = list(Path("/proc/self/fd").iterdir())
            held = [each for each in opened if os.path.realpath(each).startswith(f"{place}/")]
            on_disk = [each.read_bytes() for each in held]
            assert (b"".join(file), file.size) == (whole, len(whole))
    finally:
        close(harness)
    assert [len(content) for content in on_disk] == [len(whole)]
    assert b'"shops"' not in on_disk[0]
    assert not os.path.realpath(held[0]).startswith(f"{place}/")
