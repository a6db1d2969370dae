"""Requests to one store's wc/v3, and what each failure means for the one who must act.

Problems that this opens (keys of MerchantMustFix): store_key_refused, store_firewall,
store_rest_missing, store_not_json, store_moved, store_not_https, store_certificate,
store_address_refused.
"""

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, ReadTimeoutError

from app.domain.clocks import Clock
from app.domain.errors import MerchantMustFix, Refused, Retryable
from app.domain.stores import host_of
from app.platforms.answers import Raw, read_capped
from app.platforms.woocommerce.address import checked_session
from app.platforms.woocommerce.origin import other_home
from app.platforms.woocommerce.signing import Scheme, oauth_url, query_url, with_query

TIMEOUTS = (3, 20)  # seconds to connect, and between two pieces of the answer
_TRIES = 3  # of a GET
_ABOUT_ITSELF = ("settings", "system_status")  # compared by whoever asks for it
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Answer:
    """A store's answer of 2xx: decoded, and as it was written."""

    data: Any
    body: bytes
    total: int | None  # X-WP-Total of listings
    store_now: datetime | None  # the store's clock

    def object(self) -> dict[str, Any]:
        """The one object asked for. Raises MerchantMustFix if it is something else."""
        if isinstance(self.data, dict):
            return self.data
        raise _other_shape()

    def rows(self) -> list[dict[str, Any]]:
        """The objects of a listing. Raises MerchantMustFix if it is something else."""
        if isinstance(self.data, list) and all(
            isinstance(row, dict) and "id" in row for row in self.data
        ):
            return self.data
        raise _other_shape()


class StoreRefusal(Refused):
    """A 4xx of WooCommerce itself; `code` is its own word, `status` the HTTP status."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(code, f"The store refused the request: {code} ({status}).")
        self.status = status


class StoreClient:
    """One store, one connection pool. At most two requests at a time are the caller's business.

    Paths are those below wc/v3; with a slash in front, those below the root of the REST API.
    """

    def __init__(
        self,
        home: str,
        keys: tuple[str, str],
        *,
        user_agent: str,
        wall: Clock,
        allow_loopback: bool,
    ) -> None:
        self._home = home.rstrip("/")
        self._keys = keys
        self._wall = wall
        self._allow_http = allow_loopback
        self._session = checked_session(user_agent, allow_loopback=allow_loopback)
        https = self._home.startswith("https://")
        self._schemes = tuple(Scheme) if https else (Scheme.OAUTH,)

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Read; a lost connection, 502, 503 or 504 is tried again twice.

        Raises Retryable, MerchantMustFix, StoreRefusal.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                return self._call("GET", path, params, None)
            except _Fleeting as error:
                if not tries_left or error.retry_after:
                    raise
                time.sleep(0.2 * (_TRIES - tries_left) + secrets.SystemRandom().uniform(0, 0.3))
        raise AssertionError("unreachable: the last try returns or raises")

    def post(self, path: str, data: Mapping[str, object]) -> Answer:
        """Create or change (WordPress takes POST for both); sent once.

        Retryable also when the outcome is not known (time-out, 5xx): every effect looks up what
        the store has before it is repeated. Raises MerchantMustFix, StoreRefusal.
        """
        return self._call("POST", path, None, data)

    def delete(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Delete; sent once, errors as for `post`."""
        return self._call("DELETE", path, params, None)

    def index(self) -> Answer:
        """The public description of the site: name, home, time zone, namespaces."""
        fields = "name,home,url,timezone_string,gmt_offset,namespaces"
        return _answer(self._once("GET", f"{self._home}/wp-json/?_fields={fields}", None, None))

    def _call(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        data: Mapping[str, object] | None,
    ) -> Answer:
        for scheme in self._schemes:
            raw = self._keyed(scheme, method, path, params or {}, data)
            if raw.status != 401:  # else not performed: the next way of showing the key
                break
        answer = _answer(raw)
        self._schemes = (scheme,)  # only now: a refusal may pass, and threads share this client
        if not path.startswith(_ABOUT_ITSELF):
            self._refuse_others(answer.data)
        return answer

    def _refuse_others(self, data: Any) -> None:
        """Raise MerchantMustFix if a store answers that calls itself something else."""
        if home := other_home(data[0] if isinstance(data, list) and data else data, self._home):
            raise MerchantMustFix(
                "store_moved",
                "A store answered that calls itself something else: a copy, or it has moved. What"
                " it says is not used. Remedy: connect the store under its present address.",
                host=host_of(home),
            )

    def _keyed(
        self,
        scheme: Scheme,
        method: str,
        path: str,
        params: Mapping[str, str],
        data: Mapping[str, object] | None,
    ) -> Raw:
        url = f"{self._home}/wp-json{path if path.startswith('/') else f'/wc/v3/{path}'}"
        if scheme is Scheme.OAUTH:
            signed = oauth_url(method, url, params, self._keys, self._wall)
            return self._once(method, signed, None, data)
        if scheme is Scheme.QUERY:
            return self._once(method, query_url(url, params, self._keys), None, data)
        return self._once(method, with_query(url, params), self._keys, data)

    def _once(
        self,
        method: str,
        url: str,
        basic: tuple[str, str] | None,
        data: Mapping[str, object] | None,
    ) -> Raw:
        if not self._allow_http and not url.startswith("https://"):
            raise MerchantMustFix(
                "store_not_https",
                "The store's address begins with http, so keys and customers' data would travel"
                " in the clear; nothing was sent. Remedy: give the store a certificate and connect"
                " it under https.",
            )
        try:
            with self._session.request(
                method,
                url,
                auth=basic,
                json=data,
                timeout=TIMEOUTS,
                allow_redirects=False,
                stream=True,
            ) as response:
                return read_capped(response)
        except requests.exceptions.SSLError as error:
            raise MerchantMustFix(
                "store_certificate",
                "The store's certificate is not valid, so nothing was sent. Remedy: renew it.",
            ) from error
        except (requests.exceptions.ReadTimeout, ReadTimeoutError) as error:
            raise Retryable("The store did not answer in time.") from error
        except (requests.RequestException, HTTPError, OSError) as error:
            raise _Fleeting("The store could not be reached.") from error


class _Fleeting(Retryable):
    """Likely gone in a second: worth another GET at once."""


def _other_shape() -> MerchantMustFix:
    return MerchantMustFix(
        "store_not_json",
        "The store answered with something else than WooCommerce does, so nothing can be read from"
        " it. Remedy: look for a plugin that changes the REST API.",
    )


def _json(raw: Raw) -> Any:
    """The decoded body; None if it is no JSON."""
    try:
        return json.loads(raw.body)
    except (ValueError, RecursionError):
        return None


def _answer(raw: Raw) -> Answer:
    data = _json(raw)
    if 200 <= raw.status < 300:
        if data is None:
            raise MerchantMustFix(
                "store_not_json",
                "The store answered with a page instead of data, so nothing can be read from it."
                " Remedy: look for a maintenance page, a cache or PHP messages on /wp-json/.",
            )
        return Answer(data, raw.body, _total(raw), _date(raw))
    raise _failure(raw, data)


def _failure(raw: Raw, data: Any) -> Exception:
    code = data.get("code") if isinstance(data, dict) else None
    code = code if isinstance(code, str) else ""
    challenged = raw.headers.get("cf-mitigated") == "challenge"
    if (raw.status >= 500 and not challenged) or raw.status in (408, 425, 429):
        kind = _Fleeting if raw.status in (502, 503, 504) else Retryable
        return kind(f"The store answered {raw.status}.", _retry_after(raw))
    if 300 <= raw.status < 400:
        host = urlsplit(raw.headers.get("Location", "")).hostname or ""
        return MerchantMustFix(
            "store_moved",
            "The store sends us to another address, which is not followed. Remedy: connect the"
            " store again under its present address.",
            host=host,
        )
    if raw.status in (401, 403) and code.startswith("woocommerce_rest_"):
        return MerchantMustFix(
            "store_key_refused",
            "The store refuses our key: it was removed, its user lost rights, or it may only read."
            " Work for this store waits. Remedy: connect the store again as an administrator.",
        )
    # WooCommerce says a word with each "no"; firewalls answer 406 and others with a page.
    if raw.status in (401, 403) or challenged or (not code and raw.status != 404):
        return MerchantMustFix(
            "store_firewall",
            "Something in front of WooCommerce blocks us (a firewall, bot protection, or a plugin"
            " that closes the REST API); the key is not to blame. Work for this store waits."
            " Remedy: allow our user agent on /wp-json/.",
        )
    if raw.status == 404 and code in ("", "rest_no_route"):
        return MerchantMustFix(
            "store_rest_missing",
            "WooCommerce's REST API is not found under the store's address. Work for this store"
            " waits. Remedy: check that WooCommerce is active and permalinks are not 'plain'.",
        )
    return StoreRefusal(code, raw.status)


def _total(raw: Raw) -> int | None:
    text = raw.headers.get("X-WP-Total", "")
    return int(text) if text.isascii() and text.isdigit() else None


def _date(raw: Raw) -> datetime | None:
    try:
        return parsedate_to_datetime(raw.headers.get("Date", ""))
    except ValueError:
        return None


def _retry_after(raw: Raw) -> timedelta | None:
    text = raw.headers.get("Retry-After", "")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return None
    return min(timedelta(seconds=int(text)), _LONGEST_WAIT)
