"""Outgoing webhook deliveries: one queue, worker threads, and a log of every attempt.

The log says what the *receiver* did, whatever the platform makes of it: `accepted` (2xx),
`duplicate` (2xx to something it had already accepted), `refused` (401), `unknown` (404), `failed`
(any other answer or none). Queue and log live in memory: a restarted twin has forgotten both.
"""

import heapq
import http.client
import itertools
import ssl
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Condition, Thread
from time import monotonic
from typing import Any, Literal
from urllib.parse import urlsplit

from twins.common.faults import Faults

Outcome = Literal["accepted", "duplicate", "refused", "unknown", "failed", "dropped"]
COUNTED: tuple[Outcome, ...] = ("accepted", "duplicate", "refused", "unknown", "failed")
KEPT_ATTEMPTS = 10_000


@dataclass(frozen=True)
class OutgoingRequest:
    """A request as it goes onto the wire; headers keep their order and spelling."""

    url: str
    headers: list[tuple[str, str]]
    body: bytes
    delivery_id: str
    repeat_key: str  # what makes two deliveries the same one to a careful receiver


@dataclass
class Delivery:
    """A delivery that waits in the queue; `prepare` runs when its turn comes.

    `prepare` may return None: the delivery is no longer wanted. `after` gets the finished attempt
    (to count failures or to plan a retry). A delivery is not queued while another with the same
    `coalesce_key` waits.
    """

    topic: str
    prepare: Callable[[], OutgoingRequest | None]
    after: Callable[["Attempt"], None] = lambda _attempt: None
    coalesce_key: str | None = None
    repeat: bool = False
    forged: bool = False


@dataclass
class Attempt:
    """One line of the send log."""

    id: int
    time: datetime  # business time
    topic: str
    request: OutgoingRequest
    repeat: bool
    forged: bool
    status: int | None = None
    error: str | None = None
    outcome: Outcome = "failed"
    seconds: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """Return the line without headers and body."""
        return {
            "id": self.id,
            "time": self.time.isoformat(),
            "topic": self.topic,
            "target": self.request.url,
            "delivery_id": self.request.delivery_id,
            "repeat_key": self.request.repeat_key,
            "repeat": self.repeat,
            "forged": self.forged,
            "status": self.status,
            "error": self.error,
            "outcome": self.outcome,
            "seconds": round(self.seconds, 3),
        }


@dataclass(order=True)
class _Waiting:
    ready: float  # monotonic seconds
    number: int
    delivery: Delivery = field(compare=False)


class DeliveryQueue:
    """Sends deliveries in order (with one worker) and remembers each attempt.

    `forge(request)` returns the request with a signature that does not match; `send` is how a
    platform sends, if not simply by `post`.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        faults: Faults,
        forge: Callable[[OutgoingRequest], OutgoingRequest],
        timeout_seconds: float,
        *,
        workers: int = 1,
        send: Callable[[OutgoingRequest, float], int] | None = None,
    ) -> None:
        self._now = now
        self._faults = faults
        self._forge = forge
        self._timeout = timeout_seconds
        self._send = send or post
        self._changed = Condition()
        self._waiting: list[_Waiting] = []
        self._coalesced: set[str | None] = set()
        self._numbers = itertools.count(1)
        self._held = False
        self._stopping = False
        self._sending = 0
        self._attempts: deque[Attempt] = deque(maxlen=KEPT_ATTEMPTS)
        self._counts: dict[str, Counter[str]] = {}
        self._accepted_keys: set[tuple[str, str]] = set()
        self._threads = [
            Thread(target=self._work, name=f"twin-delivery-{n}", daemon=True)
            for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def enqueue(self, delivery: Delivery, delay_seconds: float = 0) -> None:
        """Queue a delivery for `delay_seconds` of wall time from now."""
        with self._changed:
            if delivery.coalesce_key in self._coalesced:
                return
            if delivery.coalesce_key is not None:
                self._coalesced.add(delivery.coalesce_key)
            ready = monotonic() + delay_seconds
            heapq.heappush(self._waiting, _Waiting(ready, next(self._numbers), delivery))
            self._changed.notify_all()

    def hold(self) -> None:
        """Keep everything in the queue until `release`."""
        with self._changed:
            self._held = True

    def release(self, reverse: bool = False) -> None:
        """Let the queue run again, due or not; `reverse` sends the newest first."""
        with self._changed:
            order = sorted(self._waiting, reverse=reverse)
            self._waiting = [
                _Waiting(0, number, waiting.delivery) for number, waiting in enumerate(order)
            ]
            self._held = False
            self._changed.notify_all()

    def resend(self, attempt_id: int) -> bool:
        """Send a logged attempt once more, byte by byte; False if it is not in the log."""
        return self._again(attempt_id, forged=False)

    def forge(self, attempt_id: int) -> bool:
        """Send a logged attempt once more with a wrong signature; False if it is unknown."""
        return self._again(attempt_id, forged=True)

    def drain(self, timeout_seconds: float = 10) -> bool:
        """Wait until nothing is queued or under way; False if that took too long."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._waiting and not self._sending, timeout_seconds
            )

    def attempts(self) -> list[Attempt]:
        """Return the send log, oldest first."""
        with self._changed:
            return list(self._attempts)

    def summary(self) -> dict[str, Any]:
        """Counts by outcome, in total and per target, and what still waits."""
        with self._changed:
            targets = {
                target: {outcome: counts[outcome] for outcome in COUNTED}
                for target, counts in self._counts.items()
            }
            total = {
                outcome: sum(counts[outcome] for counts in self._counts.values())
                for outcome in COUNTED
            }
            return {
                "total": total,
                "targets": targets,
                "dropped": sum(counts["dropped"] for counts in self._counts.values()),
                "waiting": len(self._waiting) + self._sending,
                "held": self._held,
            }

    def stop(self) -> None:
        """End the workers after what they are sending now."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _again(self, attempt_id: int, forged: bool) -> bool:
        found = next((a for a in self.attempts() if a.id == attempt_id), None)
        if found is None:
            return False
        request = self._forge(found.request) if forged else found.request
        self.enqueue(
            Delivery(found.topic, prepare=lambda: request, repeat=not forged, forged=forged)
        )
        return True

    def _work(self) -> None:
        while (delivery := self._take()) is not None:
            try:
                self._perform(delivery)
            finally:
                with self._changed:
                    self._sending -= 1
                    self._changed.notify_all()

    def _take(self) -> Delivery | None:
        with self._changed:
            while not self._stopping:
                if self._waiting and not self._held:
                    wait = self._waiting[0].ready - monotonic()
                    if wait <= 0:
                        self._sending += 1
                        delivery = heapq.heappop(self._waiting).delivery
                        self._coalesced.discard(delivery.coalesce_key)
                        return delivery
                    self._changed.wait(wait)
                else:
                    self._changed.wait()
            return None

    def _perform(self, delivery: Delivery) -> None:
        request = delivery.prepare()
        if request is None:
            return
        attempt = Attempt(
            next(self._numbers),
            self._now(),
            delivery.topic,
            request,
            delivery.repeat,
            delivery.forged,
        )
        if self._faults.strike(("drop",), delivery.topic):
            attempt.outcome = "dropped"
        else:
            started = monotonic()
            try:
                attempt.status = self._send(request, self._timeout)
            except (OSError, http.client.HTTPException) as error:
                attempt.error = f"{type(error).__name__}: {error}"
            attempt.seconds = monotonic() - started
            attempt.outcome = self._outcome(attempt)
        with self._changed:
            self._attempts.append(attempt)
            self._counts.setdefault(request.url, Counter())[attempt.outcome] += 1
        if not delivery.forged:
            delivery.after(attempt)

    def _outcome(self, attempt: Attempt) -> Outcome:
        if attempt.status is None or not 200 <= attempt.status < 300:
            refusals: dict[int | None, Outcome] = {401: "refused", 404: "unknown"}
            return refusals.get(attempt.status, "failed")
        key = (attempt.request.url, attempt.request.repeat_key)
        with self._changed:
            if key in self._accepted_keys:
                return "duplicate"
            self._accepted_keys.add(key)
        return "accepted"


def post(request: OutgoingRequest, timeout_seconds: float) -> int:
    """POST a request exactly as given and return the status; redirects are not followed.

    Raises OSError or http.client.HTTPException when there is no answer.
    """
    parts = urlsplit(request.url)
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(
            parts.netloc, timeout=timeout_seconds, context=ssl.create_default_context()
        )
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=timeout_seconds)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.putrequest("POST", target, skip_host=True, skip_accept_encoding=True)
        for name, value in request.headers:
            connection.putheader(name, value)
        connection.endheaders(request.body)
        response = connection.getresponse()
        response.read()
        return response.status
    finally:
        connection.close()
