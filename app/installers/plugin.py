"""Our WordPress plugin at the door: *Open dashboard*, and the calls of its page.

The hand-over comes as a form from the store's admin, so no address, log or history holds its
token. Calls come from the store's server, each signed; what is not signed gets an empty 401.
"""

import json
from typing import Any

import structlog
from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app import cookies
from app.automations.words import AUTOMATIONS
from app.db.shops import Shop
from app.http import current_deps, empty
from app.i18n import Translator, negotiate
from app.logs import about_shop
from app.platforms.woocommerce.plugin_signatures import Call
from app.services import reports, switching
from app.services.plugin import calls, entry
from app.services.plugin.calls import Refused
from app.services.plugin.entry import NoEntry
from app.services.problems import explain

log = structlog.get_logger()
blueprint = Blueprint("plugin", __name__, url_prefix="/plugin")

_LARGEST_CALL = 4096


@blueprint.post("/open")
def open_dashboard() -> ResponseReturnValue:
    """Begin a session for whoever pressed *Open dashboard* in the store's admin."""
    request.max_content_length = request.max_form_memory_size = 2 * _LARGEST_CALL
    deps = current_deps()
    found = entry.enter(deps, request.form.get("token", ""))
    if isinstance(found, NoEntry):
        log.info("plugin.no_entry", code=found.code)
        return render_template("installers/no_entry.html", code=found.code), 403
    about_shop(found.shop.id)
    response = redirect(found.to, 303)
    cookies.sign_in(deps, response, found.shop, found.user)
    return response


@blueprint.get("/v1/status")
def status() -> Response:
    """What the plugin's page shows, in words of its reader's language."""
    shop = _caller(b"")
    words = Translator(negotiate(request.args.get("lang", "")))
    state = reports.home(current_deps(), shop.id)
    return jsonify(_status(state, words))


@blueprint.post("/v1/switch")
def switch() -> Response:
    """Pause, go on, or switch an automation off; on is for the dashboard, which shows first what
    that will do.
    """
    shop, asked = _caller_with_data()
    deps = current_deps()
    what, automation = asked.get("what"), str(asked.get("automation", ""))
    if what == "pause":
        switching.pause(deps, shop.id)
    elif what == "resume":
        return jsonify(done=switching.resume(deps, shop.id))
    elif what == "off" and automation in AUTOMATIONS:
        user = f"wordpress:{asked.get('user', '')}"
        withdrawn = switching.switch_off(deps, shop.id, automation, user)
        return jsonify(done=True, withdrawn=withdrawn)
    else:
        return empty(400)
    return jsonify(done=True)


@blueprint.post("/v1/gone")
def gone() -> Response:
    """The plugin is being deleted; that is how a store leaves."""
    shop, _ = _caller_with_data()
    calls.ended_by_store(current_deps(), shop)
    return jsonify(done=True)


def _caller_with_data() -> tuple[Shop, dict[str, Any]]:
    request.max_content_length = _LARGEST_CALL
    body = request.get_data()
    shop = _caller(body)
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        abort(empty(400))
    if not isinstance(data, dict):
        abort(empty(400))
    return shop, data


def _caller(body: bytes) -> Shop:
    """The shop that signed this call; otherwise the request ends."""
    query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
    headers = request.headers
    found = calls.caller(
        current_deps(),
        Call(
            site=headers.get("X-Afterglow-Site", ""),
            method=request.method,
            target=request.path + query,
            time=headers.get("X-Afterglow-Time", ""),
            nonce=headers.get("X-Afterglow-Nonce", ""),
            signature=headers.get("X-Afterglow-Signature", ""),
            body=body,
        ),
    )
    if isinstance(found, Refused):
        log.info("plugin.call_refused", code=found.code)
        abort(empty(401))
    about_shop(found.id)
    return found


def _status(state: reports.Home, words: Translator) -> dict[str, Any]:
    health, received = state.health, state.health.last_received
    active, wanted = health.webhooks or (0, 0)
    return {
        "paused": state.shop.paused_at is not None,
        "webhooks": {"active": active, "wanted": wanted},
        "last_received": received.isoformat(timespec="seconds") if received else None,
        "waiting": health.waiting,
        "late": health.late,
        "needs_you": sum(state.rows_for_merchant),
        "problems": [
            {"what": each.what, "text": each.text, "action": each.action, "to": each.href or ""}
            for each in (explain(problem, words) for problem in state.problems)
        ],
        "automations": [
            {
                "key": row.key,
                "name": words.gettext(AUTOMATIONS[row.key]),
                "enabled": row.stored.enabled,
                "waiting": row.waiting,
                "done": row.done,
                "not_done": row.not_done,
            }
            for row in state.automations
        ],
        "reviews": state.reviews[0],
        "coupons": state.coupons[0],
    }
