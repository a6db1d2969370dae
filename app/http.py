"""What every HTTP surface shares: the way to `Deps`, and answers that carry no content."""

import ipaddress
from collections.abc import Iterable

from flask import Flask, Response, current_app, g, request
from prometheus_client import CollectorRegistry, Counter, Histogram

from app.deps import Deps
from app.i18n import SUPPORTED, Language, negotiate

EXTENSION = "afterglow"
_COUNTERS = "afterglow-counters"


class Counters:
    """What one web process counts since its start, for `/metrics`; no shop is named."""

    def __init__(self, platforms: Iterable[str]) -> None:
        self.registry = CollectorRegistry()
        self.deliveries = Counter(
            "afterglow_deliveries",
            "Deliveries by what they were answered",
            ["platform", "status"],
            registry=self.registry,
        )
        self.requests = Histogram(
            "afterglow_request_seconds",
            "How long requests took, by page",
            ["endpoint", "status"],
            buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0),
            registry=self.registry,
        )
        self._answers: dict[tuple[str, int], tuple[Counter, Histogram]] = {}
        self._platforms = frozenset(platforms)

    def delivered(self, platform: str, status: int, seconds: float) -> None:
        """Count a delivery. What belongs to an answer is looked up once: this runs often."""
        known = platform if platform in self._platforms else "unknown"
        found = self._answers.get((known, status))
        if found is None:
            found = self._answers[known, status] = (
                self.deliveries.labels(known, str(status)),
                self.requests.labels("webhooks.deliver", f"{status // 100}xx"),
            )
        found[0].inc()
        found[1].observe(seconds)


def install_counters(app: Flask, deps: Deps) -> None:
    """Made once for each application."""
    app.extensions[_COUNTERS] = Counters(deps.platforms)


def counters_of(app: Flask) -> Counters:
    """Those of an application."""
    found: Counters = app.extensions[_COUNTERS]
    return found


def counters() -> Counters:
    """Those of the running application."""
    return counters_of(current_app)


def current_deps() -> Deps:
    """The dependencies of the running application."""
    deps: Deps = current_app.extensions[EXTENSION]
    return deps


def page_language() -> Language:
    """What the page was asked for (?lang=), else what its view decided, else the browser's."""
    asked = request.args.get("lang", "")
    if asked in SUPPORTED:
        return negotiate(asked)
    chosen = g.get("language")
    return negotiate(chosen or request.headers.get("Accept-Language", "")[:2])


def caller() -> str:
    """Who asks, for counting: the address, or the IPv6 network that one customer is given.

    Whoever has a /64 has as many addresses as he likes.
    """
    try:
        address = ipaddress.ip_address((request.remote_addr or "").partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    return str(address.ipv4_mapped or ipaddress.ip_network((int(address) >> 64 << 64, 64)))


def empty(status: int) -> Response:
    """A status and nothing else."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def allow(response: Response, **sources: str) -> Response:
    """Replace parts of the content security policy: `allow(r, frame_ancestors="https://…")`."""
    pictures = "'self' https: data:"
    if current_deps().settings.allow_loopback_stores:
        pictures += " http:"  # stores on a developer's own machine have no certificate
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": pictures,
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    policy.update({name.replace("_", "-"): value for name, value in sources.items()})
    text = "; ".join(f"{name} {value}" for name, value in policy.items())
    response.headers["Content-Security-Policy"] = text
    return response
