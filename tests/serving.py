"""Deliveries and pages in the test's own process: the door on an event loop, Flask in threads.

As `app/front.py` does it, behind werkzeug's server or Flask's test client instead of granian's,
which cannot be stopped and started within one process; tests/http/test_front.py runs the real one.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future
from functools import cache
from io import BytesIO
from typing import Any
from weakref import WeakKeyDictionary

from flask import Flask
from sqlalchemy import Engine
from werkzeug.datastructures import EnvironHeaders
from werkzeug.exceptions import NotFound

from app.db.intake import Intake
from app.deps import Deps
from app.domain.ids import ShopId
from app.http import Counters, counters_of
from app.pipeline.receive import Receiver
from app.platforms.base import Delivery
from app.webhooks.door import PREFIX, Door

Wsgi = Callable[..., Iterable[bytes]]


def with_door(deps: Deps, app: Flask) -> Flask:
    """The application, with deliveries answered in front of it."""
    app.wsgi_app = _Door(deps, counters_of(app), app.wsgi_app)  # type: ignore[method-assign]
    return app


def door_alone(deps: Deps) -> Wsgi:
    """Deliveries and nothing else."""
    return _Door(deps, Counters(deps.platforms), NotFound())


class AtOnce:
    """A door that is asked many things at once, each of which is waited for by itself."""

    def __init__(self, deps: Deps) -> None:
        made = _made(deps, Counters(deps.platforms))
        self._door = asyncio.run_coroutine_threadsafe(made, _loop()).result(10)

    def post(self, path: str, headers: dict[str, str], body: bytes) -> Future[int]:
        """The status of its answer, once there is one."""
        environ = {"wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        lower = {name.lower(): value for name, value in headers.items()}
        answer = self._door.answer("POST", path, lower, _chunks(environ))
        return asyncio.run_coroutine_threadsafe(answer, _loop())


def take(deps: Deps, delivery: Delivery, shop_id: ShopId) -> None:
    """Store a verified delivery."""
    stored: Future[None] = Future()
    receiver = _RECEIVERS.get(deps.db.engine)
    if receiver is None:
        receiver = Receiver(deps, lambda function, *arguments: function(*arguments))
        _RECEIVERS[deps.db.engine] = receiver
    receiver.take(delivery, shop_id, stored)
    stored.result(10)
    settle(receiver._intake)


def settle(intake: Intake) -> None:
    """Wait until the worker was woken, too: that comes after the answer."""
    intake._thread.submit(lambda: None).result(10)


_RECEIVERS: WeakKeyDictionary[Engine, Receiver] = WeakKeyDictionary()


class _Door:
    def __init__(self, deps: Deps, counters: Counters, beyond: Wsgi) -> None:
        self._beyond = beyond
        self._door = asyncio.run_coroutine_threadsafe(_made(deps, counters), _loop()).result(10)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if not path.startswith(PREFIX):
            return self._beyond(environ, start_response)
        headers = {name.lower(): value for name, value in EnvironHeaders(environ)}
        answer = self._door.answer(environ["REQUEST_METHOD"], path, headers, _chunks(environ))
        status = asyncio.run_coroutine_threadsafe(answer, _loop()).result(30)
        settle(self._door._receiver._intake)
        start_response(f"{status} ", [("Content-Length", "0")])
        return (b"",)


async def _made(deps: Deps, counters: Counters) -> Door:
    return Door(deps, counters)


async def _chunks(environ: dict[str, Any]) -> AsyncIterator[bytes]:
    left = int(environ.get("CONTENT_LENGTH") or 0)
    while left and (part := environ["wsgi.input"].read(min(left, 65_536))):
        left -= len(part)
        yield part


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One for all tests of a process."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop
