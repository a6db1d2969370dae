"""What every HTTP surface shares: the way to `Deps`, and answers that carry no content."""

from flask import Response, current_app, g, request

from app.deps import Deps
from app.i18n import SUPPORTED, Language, negotiate

EXTENSION = "afterglow"


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


def empty(status: int) -> Response:
    """A status and nothing else."""
    response = Response(status=status)
    del response.headers["Content-Type"]
    return response


def allow(response: Response, **sources: str) -> Response:
    """Replace parts of the content security policy: `allow(r, frame_ancestors="https://…")`."""
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self' https: data:",
        "connect-src": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    policy.update({name.replace("_", "-"): value for name, value in sources.items()})
    text = "; ".join(f"{name} {value}" for name, value in policy.items())
    response.headers["Content-Security-Policy"] = text
    return response
