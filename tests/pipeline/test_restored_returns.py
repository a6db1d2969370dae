"""A backup is put back: no number of a return is given out twice."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from app.db.models import shops
from app.services import continuity
from app.services.returns.withdrawing import Declaration, withdraw_unmatched
from tests.http.customer_shop import CustomerShop, customer_shop

TOLD = Declaration("Jana Nová", "jana@posta.example", "77", "Two towels", "sk")


def ask(shop: CustomerShop, n: int) -> int:
    told = Declaration(TOLD.name, f"{n}@posta.example", TOLD.order_number, TOLD.goods)
    return withdraw_unmatched(shop.deps, shop.shop.id, told).number


def put_back(shop: CustomerShop, count: int) -> None:
    """As far as numbers go: the shop is as the backup knew it, and the operator says so."""
    with shop.write() as data:
        data.uow.connection.execute(update(shops).values(return_count=count))
    continuity.announce(shop.deps)


@pytest.mark.both_databases
def test_a_number_of_the_lost_days_is_not_given_to_somebody_else(
    database_url: str, tmp_path: Path
) -> None:
    with customer_shop(database_url, tmp_path) as shop:
        given = [ask(shop, n) for n in range(3)]
        for again in range(2):  # the same backup twice, an hour later
            put_back(shop, 1)
            given += [ask(shop, 10 * (again + 1) + n) for n in range(3)]
            shop.advance(hours=1)
        assert len(set(given)) == len(given)
        assert given == sorted(given)


@pytest.mark.both_databases
def test_a_shop_with_more_returns_than_minutes_jumps_as_well(
    database_url: str, tmp_path: Path
) -> None:
    with customer_shop(database_url, tmp_path) as shop:
        put_back(shop, 90_000_000)
        with shop.read() as data:
            count = data.uow.connection.execute(select(shops.c.return_count)).scalar_one()
        assert count == 90_001_000
