"""Shopify's times: ISO 8601 with an offset, usually the shop's."""

from datetime import UTC, datetime


def parse_time(text: str) -> datetime:
    """Aware UTC. Raises ValueError for what is no time or has no offset."""
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError("the time has no offset")
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("the time is out of range") from error
