"""Where platforms deliver: verify, receive, reply. No topic names here.

A bare WSGI callable in front of Flask, in the same process: routing, request and response objects
would cost several times what a delivery needs (docs/adr/0014). Whatever is not under `/webhooks/`
goes on to Flask.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
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
from app.webhooks.addresses import Addresses
from app.webhooks.body import BodyTooLarge, read_body

log = structlog.get_logger()

_PREFIX = "/webhooks/"
_ENDPOINT = "webhooks.deliver"  # its name in logs and figures
_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}

Environ = dict[str, Any]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class Door:
    """The WSGI application: deliveries here, everything else in `beyond`."""

    def __init__(self, deps: Deps, counters: Counters, beyond: Wsgi) -> None:
        self._deps = deps
        self._counters = counters
        self._beyond = beyond
        self._receiver = Receiver(deps)
        self._addresses = Addresses(deps)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Take one delivery; 200 once it is on disk, 503 if that cannot be had within moments."""
        path = environ["PATH_INFO"]
        if not path.startswith(_PREFIX):
            return self._beyond(environ, start_response)
        began = perf_counter()
        platform, token = _parts(path)
        status = self._answer(environ, platform, token)
        self._counters.delivered(platform, status, perf_counter() - began)
        headers = [("Content-Length", "0")]
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append(("Allow", "POST"))
        start_response(_STATUS[status], headers)
        return (b"",)

    def _answer(self, environ: Environ, platform: str, token: str) -> int:
        try:
            return self._deliver(environ, platform, token)
        except BodyTooLarge:
            _warn("webhook.refused", platform=platform, code="body_too_large")
            return 413
        except (NotDurable, DatabaseUnavailable) as error:
            _warn("webhook.not_durable", platform=platform, error=type(error).__name__)
            return 503
        except Exception as error:  # noqa: BLE001 - the last place before the server; never with values
            _warn("web.bug", endpoint=_ENDPOINT, error=type(error).__name__, place=place_of(error))
            return 500

    def _deliver(self, environ: Environ, platform: str, token: str) -> int:
        found = self._addresses.find(platform, token)
        if found is None:
            return 404
        if environ["REQUEST_METHOD"] != "POST":
            return 405
        body = read_body(environ, self._deps.settings.max_body_bytes)
        request = RawRequest(_Headers(environ), body)
        verified = self._deps.platforms[platform].verify(request, found.endpoint)
        return self._reply(platform, verified, found.shop_id)

    def _reply(
        self, platform: str, verified: Delivery | Ping | Refusal, shop_id: ShopId | None
    ) -> int:
        if isinstance(verified, Refusal):
            _warn("webhook.refused", platform=platform, shop=shop_id, code=verified.code)
            return 401
        if isinstance(verified, Delivery):
            self._receiver.take(platform, verified, shop_id)
        return 200


def _parts(path: str) -> tuple[str, str]:
    """Platform and token: `/webhooks/<platform>`, `/webhooks/<platform>/<token>`."""
    platform, _, token = path[len(_PREFIX) :].removesuffix("/").partition("/")
    return platform, token


def _warn(event: str, **about: Any) -> None:
    """A line about a request that went wrong; one that went well is told by the intake."""
    begin_request(None)
    log.warning(event, **about)


class _Headers(Mapping[str, str]):
    """The request's headers by their lower-case names, as WSGI keeps them."""

    def __init__(self, environ: Environ) -> None:
        self._environ = environ

    def __getitem__(self, name: str) -> str:
        value: str = self._environ["HTTP_" + name.upper().replace("-", "_")]
        return value

    def __iter__(self) -> Iterator[str]:
        for key in self._environ:
            if key.startswith("HTTP_"):
                yield key.removeprefix("HTTP_").replace("_", "-").lower()

    def __len__(self) -> int:
        return sum(1 for _ in self)
