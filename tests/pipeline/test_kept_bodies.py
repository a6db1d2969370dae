"""Bodies as they came are looked through a page at a time, each once."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.db.erasure import Body
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from tests.support import close, make_harness

MINUTES = (2, 1, 1, 1, 2, 0, 1)  # of the rows in their order: many at one time, some come late


@pytest.mark.both_databases
def test_each_body_is_read_once_however_many_came_at_one_time(
    tmp_path: Path, database_url: str
) -> None:
    harness = make_harness(tmp_path, database_url)
    now, found = harness.wall.now(), list[bytes]()
    with harness.deps.db.write() as uow:
        shop = Shops(uow).ensure("woocommerce", "https://a.example", ShopState.ACTIVE, now)
        data = ShopData(uow, shop.id)
        for number, minute in enumerate(MINUTES):
            body = uow.keyring.seal_body(str(number).encode())
            data.inbox.add(
                dedupe_key=str(number), source="webhook", topic="order.updated", sealed_body=body,
                now=now + timedelta(minutes=minute),
            )  # fmt: skip
        after: Body | None = None
        while page := data.erasure.bodies(after, 2):
            found += [uow.keyring.open_body(body.sealed) for body in page]
            after = page[-1]
    close(harness)
    assert found == [b"5", b"1", b"2", b"3", b"6", b"0", b"4"]
