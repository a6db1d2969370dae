"""HTTP to Shopify: one session with time-outs, no redirects, no cookies shared between shops."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from app.domain.errors import MerchantMustFix, Retryable
from app.platforms.answers import Raw, read_capped

API_VERSION = "2026-10"
_TIMEOUTS = (3.0, 20.0)  # seconds to connect, and between two bytes of the answer


class Transient(Retryable):
    """A failure that passes by itself: reading is repeated at once, anything else later."""


class Transport:
    """Posts JSON to shops. `origin` (development only) sends everything to one address instead,
    with the shop in the Host header, as the twin expects it.
    """

    def __init__(self, origin: str = "") -> None:
        self._origin = origin
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update({"Accept": "application/json", "User-Agent": "Afterglow"})

    def post(
        self, shop: str, path: str, json: Mapping[str, Any], headers: Mapping[str, str]
    ) -> Raw:
        """The answer, whatever its status. Raises Transient if there is none, Retryable if it is
        too large.

        The cause is cut off: it holds the request, and with it the token.
        """
        address = {"Host": shop} if self._origin else {}
        try:
            with self._session.post(
                f"{self._origin or f'https://{shop}'}{path}",
                json=json,
                headers={**headers, **address},
                timeout=_TIMEOUTS,
                allow_redirects=False,
                stream=True,
            ) as response:
                return read_capped(response)
        except (requests.RequestException, HTTPError, OSError) as error:
            raise Transient(
                f"{shop} did not answer ({type(error).__name__}). It is tried again later."
            ) from None


def raise_for_closed_store(shop: str, status: int) -> None:
    """Shopify's statuses of a store that is frozen, locked or gone."""
    if status in (402, 403, 404, 423):
        raise MerchantMustFix(
            "store_closed",
            f"{shop} answers {status}: the store is frozen, closed or gone. Nothing can be read or "
            "done there. Reopen the store in the Shopify admin.",
        )


def retry_after(raw: Raw) -> timedelta | None:
    """The other side's wish, in seconds as Shopify writes it."""
    text = raw.headers.get("Retry-After", "")
    try:
        seconds = float(text)
    except ValueError:
        return None
    return timedelta(seconds=seconds) if 0 <= seconds < 86_400 else None


def store_clock(raw: Raw) -> datetime | None:
    """The store's own time from the Date header."""
    try:
        return parsedate_to_datetime(raw.headers.get("Date", ""))
    except ValueError:
        return None
