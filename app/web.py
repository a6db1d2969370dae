"""The web process: one Flask application for platforms, merchants and customers."""

import logging
from pathlib import Path
from time import perf_counter
from typing import Any

import structlog
from flask import Flask, Response, abort, g, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from app import customer_pages
from app.db.session import DatabaseUnavailable
from app.deps import Deps
from app.embedded_ui import (
    activity,
    automations,
    dev,
    health,
    home,
    metrics,
    returns,
    session,
    setup,
    shop,
    texts,
)
from app.http import (
    EXTENSION,
    allow,
    counters,
    current_deps,
    install_counters,
    page_language,
)
from app.i18n import SUPPORTED, Translator, install
from app.installers import plugin, shopify, woocommerce
from app.logs import begin_request, place_of
from app.services.continuity import FileWitness, Watch

log = structlog.get_logger()
_HERE = Path(__file__).parent
_TEMPLATES = ("embedded_ui", "customer_pages", "installers")
_SILENT = frozenset({"static", "health.alive", "health.ready", "metrics.metrics"})
_BLUEPRINTS = (
    woocommerce.blueprint,
    shopify.blueprint,
    plugin.blueprint,
    session.blueprint,
    home.blueprint,
    automations.blueprint,
    activity.blueprint,
    returns.blueprint,
    texts.blueprint,
    shop.blueprint,
    setup.blueprint,
    customer_pages.blueprint,
    health.blueprint,
    metrics.blueprint,
)


class _Application(Flask):
    def log_exception(self, exc_info: Any) -> None:
        """The place and no more: addresses are signed links, and values may be personal data."""
        error = exc_info[0].__name__
        log.error("web.bug", endpoint=request.endpoint, error=error, place=place_of(exc_info[1]))


def create_app(deps: Deps) -> Flask:
    """The pages, as a WSGI application; deliveries do not come here (`app/front.py`)."""
    app = _Application(
        "app", static_folder=str(_HERE / "embedded_ui" / "static"), template_folder=None
    )
    app.extensions[EXTENSION] = deps
    install_counters(app, deps)
    app.config["MAX_CONTENT_LENGTH"] = deps.settings.max_body_bytes
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(_HERE / name / "templates") for name in _TEMPLATES]
    )
    _pages(app)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
    if deps.settings.development:
        app.register_blueprint(dev.blueprint)
    if deps.settings.trusted_proxies:
        hops = deps.settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops)  # type: ignore[method-assign]
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # its access log has signed paths
    return app


def look_back(deps: Deps) -> None:
    """Before the first request: what a restored backup may do twice is held back.

    A database that does not answer yet is no reason not to start; the worker and the clock look,
    too, before they do anything.
    """
    try:
        Watch(deps, (FileWitness(deps.settings.data_dir),)).look_back()
    except DatabaseUnavailable as error:
        log.warning("web.database_unavailable", error=type(error).__name__)


def _pages(app: Flask) -> None:
    """Language, headers and error pages for everything that people see."""
    install(app.jinja_env, lambda: Translator(page_language()))
    app.context_processor(lambda: {"language": page_language(), "supported": SUPPORTED})
    app.before_request(_begin)
    app.before_request(_refuse_nul)
    app.after_request(_headers)
    app.after_request(_stay_here)
    app.after_request(_end)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DatabaseUnavailable, _unavailable)


def _begin() -> None:
    """Give the request its id: a trusted proxy's own, never one that just anybody sent."""
    trusted = current_deps().settings.trusted_proxies > 0
    g.request_id = begin_request(request.headers.get("X-Request-Id") if trusted else None)
    g.began = perf_counter()


def _end(response: Response) -> Response:
    """One line per request: which page it was, never its address (signed links, searches)."""
    response.headers["X-Request-Id"] = g.request_id
    took = perf_counter() - g.began
    family = f"{response.status_code // 100}xx"
    counters().requests.labels(str(request.endpoint), family).observe(took)
    level = log.debug if request.endpoint in _SILENT else log.info
    level(
        "web.request",
        endpoint=request.endpoint,
        method=request.method[:10],
        status=response.status_code,
        ms=round(took * 1000),
    )
    return response


def _refuse_nul() -> None:
    """No link of ours has one, and PostgreSQL takes no text that does."""
    if "\0" in request.path or any("\0" in value for value in request.args.values()):
        abort(400)


def _stay_here(response: Response) -> Response:
    """The router's redirects (/app to /app/) name the host of the request, which is anybody's to
    write, and behind a proxy not ours: without it they lead to where the browser is.
    """
    location = response.headers.get("Location", "")
    if location.startswith(request.host_url):
        response.headers["Location"] = "/" + location.removeprefix(request.host_url).lstrip("/\\")
    return response


def _headers(response: Response) -> Response:
    if "Content-Security-Policy" not in response.headers:
        allow(response)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "public, max-age=3600"
    else:
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _http_error(error: HTTPException) -> Response:
    """A page for people; nothing but the status for machines."""
    status = error.code or 500
    if isinstance(error.response, Response):
        return error.response
    if "text/html" not in request.headers.get("Accept", ""):
        return Response(status=status)
    return Response(render_template("error.html", status=status), status, mimetype="text/html")


def _unavailable(error: Exception) -> Response:
    log.warning("web.database_unavailable", error=type(error).__name__)
    response = Response(render_template("error.html", status=503), 503, mimetype="text/html")
    response.headers["Retry-After"] = "30"
    return response
