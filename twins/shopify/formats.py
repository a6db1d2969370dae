"""How Shopify writes ids, money and times."""

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

MINOR_DIGITS = {"JPY": 0, "KRW": 0, "KWD": 3}


def gid(kind: str, number: int | str) -> str:
    """Return a global id such as gid://shopify/Order/1."""
    return f"gid://shopify/{kind}/{number}"


def number_of(kind: str, global_id: str) -> int | None:
    """Return the number inside a global id of that kind, or None for any other text."""
    found = re.fullmatch(rf"gid://shopify/{kind}/(\d+)", global_id)
    return int(found[1]) if found else None


def decimal_text(minor: int, currency: str) -> str:
    """Write minor units as Shopify's decimal string: 1990 EUR is "19.90"."""
    digits = MINOR_DIGITS.get(currency, 2)
    return str((Decimal(minor) / 10**digits).quantize(Decimal(1).scaleb(-digits)))


def minor_units(text: str, currency: str) -> int | None:
    """Read a decimal string into minor units; None if it is no amount."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return int(amount.scaleb(MINOR_DIGITS.get(currency, 2))) if amount.is_finite() else None


def money_set(minor: int, currency: str) -> dict[str, Any]:
    """Return the REST `…_set`; the twin's buyers pay in the shop's currency."""
    money = {"amount": decimal_text(minor, currency), "currency_code": currency}
    return {"shop_money": money, "presentment_money": dict(money)}


def utc_text(moment: datetime) -> str:
    """Write a time as the GraphQL API does, to the second: 2026-11-23T16:00:00Z."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def shop_time(utc: str | None, zone: str) -> str | None:
    """Turn a stored UTC time into REST's time with the shop's offset."""
    if utc is None:
        return None
    return parse_time(utc).astimezone(ZoneInfo(zone)).isoformat(timespec="seconds")


def parse_time(text: str) -> datetime:
    """Read a stored or given ISO 8601 time; raises ValueError."""
    return datetime.fromisoformat(text)
