"""Signed links in messages: a salt per purpose, keys that rotate, nothing secret inside.

A link names ids and hashes only. GET of any of them changes nothing (mail scanners follow links).
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlencode

from itsdangerous import BadData, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode


class Purpose(StrEnum):
    """What a link is for; a link of one purpose is worthless for another."""

    REVIEW = "review"
    PREFERENCES = "preferences"
    UNSUBSCRIBE = "unsubscribe"
    EXPORT = "export"
    SHOP_EXPORT = "shop-export"  # the whole shop as a file: {"s": shop}
    RETURN = "return"  # all about returning one order: {"s": shop, "o": order}
    RETURN_STATUS = "return-status"  # one return: {"s": shop, "r": its public_ref}


# Preferences never expire: a customer may unsubscribe from any mail, however old.
_MAX_AGE: Mapping[Purpose, timedelta | None] = {
    Purpose.REVIEW: timedelta(days=365),
    Purpose.PREFERENCES: None,
    Purpose.UNSUBSCRIBE: None,
    Purpose.EXPORT: timedelta(days=30),
    Purpose.SHOP_EXPORT: timedelta(minutes=10),
    Purpose.RETURN: timedelta(days=365),
    Purpose.RETURN_STATUS: timedelta(days=730),
}
_PATHS = {
    Purpose.REVIEW: "r",
    Purpose.PREFERENCES: "p",
    Purpose.UNSUBSCRIBE: "u",
    Purpose.EXPORT: "x",
    Purpose.SHOP_EXPORT: "shop-export",
    Purpose.RETURN: "return",
    Purpose.RETURN_STATUS: "return-status",
}


class Links:
    """Makes and reads links below PUBLIC_URL."""

    def __init__(self, public_url: str, keys: Sequence[str]) -> None:
        self.public_url = public_url
        self._keys = list(keys)  # oldest first, as itsdangerous wants them

    @property
    def installation(self) -> str:
        """Tells this installation from others, and tells nothing of its keys."""
        return hmac.new(self._keys[-1].encode(), b"installation", hashlib.sha256).hexdigest()[:16]

    def make(self, purpose: Purpose, data: Mapping[str, str], **query: str) -> str:
        """An address such as https://…/r/<token>?stars=4."""
        token = self._serializer(purpose).dumps(dict(data))
        address = f"{self.public_url}/{_PATHS[purpose]}/{token}"
        return f"{address}?{urlencode(query)}" if query else address

    def read(self, purpose: Purpose, token: str) -> dict[str, str] | None:
        """What the link names; None if it is not ours, altered or too old."""
        age = _MAX_AGE[purpose]
        try:
            data = self._serializer(purpose).loads(
                token, max_age=int(age.total_seconds()) if age else None
            )
            as_made = _is_as_made(token)
        except BadData:
            return None
        return data if isinstance(data, dict) and as_made else None

    def _serializer(self, purpose: Purpose) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self._keys, salt=f"afterglow:{purpose}")


def _is_as_made(token: str) -> bool:
    """Whether the signature is spelled as we spell it. The decoder overlooks stray characters and
    spare bits, and a link with many spellings would be counted as many by the rate limits.
    """
    signature = token.rpartition(".")[2]
    return base64_encode(base64_decode(signature)).decode() == signature
