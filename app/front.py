"""What the web server calls (RSGI): deliveries on its event loop, pages in threads.

Deliveries are many, small and wait for a commit, so they share one thread (`app/webhooks/door.py`).
Pages are Flask, which is WSGI: each runs in a thread of its own, of which there are `WEB_THREADS`.
RSGI: https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md
"""

import asyncio
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Protocol

from flask import Flask

from app.bootstrap import build_deps
from app.config import load_settings
from app.deps import Deps
from app.http import counters_of
from app.logs import configure_logging
from app.web import create_app, look_back
from app.webhooks.body import Bodies, BodyCutOff, BodyTooLarge, TooMuchAtOnce
from app.webhooks.door import PREFIX, Door

# Seconds. Nobody is to wait for Redis: the clock finds what it was not told.
_QUEUE_WITHIN = 0.1
# Forms that are being sent share what may be in memory, so none may take for ever.
_SENT_WITHIN = 60.0
_REFUSED: dict[type[Exception], int] = {
    BodyCutOff: 400,
    BodyTooLarge: 413,
    TooMuchAtOnce: 503,
    TimeoutError: 408,
}

_AT_ONCE = 1_000_000  # bytes of an answer; what is longer is sent piece by piece

Header = tuple[str, str]


class Scope(Protocol):
    """A request's head, as granian gives it: `query_string` as it was sent, `path` decoded. (To
    decode it once more would lead `/%256detrics` past a proxy that keeps `/metrics` to itself.)
    """

    proto: str
    method: str
    path: str
    query_string: str
    scheme: str
    server: str
    client: str
    http_version: str
    headers: Any


def create_front() -> "Front":
    """The whole web process, from the environment."""
    settings = load_settings()
    configure_logging(settings, "web")
    deps = build_deps(settings, queue_within=_QUEUE_WITHIN)
    look_back(deps)
    return Front(deps, create_app(deps))


class Front:
    """The RSGI application."""

    def __init__(self, deps: Deps, pages: Flask) -> None:
        self._deps = deps
        self._counters = counters_of(pages)
        self._pages = Pages(pages, deps.settings.web_threads, deps.settings.max_body_bytes)
        self._door: Door | None = None

    async def __rsgi__(self, scope: Scope, proto: Any) -> None:
        """One request. Anything but HTTP (websockets) is switched off at the server."""
        if not scope.path.startswith(PREFIX):
            await self._pages.answer(scope, proto)
            return
        if self._door is None:  # the loop is known only now
            self._door = Door(self._deps, self._counters)
        headers = dict(scope.headers.items())
        status = await self._door.answer(scope.method, scope.path, headers, proto)
        allowed = [("allow", "POST")] if status == 405 else []
        proto.response_empty(status, allowed)


class Pages:
    """A WSGI application behind RSGI."""

    def __init__(
        self,
        application: Callable[..., Iterable[bytes]],
        threads: int,
        most: int,
        sent_within: float = _SENT_WITHIN,
    ) -> None:
        self._application = application
        self._bodies = Bodies(most)
        self._sent_within = sent_within
        self._threads = ThreadPoolExecutor(threads, "page")

    async def answer(self, scope: Scope, proto: Any) -> None:
        """One page: at once if it is short, as most are; a long download piece by piece.

        What its receiver has not taken yet is in memory: granian's `send_bytes` waits for nobody.
        """
        headers: list[Header] = list(scope.headers.items())
        announced = next((v for k, v in headers if k == "content-length"), None)
        try:
            async with asyncio.timeout(self._sent_within):
                body = await self._bodies.read(proto, announced)
        except tuple(_REFUSED) as error:
            proto.response_empty(_REFUSED[type(error)], [])
            return
        page = await self._in_thread(self._begin, _environ(scope, headers, body))
        if page.rest is None:
            proto.response_bytes(page.status, page.headers, page.begin)
            return
        try:
            wire = proto.response_stream(page.status, page.headers)
            part: bytes | None = page.begin
            while part is not None:
                await wire.send_bytes(part)
                part = await self._in_thread(next, page.rest, None)
        finally:
            await self._in_thread(_close, page.rest)

    def _begin(self, environ: dict[str, Any]) -> "_Page":
        started: list[Any] = []

        def start_response(status: str, headers: list[Header], _exc_info: Any = None) -> Any:
            started[:] = int(status.split(" ", 1)[0]), headers
            return None  # nothing of ours uses the `write` of old

        chunks = self._application(environ, start_response)
        parts, length, rest = [], 0, iter(chunks)
        try:
            for part in rest:
                parts.append(part)
                length += len(part)
                if length > _AT_ONCE:
                    status, told = started
                    return _Page(status, told, b"".join(parts), _Rest(rest, chunks))
        except BaseException:
            _close(chunks)
            raise
        _close(chunks)
        status, told = started
        return _Page(status, told, b"".join(parts))

    async def _in_thread(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function, *arguments)


class _Rest:
    """What follows of a long answer; closing it closes what it comes from (PEP 3333)."""

    def __init__(self, rest: Iterator[bytes], chunks: Iterable[bytes]) -> None:
        self._rest, self._chunks = rest, chunks

    def __next__(self) -> bytes:
        return next(self._rest)

    def close(self) -> None:
        _close(self._chunks)


@dataclass(frozen=True, slots=True)
class _Page:
    """An answer, or how it begins; then `rest` gives the other pieces."""

    status: int
    headers: list[Header]
    begin: bytes
    rest: _Rest | None = None


def _close(chunks: Any) -> None:
    if hasattr(chunks, "close"):
        chunks.close()


def _environ(scope: Scope, headers: list[Header], body: bytes) -> dict[str, Any]:
    """The request as PEP 3333 has it: text is bytes read as Latin-1."""
    host, _, port = scope.server.rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": scope.path.encode().decode("latin-1"),
        "QUERY_STRING": scope.query_string,
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
        "REMOTE_ADDR": scope.client.rpartition(":")[0].strip("[]"),
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers:
        # Here X_Forwarded_For would become X-Forwarded-For, and pass for what a proxy wrote.
        if "_" in name or name in ("content-length", "transfer-encoding"):
            continue
        key = "CONTENT_TYPE" if name == "content-type" else f"HTTP_{name.upper().replace('-', '_')}"
        between = "; " if name == "cookie" else ","  # HTTP/2 may send one header per cookie
        environ[key] = f"{environ[key]}{between}{value}" if key in environ else value
    return environ
