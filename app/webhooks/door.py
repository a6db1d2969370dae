"""Where platforms deliver: verify, receive, reply. No topic names here.

It stands beside Flask in the same process, on the server's event loop: what a delivery needs is
little, and threads and request objects would cost several times as much (docs/adr/0014). Nothing
here waits but for the body and the commit; what may ask the database does so in a thread.
"""

import asyncio
from collections.abc import AsyncIterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from time import perf_counter
from typing import Any

import structlog

from app.db.intake import NotDurable
from app.db.session import DatabaseUnavailable
from app.deps import Deps
from app.domain.ids import ShopId
from app.http import Counters
from app.logs import begin_request, place_of
from app.pipeline.receive import Receiver
from app.platforms.base import Delivery, Ping, RawRequest, Refusal
from app.services import healing
from app.webhooks.addresses import Address, Addresses
from app.webhooks.body import Bodies, BodyCutOff, BodyTooLarge, TooMuchAtOnce
from app.webhooks.deadlines import Deadlines

PREFIX = "/webhooks/"

# Seconds. The store's own time-out is 5 (Shopify): better told to come again than cut off by it.
_DURABLE_WITHIN = 3.0
_SENT_WITHIN = 20.0

log = structlog.get_logger()


class Door:
    """All delivery addresses. Made on the event loop that calls it."""

    def __init__(self, deps: Deps, counters: Counters) -> None:
        self._deps = deps
        self._counters = counters
        self._loop = asyncio.get_running_loop()
        self._receiver = Receiver(deps, self._loop.call_soon_threadsafe)
        self._addresses = Addresses(deps)
        self._bodies = Bodies(deps.settings.max_body_bytes)
        self._deadlines = Deadlines(self._loop)
        self._threads = ThreadPoolExecutor(2, "look-up")

    async def answer(
        self, method: str, path: str, headers: Mapping[str, str], body: AsyncIterable[bytes]
    ) -> int:
        """Take one delivery; the status of the answer. 200 once it is on disk, 503 if that cannot
        be had within moments. `headers` has lower-case names.
        """
        began = perf_counter()
        platform, token = _parts(path)
        try:
            status = await self._deliver(method, platform, token, headers, body)
        except BodyTooLarge:
            _warn("webhook.refused", platform=platform, code="body_too_large")
            status = 413
        except BodyCutOff:
            _warn("webhook.refused", platform=platform, code="body_cut_off")
            status = 400
        except _Slow:
            _warn("webhook.refused", platform=platform, code="body_too_slow")
            status = 408
        except (NotDurable, DatabaseUnavailable, TooMuchAtOnce, TimeoutError) as error:
            _warn("webhook.not_durable", platform=platform, error=type(error).__name__)
            status = 503
        except Exception as error:  # noqa: BLE001 - the last place before the server; never with values
            _warn("webhook.bug", error=type(error).__name__, place=place_of(error))
            status = 500
        self._counters.delivered(platform, status, perf_counter() - began)
        return status

    async def _deliver(
        self,
        method: str,
        platform: str,
        token: str,
        headers: Mapping[str, str],
        chunks: AsyncIterable[bytes],
    ) -> int:
        address = self._addresses.remembered(platform, token) or await self._in_thread(
            self._addresses.find, platform, token
        )
        if address is None:
            return 404
        if method != "POST":
            return 405
        body = await self._body(headers, chunks)
        verified = self._deps.platforms[platform].verify(
            RawRequest(headers, body), address.endpoint
        )
        if isinstance(verified, Refusal):
            _warn("webhook.refused", platform=platform, shop=address.shop_id, code=verified.code)
            await self._refused(address)
            return 401
        if not isinstance(verified, Ping):
            with self._deadlines.within(_DURABLE_WITHIN):
                await self._store(platform, verified, address)
        return 200

    async def _body(self, headers: Mapping[str, str], chunks: AsyncIterable[bytes]) -> bytes:
        try:
            with self._deadlines.within(_SENT_WITHIN):
                return await self._bodies.read(chunks, headers.get("content-length"))
        except TimeoutError:
            raise _Slow from None

    async def _store(self, platform: str, delivery: Delivery, address: Address) -> None:
        shop_id: ShopId | None = address.shop_id or self._receiver.known_shop(platform, delivery)
        if shop_id is None:
            shop_id = await self._in_thread(self._receiver.shop, platform, delivery)
        stored: asyncio.Future[None] = self._loop.create_future()
        self._receiver.take(delivery, shop_id, stored)
        await stored

    async def _refused(self, address: Address) -> None:
        """Where a webhook has a secret of its own, somebody may have changed it in the store."""
        token, shop_id = address.endpoint.webhook_id, address.shop_id
        if token and shop_id is not None:
            with suppress(DatabaseUnavailable):  # the next one will tell
                await self._in_thread(healing.refused, self._deps, shop_id, token)

    async def _in_thread(self, function: Any, *arguments: Any) -> Any:
        return await self._loop.run_in_executor(self._threads, function, *arguments)


class _Slow(Exception):
    """The sender did not come to an end."""


def _parts(path: str) -> tuple[str, str]:
    """Platform and token: `/webhooks/<platform>`, `/webhooks/<platform>/<token>`."""
    platform, _, token = path[len(PREFIX) :].removesuffix("/").partition("/")
    return platform, token


def _warn(event: str, **about: Any) -> None:
    """A line about a request that went wrong; one that went well is told by the intake."""
    begin_request(None)
    log.warning(event, **about)
