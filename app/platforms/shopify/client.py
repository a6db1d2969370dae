"""GraphQL to one shop: costs, throttling, token renewal, and errors sorted by who must act.

Neither SDK's transport is used: one has no time-out and prints bodies, the other drops partial
data and the cost extension (package docstring).
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from app.domain.errors import Bug, MerchantMustFix, Retryable
from app.platforms.answers import Raw
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.operations import document
from app.platforms.shopify.throttle import Bucket
from app.platforms.shopify.transport import (
    API_VERSION,
    Transient,
    Transport,
    raise_for_closed_store,
    retry_after,
    store_clock,
)

LONGEST_NAP = 2.0  # seconds; what would take longer is given back to the queue
_ATTEMPTS = 3
_TRANSIENT_CODES = frozenset({"INTERNAL_SERVER_ERROR", "TIMEOUT"})


@dataclass(frozen=True, slots=True)
class Answer:
    """`data` of one operation. `withheld`: fields are null for want of Shopify's approval of
    protected customer data, not because they are empty.
    """

    data: Mapping[str, Any]
    store_now: datetime | None
    withheld: bool = False

    def fields(self) -> Fields:
        """The data as strict fields."""
        return Fields(self.data, "")


class Client:
    """Sends the operations of `operations/` to one shop."""

    def __init__(
        self,
        shop: str,
        token: Callable[[bool], str],
        transport: Transport,
        bucket: Bucket,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.shop = shop
        self._token = token
        self._transport = transport
        self._bucket = bucket
        self._sleep = sleep

    def query(
        self, operation: str, variables: Mapping[str, Any], *, background: bool = False
    ) -> Answer:
        """Read. Short failures are tried again, since reading twice harms nobody."""
        for attempt in range(1, _ATTEMPTS):
            try:
                return self._read(operation, variables, background=background)
            except Transient:
                self._sleep(0.5 * attempt)
        return self._read(operation, variables, background=background)

    def mutate(self, operation: str, variables: Mapping[str, Any]) -> Fields:
        """Change something. A failure in between is Retryable: it may have happened, so callers
        look it up before they repeat it. Returns the payload of the mutation's only field.
        """
        answer = self._run(operation, variables)
        (name,) = answer.data
        return answer.fields().node(name)

    def _read(self, operation: str, variables: Mapping[str, Any], *, background: bool) -> Answer:
        if background:
            self._nap(self._bucket.background_wait())
        return self._run(operation, variables)

    def _run(self, operation: str, variables: Mapping[str, Any]) -> Answer:
        """One operation, with waiting for points and one renewal of the token."""
        renew = renewed = False
        self._nap(self._bucket.wait(operation))
        for _ in range(_ATTEMPTS):
            raw = self._post(operation, variables, renew=renew)
            renew = False
            if raw.status == HTTPStatus.UNAUTHORIZED and not renewed:
                renew = renewed = True
                continue
            self._raise_for_status(raw)
            if raw.status == HTTPStatus.TOO_MANY_REQUESTS:
                self._nap((retry_after(raw) or timedelta(seconds=LONGEST_NAP)).total_seconds())
                continue
            body = self._decoded(raw)
            wait = self._wait_of(body, operation)
            if wait is None:
                return self._answer(operation, body, store_clock(raw))
            self._nap(wait)
        raise Retryable(f"{self.shop} keeps throttling. It is tried again later.")

    def _post(self, operation: str, variables: Mapping[str, Any], *, renew: bool) -> Raw:
        return self._transport.post(
            self.shop,
            f"/admin/api/{API_VERSION}/graphql.json",
            {"query": document(operation), "variables": variables},
            {"X-Shopify-Access-Token": self._token(renew)},
        )

    def _raise_for_status(self, raw: Raw) -> None:
        status = raw.status
        if status == HTTPStatus.UNAUTHORIZED:
            raise MerchantMustFix(
                "store_token_refused",
                f"{self.shop} refuses our access, also after renewing it. Nothing can be read or "
                "done there. Open Afterglow in the Shopify admin once.",
            )
        raise_for_closed_store(self.shop, status)
        if status >= 500 or status == 430:  # 430: Shopify's own "looks like an attack"
            raise Transient(f"{self.shop} answered {status}. It is tried again later.")
        if status not in (HTTPStatus.OK, HTTPStatus.TOO_MANY_REQUESTS):
            raise Bug(f"{self.shop} answered {status} to a GraphQL request.")

    def _decoded(self, raw: Raw) -> Mapping[str, Any]:
        try:
            body = json.loads(raw.body, parse_float=Decimal)
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict) or isinstance(body.get("errors"), str):
            raise Transient(f"{self.shop} answered with something else. It is tried again later.")
        return body

    def _nap(self, seconds: float) -> None:
        if seconds > LONGEST_NAP:
            raise Retryable(
                f"{self.shop} has no points left for us. It is tried again later.",
                retry_after=timedelta(seconds=seconds),
            )
        if seconds > 0:
            self._sleep(seconds)

    def _wait_of(self, body: Mapping[str, Any], operation: str) -> float | None:
        """Seconds to wait if the answer says THROTTLED (with HTTP 200), else None."""
        cost = (body.get("extensions") or {}).get("cost") or {}
        if "THROTTLED" in {_code(error) for error in body.get("errors") or ()}:
            return self._bucket.throttled_wait(cost, operation)
        self._bucket.learn(cost, operation)
        return None

    def _answer(
        self, operation: str, body: Mapping[str, Any], store_now: datetime | None
    ) -> Answer:
        """Partial data are kept; only errors that change what they mean are raised."""
        errors = body.get("errors") or ()
        codes = {_code(error) for error in errors}
        if codes & _TRANSIENT_CODES:
            raise Transient(f"{self.shop} failed inside. It is tried again later.")
        if any(_code(error) == "ACCESS_DENIED" and not _unapproved(error) for error in errors):
            raise MerchantMustFix(
                "scopes_missing",
                f"{self.shop} has not granted all permissions ({operation}). What needs them "
                "waits. Open Afterglow in the Shopify admin and accept the permissions.",
            )
        data = body.get("data")
        if codes - {"ACCESS_DENIED"} or not isinstance(data, dict):
            raise Bug(f"{operation} was refused: {', '.join(sorted(codes)) or 'no data'}.")
        return Answer(data, store_now, withheld=bool(errors))


def _code(error: Mapping[str, Any]) -> str:
    return str((error.get("extensions") or {}).get("code", "UNCODED"))


def _unapproved(error: Mapping[str, Any]) -> bool:
    """Protected customer data without approval: no scope is named, but the page about it is."""
    about = f"{error.get('message')} {(error.get('extensions') or {}).get('documentation')}"
    return "protected-customer-data" in about
