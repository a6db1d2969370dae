"""What depends on the country where a customer lives: the law and the clock."""

from zoneinfo import ZoneInfo

import pytest

from app.domain.consent import ConsentNeed, consent_law
from app.domain.zones import ZONES, zone_of


@pytest.mark.parametrize("country", ["DE", "TR", "AT", "PL", "HU", "BR", "", None])
def test_recorded_consent_is_needed(country: str | None) -> None:
    assert consent_law(country).need is ConsentNeed.RECORDED


@pytest.mark.parametrize("country", ["SK", "CZ", "FR", "IT", "GB", "US", "sk"])
def test_customers_who_bought_may_be_written_to(country: str) -> None:
    assert consent_law(country).need is ConsentNeed.SOFT_OPT_IN


def test_every_rule_says_where_it_stands() -> None:
    assert all(consent_law(country).source for country in ("SK", "DE", "XX"))


def test_one_clock_per_country_else_the_shops() -> None:
    shop = "Europe/Bratislava"
    assert zone_of("TR", shop) == ZoneInfo("Europe/Istanbul")
    assert zone_of("de", shop) == ZoneInfo("Europe/Berlin")
    for several in ("US", "ES", "AU", "XX", None):
        assert zone_of(several, shop) == ZoneInfo(shop)


def test_every_zone_exists() -> None:
    assert all(ZoneInfo(name) for name in ZONES.values())
    assert len(ZONES) > 200
