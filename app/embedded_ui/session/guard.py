"""One check of every form: it comes from our own pages, and from this very session."""

import hmac
from urllib.parse import urlsplit

from flask import abort, request

from app.embedded_ui.session.merchant import blueprint, require_merchant
from app.http import current_deps

_SAFE = {"GET", "HEAD", "OPTIONS"}
_MERCHANT_PATHS = ("/app/", "/connect", "/sign-in", "/sign-out")
_MACHINES = {"/connect/woocommerce/callback"}


@blueprint.before_app_request
def check_form() -> None:
    """Refuse other sites' forms (403), and forms of the dashboard without its session's token."""
    path = request.path
    if request.method in _SAFE or path in _MACHINES or not path.startswith(_MERCHANT_PATHS):
        return
    if not _from_our_pages():
        abort(403)
    if any("\0" in value for value in request.form.values()):
        abort(400)  # nobody types one, and PostgreSQL takes no text that has one
    if path.startswith("/app/"):
        merchant = require_merchant()
        given = request.form.get("csrf_token") or request.headers.get("X-CSRF-Token", "")
        if merchant.csrf and not hmac.compare_digest(given.encode(), merchant.csrf.encode()):
            abort(403)


def _from_our_pages() -> bool:
    """Browsers say where a form was; what says nothing is no browser and has no cookie to abuse.

    They know us by our public address, which a proxy need not pass on.
    """
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("Origin")
    ours = (request.host, urlsplit(current_deps().settings.public_url).netloc)
    return origin is None or urlsplit(origin).netloc in ours
