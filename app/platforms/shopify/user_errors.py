"""`userErrors` of mutations: understood by the shop, and refused."""

from collections.abc import Mapping

from app.domain.errors import Bug, Refused, Retryable
from app.platforms.shopify.fields import Fields


def codes_of(payload: Fields) -> list[str]:
    """The codes of a payload's user errors; empty if it succeeded."""
    return [error.text_or_none("code") or "UNCODED" for error in payload.nodes("userErrors")]


def raise_for_user_errors(
    payload: Fields, operation: str, refusals: Mapping[str, str] | None = None
) -> None:
    """Raise for the first error: Refused with our word for it where `refusals` has the code,
    Retryable where the shop failed inside, else Bug: we sent what we should not have.

    Shopify's messages are left out, as they repeat what was sent.
    """
    for code in codes_of(payload):
        if refusals and code in refusals:
            raise Refused(refusals[code], f"{operation} was refused: {code}.")
        if code in ("INTERNAL_ERROR", "STALE_OBJECT", "INVALID_COMPARE_DIGEST"):
            raise Retryable(f"{operation} failed in the shop: {code}. It is tried again later.")
        raise Bug(f"{operation} was refused: {code}.")
