"""How long docs/privacy.md says that something is kept, against rows that have grown old."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import ColumnElement, func, or_, select

from app.db.models import inbox, metadata, privacy_requests
from app.db.models.personal import ALWAYS, CARRIED_OUT, HELD, SHOP, UNTIL_READ, Held
from app.pipeline.interpret import drain
from app.platforms.base import Delivery
from app.services import connections, privacy
from app.services.housekeeping import tidy
from tests.http.customer_shop import EMAIL, CustomerShop, customer_shop
from tests.serving import take

APP = Path(__file__).parents[2] / "app"
# Ended by what somebody does, which other tests look at.
BY_EVENTS = {ALWAYS, SHOP, UNTIL_READ, CARRIED_OUT}


def limit_of(one: Held) -> timedelta | None:
    """The time that the words begin with."""
    found = re.match(r"(\d+) (minutes|days)\b", one.kept)
    return timedelta(**{found[2]: int(found[1])}) if found else None


LIMITS = sorted({limit for one in HELD if (limit := limit_of(one))})


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[CustomerShop]:
    """With a row of everything that is kept for a time."""
    with customer_shop(database_url, tmp_path) as found:
        for n in range(2):
            delivery = Delivery("order.updated", f"d{n}", b'{"id": 1}', found.shop.domain, None)
            take(found.deps, delivery, found.shop.id)
        drain(found.deps, found.shop.id)
        form = {"number": "#4187", "email": EMAIL}
        found.client.post(f"/c/{found.shop.public_ref}/return", data=form)
        with found.write() as data:
            customer = data.customers.find_email(EMAIL)
            keys = {"home": found.shop.domain, "key": "ck_1", "secret": "cs_1"}
            connections.keep_granted_keys(found.deps, data.uow, "pending", keys)
        assert customer
        privacy.hand_over_customer(found.deps, found.shop.id, customer)
        privacy.carry_out(found.deps, found.shop.id)
        yield found


def kept(shop: CustomerShop, one: Held) -> int:
    """In how many rows something of it still stands; the newest delivery stays, but empty."""
    table = metadata.tables[one.table]
    conditions: list[ColumnElement[bool]] = [or_(*(table.c[n].is_not(None) for n in one.columns))]
    if one.columns == ("dedupe_key",):
        conditions.append(table.c.id < select(func.max(inbox.c.id)).scalar_subquery())
    with shop.deps.db.read() as uow:
        query = select(func.count()).select_from(table).where(*conditions)
        return int(uow.connection.execute(query).scalar_one())


def test_everything_is_kept_for_its_time_or_until_something_happens() -> None:
    assert {one.kept for one in HELD if not limit_of(one)} == BY_EVENTS
    assert len(LIMITS) == 4


@pytest.mark.parametrize("limit", LIMITS, ids=str)
def test_what_is_older_than_it_is_said_to_become_is_gone(
    shop: CustomerShop, limit: timedelta
) -> None:
    mine = [one for one in HELD if limit_of(one) == limit]
    shop.advance(seconds=(limit - timedelta(minutes=1)).total_seconds())
    tidy(shop.deps)
    assert [one for one in mine if not kept(shop, one)] == []
    shop.advance(minutes=1, hours=1)  # `tidy` comes that often
    tidy(shop.deps)
    assert [one for one in mine if kept(shop, one)] == []


def test_who_asked_is_forgotten_once_it_is_carried_out(shop: CustomerShop) -> None:
    with shop.deps.db.read() as uow:
        asked = uow.connection.execute(select(privacy_requests)).all()
    assert [(row.state, row.sealed) for row in asked] == [("done", None)]


def test_callers_are_counted_for_an_hour_and_not_longer() -> None:
    written = "".join(path.read_text() for path in APP.rglob("*.py"))
    assert set(re.findall(r'"\d+/(\w+)"', written)) == {"hour"}
