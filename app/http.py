"""What every HTTP surface shares: the way to `Deps`, and answers that carry no content."""

from flask import Response, current_app

from app.deps import Deps

EXTENSION = "afterglow"


def current_deps() -> Deps:
    """The dependencies of the running application."""
    deps: Deps = current_app.extensions[EXTENSION]
    return deps


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
