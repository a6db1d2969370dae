"""The statutory right to withdraw from a purchase, by the country where the customer lives.

Directive 2011/83/EU art. 9–16 and its counterparts: so many days from the day on which the last
parcel of the order arrived. The day of arrival does not count; the period runs to the end of its
last day by the customer's clock, and one that would end on a Saturday, Sunday or public holiday
ends with the next working day (Regulation 1182/71 art. 3). While the arrival is not known, the
period has not ended. Goods that are not sent (downloads, services) count from the order.

Left out: the longer periods that Italy, Germany and others grant for doorstep sales, and the
twelve months more for customers who were not told of their right. This is no legal advice.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from holidays import country_holidays

from app.domain.parcels import is_all_delivered, last_arrival, parcels_of
from app.domain.snapshots import OrderSnapshot
from app.domain.zones import zone_of


@dataclass(frozen=True, slots=True)
class WithdrawalLaw:
    """A country's period, and where it stands."""

    days: int
    source: str


@dataclass(frozen=True, slots=True)
class WithdrawalPeriod:
    """The period of one order. `last_day` and `ends_at` are None while the arrival is not known.

    `ends_at` is the first moment after it.
    """

    law: WithdrawalLaw
    last_day: date | None = None
    ends_at: datetime | None = None

    def is_over(self, at: datetime) -> bool:
        """Whether it has surely ended."""
        return self.ends_at is not None and at >= self.ends_at


def withdrawal_law(country: str | None) -> WithdrawalLaw | None:
    """The rule of a country (ISO 3166-1 alpha-2); None where none is on record."""
    return _LAWS.get((country or "").upper())


def withdrawal_period(
    order: OrderSnapshot, shop_country: str | None, shop_zone: str
) -> WithdrawalPeriod | None:
    """The period in which the customer of an order may withdraw; None if the law grants none.

    An order that names no country is taken for one at home. What was sold over a counter was not
    sold at a distance.
    """
    country = order.country or shop_country
    law = withdrawal_law(country)
    if law is None or country is None or order.in_person:
        return None
    began = _began(order)
    if began is None:
        return WithdrawalPeriod(law)
    zone = zone_of(country, _LAST_CLOCK.get(country.upper(), shop_zone))
    last_day = began.astimezone(zone).date() + timedelta(days=law.days)
    while _is_day_of_rest(last_day, country.upper()):
        last_day += timedelta(days=1)
    midnight = datetime.combine(last_day + timedelta(days=1), time(), zone)
    return WithdrawalPeriod(law, last_day, midnight.astimezone(UTC))


def _began(order: OrderSnapshot) -> datetime | None:
    if order.lines and not any(line.ships for line in order.lines):
        return order.placed_at
    return known_arrival(order)


def known_arrival(order: OrderSnapshot) -> datetime | None:
    """When everything had arrived, for the law and for whoever reads it; None while unknown."""
    if not is_all_delivered(order) or _is_stand_in(order):
        return None
    return last_arrival(order)


def _is_stand_in(order: OrderSnapshot) -> bool:
    """Whether the arrival is no later than what surely came before it, and nobody saw it.

    A parcel that is handed over at once is sent and delivered within one second: then it counts
    that the change was watched.
    """
    if order.delivered_at is None or order.delivery_time_known or order.arrival_watched:
        return False
    left = (parcel.created_at for parcel in parcels_of(order))
    before = (order.placed_at, order.paid_at, order.completed_at, *left)
    return order.delivered_at <= max(at for at in before if at)


@lru_cache(maxsize=4096)
def _is_day_of_rest(day: date, country: str) -> bool:
    return day.weekday() >= 5 or day in _holidays(country, day.year)


@lru_cache(maxsize=256)
def _holidays(country: str, year: int) -> frozenset[date]:
    return frozenset(country_holidays(country, years=year))


# Countries with several clocks: the one on which a day ends last.
_LAST_CLOCK = {"ES": "Atlantic/Canary", "PT": "Atlantic/Azores"}

_DIRECTIVE = "Directive 2011/83/EU art. 9(1), (2)(b)"

# EU, EEA, United Kingdom, Türkiye.
_LAWS = {
    country: WithdrawalLaw(14, source)
    for country, source in {
        "AT": "FAGG § 11",
        "BE": "Code of Economic Law art. VI.47",
        "BG": _DIRECTIVE,
        "CY": _DIRECTIVE,
        "CZ": "Civil Code (89/2012) § 1829",
        "DE": "BGB §§ 312g, 355, 356",
        "DK": "Consumer Contracts Act § 19",
        "EE": _DIRECTIVE,
        "ES": "TRLGDCU (RDL 1/2007) art. 102–104",
        "FI": "Consumer Protection Act ch. 6 § 14",
        "FR": "Code de la consommation art. L221-18",
        "GR": _DIRECTIVE,
        "HR": _DIRECTIVE,
        "HU": "Government Decree 45/2014 § 20",
        "IE": "Consumer Rights Act 2022 pt. 5",
        "IT": "Codice del consumo art. 52",
        "LT": _DIRECTIVE,
        "LU": _DIRECTIVE,
        "LV": _DIRECTIVE,
        "MT": _DIRECTIVE,
        "NL": "Burgerlijk Wetboek art. 6:230o",
        "PL": "Consumer Rights Act of 2014 art. 27",
        "PT": "Decree-Law 24/2014 art. 10",
        "RO": "GEO 34/2014 art. 9",
        "SE": "Distance Contracts Act (2005:59) ch. 2 § 10",
        "SI": _DIRECTIVE,
        "SK": "Act 108/2024 § 19",
        "IS": _DIRECTIVE + ", through the EEA Agreement",
        "LI": _DIRECTIVE + ", through the EEA Agreement",
        "NO": "Right of Withdrawal Act (Angrerettloven) § 21",
        "GB": "Consumer Contracts Regulations 2013 reg. 30",
        "TR": "Distance Contracts Regulation art. 9; Law 6502 art. 48",
    }.items()
}
