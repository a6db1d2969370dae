"""Shopify's two spellings of an id: the number, which we keep as text, and GraphQL's GID."""

import re

from app.domain.errors import BadPayload
from app.domain.ids import PlatformId

_GID = re.compile(r"gid://shopify/[A-Za-z]+/([0-9]{1,20})(?:\?.*)?")


def gid(kind: str, platform_id: PlatformId) -> str:
    """`gid("Order", "1")` → `gid://shopify/Order/1`."""
    return f"gid://shopify/{kind}/{platform_id}"


def number_of(value: object) -> PlatformId:
    """The number at the end of a GID, as text. Raises BadPayload for anything else."""
    found = _GID.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise BadPayload("a global id was expected, something else came")
    return found[1]
