"""The day of arrival: one that was watched counts, one that was only met is nobody's knowledge."""

from pathlib import Path

import pytest

from app.domain.snapshots import OrderSnapshot
from app.domain.withdrawal import known_arrival, withdrawal_period
from tests.pipeline.stands import Stand, standing


def stored(stand: Stand, order_id: str) -> OrderSnapshot:
    with stand.harness.shop(stand.shop_id) as data:
        found = data.orders.get(order_id)
    assert found
    return found.order


@pytest.mark.both_databases
@pytest.mark.parametrize("watched", [True, False])
def test_sent_and_delivered_within_one_second(
    tmp_path: Path, database_url: str, *, watched: bool
) -> None:
    with standing("woocommerce", tmp_path, database_url) as stand:
        stand.lose_deliveries()
        stand.connect()
        stand.harness.run_jobs()
        order_id = stand.order("zofia@example.sk", country="SK")
        if watched:
            stand.deliver()
            stand.harness.tick()
        stand.move(order_id, "fulfil")
        stand.move(order_id, "deliver")
        stand.deliver()
        stand.harness.tick()
        order = stored(stand, order_id)
        assert order.delivered_at
        period = withdrawal_period(order, "SK", "Europe/Bratislava")
        assert period
        assert (period.last_day is not None) is watched
        assert (known_arrival(order) is not None) is watched
