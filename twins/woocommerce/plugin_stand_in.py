"""What answers for the plugin on a machine without PHP: connection, hand-over, forwarding.

It takes and gives what wordpress/host.php does. Its page has one button and says what it is.
"""

import base64
import hashlib
import hmac
import html
import json
import secrets
import time
from typing import Any

from twins.common.state import Document

OPTION = "afterglow_connection"
_NOTE = (
    "PHP is not installed on this machine, so this is a stand-in for the plugin’s page. Install "
    "<code>php-cli</code> and start again to see the real one."
)


def answer(asked: Document) -> Document:
    """One request."""
    given: Document = {
        "status": 200,
        "headers": {},
        "body": "",
        "answer": None,
        "styles": [],
        "options": dict(asked["options"]),
        "webhooks": asked["webhooks"],
        "fired": [],
    }
    given.update(_DOES[asked["do"]](asked, asked["options"].get(OPTION)))
    return given


def _page(asked: Document, connection: Document | None) -> Document:
    if not asked["manager"]:
        return {"status": 403, "body": "<p>You may not manage this store.</p>"}
    if connection is None:
        body = "<p>This store is not connected to Afterglow yet.</p>"
    else:
        body = (
            f"<p>Connected to {html.escape(connection['app_url'])}</p>"
            f'<form method="post" action="{asked["home"]}/wp-admin/admin-post.php" target="_blank">'
            '<input type="hidden" name="action" value="afterglow_open">'
            f'<input type="hidden" name="_wpnonce" value="{_nonce(asked)}">'
            '<button class="button button-primary">Open dashboard</button></form>'
        )
    return {"body": f'<div class="wrap"><h1>Afterglow</h1><p>{_NOTE}</p>{body}</div>'}


def _admin_post(asked: Document, connection: Document | None) -> Document:
    form = asked["post"]
    if not asked["manager"]:
        return {"status": 403}
    if connection is None or form.get("action") != "afterglow_open":
        return {"status": 400}
    if not hmac.compare_digest(form.get("_wpnonce", ""), _nonce(asked)):
        return {"status": 403}
    address = f"{connection['app_url']}/plugin/open"
    claims = {
        "aud": address,
        "site": connection["site"],
        "gen": connection["generation"],
        "uid": asked["user"],
        "cap": "manage_woocommerce",
        "home": asked["home"],
        "to": form.get("to") or "/app/",
        "exp": int(time.time()) + 60,  # noqa: TID251 - a store's own clock, which is not ours
        "jti": secrets.token_hex(16),
    }
    script = f"{asked['home']}/wp-content/plugins/afterglow/assets/handover.js"
    return {
        "body": (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            "<title>Opening Afterglow</title></head><body><main><h1>Opening Afterglow</h1>"
            f'<form id="afterglow-handover" method="post" action="{html.escape(address)}">'
            f'<input type="hidden" name="token" value="{_token(claims, connection["secret"])}">'
            f'<button>Go on</button></form></main><script src="{script}"></script></body></html>'
        )
    }


def _rest(asked: Document, connection: Document | None) -> Document:
    if not asked["manager"]:
        refused = {"code": "rest_forbidden", "message": "Sorry, you are not allowed to do that."}
        return {"status": 403 if asked["user"] else 401, "answer": refused}
    if not asked["route"].endswith("/connection"):
        none = {"code": "rest_no_route", "message": "No route was found matching the URL."}
        return {"status": 404, "answer": none}
    options = dict(asked["options"])
    if asked["method"] == "POST":
        options[OPTION] = connection = dict(asked["json"])
    elif asked["method"] == "DELETE":
        options.pop(OPTION, None)
        connection = None
    shown = {
        "plugin": "stand-in",
        "connected": connection is not None,
        "copy": False,
        "site": connection["site"] if connection else "",
        "generation": connection["generation"] if connection else 0,
    }
    return {"answer": shown, "options": options}


def _comment(asked: Document, _connection: Document | None) -> Document:
    counts, comment = ("approved", "unapproved"), asked["comment"]
    if "before" in asked:
        told = asked["after"] in counts and asked["before"] not in counts
    else:
        told = comment["approved"] in ("0", "1")
    return {"fired": [["woocommerce_afterglow_review_posted", comment["id"]]] if told else []}


def _fulfilled(asked: Document, _connection: Document | None) -> Document:
    return {"fired": [["woocommerce_afterglow_fulfilled", asked["order_id"]]]}


def _uninstall(_asked: Document, _connection: Document | None) -> Document:
    return {"options": {}}


def _no_link(_asked: Document, _connection: Document | None) -> Document:
    return {"answer": {}}


_DOES: dict[str, Any] = {
    "page": _page,
    "admin_post": _admin_post,
    "rest": _rest,
    "comment": _comment,
    "fulfilled": _fulfilled,
    "uninstall": _uninstall,
    "order_actions": _no_link,
    "order_page": _no_link,
}


def _nonce(asked: Document) -> str:
    text = f"afterglow_open|{asked['user']}".encode()
    return hmac.new(asked["salt"].encode(), text, hashlib.sha256).hexdigest()[:10]


def _token(claims: Document, secret: str) -> str:
    parts = [_base64url(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims)]
    mac = hmac.new(secret.encode(), ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, _base64url(mac)])


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
