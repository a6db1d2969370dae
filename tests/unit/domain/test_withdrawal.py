"""The statutory right to withdraw: where, from when, until when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.domain.withdrawal import withdrawal_law, withdrawal_period
from app.domain.zones import ZONES
from tests.unit.automations.world import day, delivered, line, order, parcel

EU = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
]  # fmt: skip
EEA_AND_OTHERS = ["IS", "LI", "NO", "GB", "TR"]


@pytest.mark.parametrize("country", EU + EEA_AND_OTHERS)
def test_fourteen_days_in_the_european_economic_area_the_united_kingdom_and_tuerkiye(
    country: str,
) -> None:
    law = withdrawal_law(country)
    assert law
    assert law.days == 14
    assert law.source
    assert withdrawal_law(country.lower()) == law


@pytest.mark.parametrize("country", ["US", "CH", "JP", "XX", "", None])
def test_nothing_is_on_record_elsewhere(country: str | None) -> None:
    assert withdrawal_law(country) is None


@pytest.mark.parametrize(
    ("story", "placed", "last_day"),
    [
        ("arrived on a Thursday", delivered(on=3), date(2026, 11, 19)),
        ("the fourteenth day is a Saturday", delivered(on=5), date(2026, 11, 23)),
        ("the fourteenth day is a Sunday", delivered(on=6), date(2026, 11, 23)),
        (
            "the last of two parcels counts",
            order(
                fully_fulfilled=True,
                fulfilments=(parcel(1, delivered_at=day(3)), parcel(2, delivered_at=day(9))),
            ),
            date(2026, 11, 25),
        ),
        ("New Year’s Day and the week end after it", delivered(on=46), date(2027, 1, 4)),
        ("nothing is sent: from the order", order(lines=(line(ships=False),)), date(2026, 11, 16)),
        ("late in the evening by UTC, the next day in Türkiye",
         delivered(on=3.55, country="TR"), date(2026, 11, 20)),
        ("seen on its way, then delivered: that moment is the arrival",
         order(delivered_at=day(3), delivery_time_known=False, fully_fulfilled=True),
         date(2026, 11, 19)),
        ("watched: sent and delivered within one second",
         order(delivered_at=day(3), completed_at=day(3), delivery_time_known=False,
               arrival_watched=True, fully_fulfilled=True),
         date(2026, 11, 19)),
    ],
)  # fmt: skip
def test_the_last_day(story: str, placed: Any, last_day: date) -> None:
    period = withdrawal_period(placed, "SK", "Europe/Bratislava")
    assert period, story
    assert period.last_day == last_day, story


@pytest.mark.parametrize(
    ("country", "midnight"),
    [("SK", 23), ("GB", 24), ("TR", 21), ("PT", 25), ("ES", 24)],  # Azores, Canaries
)
def test_the_last_day_ends_by_the_customers_clock(country: str, midnight: int) -> None:
    """In UTC hours of 19 November, whatever the shop's clock says."""
    placed = delivered(on=3, country=country)
    for shop_zone in ("Europe/Bratislava", "Asia/Tokyo"):
        period = withdrawal_period(placed, "SK", shop_zone)
        assert period
        ends = datetime(2026, 11, 19, tzinfo=UTC) + timedelta(hours=midnight)
        assert period.ends_at == ends
        assert not period.is_over(ends - timedelta(seconds=1))
        assert period.is_over(ends)


def test_countries_with_several_clocks_are_known() -> None:
    assert {c for c in EU + EEA_AND_OTHERS if c not in ZONES} == {"ES", "PT"}


@pytest.mark.parametrize(
    ("story", "placed"),
    [
        ("nothing was sent", order()),
        ("on its way", order(fulfilments=(parcel(),))),
        ("one of two parcels arrived",
         order(lines=(line(1), line(2)), fulfilments=(parcel(1, delivered_at=day(3)), parcel(2)))),
        ("met as delivered, and only known when it changed last",
         order(delivered_at=day(0), completed_at=day(0), delivery_time_known=False)),
    ],
)  # fmt: skip
def test_without_a_known_arrival_it_never_ends(story: str, placed: Any) -> None:
    period = withdrawal_period(placed, "SK", "Europe/Bratislava")
    assert period, story
    assert (period.last_day, period.ends_at) == (None, None)
    assert not period.is_over(day(1000))


def test_an_order_without_a_country_is_one_at_home_and_a_counter_is_no_distance() -> None:
    assert withdrawal_period(delivered(country=None), "SK", "Europe/Bratislava")
    assert withdrawal_period(delivered(country=None), "US", "America/New_York") is None
    assert withdrawal_period(delivered(country=None), None, "UTC") is None
    assert withdrawal_period(delivered(in_person=True), "SK", "Europe/Bratislava") is None
