"""Faults that a test or a person can switch on: slow answers, errors, cut connections, lost sends.

A fault is one JSON object under `/_twin/faults`:

- `kind`: `slow` (act, then wait `seconds`), `status` (answer `status` without acting, with
  `Retry-After` if `retry_after` is given), `cut` (act, then cut the connection without an
  answer), `bomb` (answer `megabytes` of nothing, packed to a thousandth, without acting), `drop`
  (lose an outgoing delivery), `throttle` (Shopify: the bucket is empty);
- `times`: how often it strikes before it goes away; absent means until deleted;
- `percent`: how likely it strikes (100 if absent);
- `path`: for requests, the path's beginning; for deliveries, the topic's beginning;
- `method` and `contains`: only requests with that method, or with that text in their body.
"""

import io
import random
import socket
import time
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal

from werkzeug.wsgi import get_input_stream

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Kind = Literal["slow", "status", "cut", "bomb", "drop", "throttle"]


@dataclass
class Fault:
    """One switched-on fault; the module's docstring explains the fields."""

    kind: Kind
    times: int | None = None
    percent: float = 100
    path: str = ""
    method: str | None = None
    contains: str = ""
    seconds: float = 0
    status: int = 503
    retry_after: int | None = None
    megabytes: int = 100


class Faults:
    """The faults that are switched on now."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = Lock()
        self._random = random.Random(0)  # noqa: S311 -- repeatable bad luck, not a secret

    def add(self, fault: Fault) -> None:
        """Switch a fault on."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Switch all faults off."""
        with self._lock:
            self._faults.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """Return the faults that can still strike."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def strike(
        self, kinds: Iterable[Kind], path: str, method: str = "", body: bytes = b""
    ) -> Fault | None:
        """Return the first fault that hits this request or delivery, using it up once."""
        with self._lock:
            for fault in self._faults:
                if fault.kind in kinds and self._hits(fault, path, method, body):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            self._faults.remove(fault)
                    return fault
        return None

    def _hits(self, fault: Fault, path: str, method: str, body: bytes) -> bool:
        return (
            path.startswith(fault.path)
            and fault.method in (None, method)
            and fault.contains.encode() in body
            and self._random.uniform(0, 100) < fault.percent
        )


def with_faults(app: "WSGIApplication", faults: Faults) -> "WSGIApplication":
    """Wrap a twin so that its faults strike every path outside `/_twin`."""

    def faulty(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path.startswith("/_twin"):
            return app(environ, start_response)
        body = get_input_stream(environ).read()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        kinds: tuple[Kind, ...] = ("slow", "status", "cut", "bomb")
        fault = faults.strike(kinds, path, environ["REQUEST_METHOD"], body)
        if fault is None:
            return app(environ, start_response)
        if fault.kind == "status":
            headers = [("Content-Type", "text/html; charset=utf-8")]
            if fault.retry_after is not None:
                headers.append(("Retry-After", str(fault.retry_after)))
            start_response(f"{fault.status} Fault", headers)
            return [b"<html><body><h1>Fault switched on in the twin</h1></body></html>"]
        if fault.kind == "bomb":
            packed = [("Content-Type", "application/json"), ("Content-Encoding", "gzip")]
            start_response("200 OK", packed)
            return _bomb(fault.megabytes)
        answer = list(app(environ, start_response))
        if fault.kind == "cut":
            # Werkzeug puts the connection here; its own write then fails and it gives up quietly.
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        else:
            time.sleep(fault.seconds)
        return answer

    return faulty


def _bomb(megabytes: int) -> Iterator[bytes]:
    packer = zlib.compressobj(1, wbits=31)
    for _ in range(megabytes):
        yield packer.compress(b" " * 1_000_000)
    yield packer.flush()
