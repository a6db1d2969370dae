"""REST `webhooks`.

As measured: the status sent at creation is ignored; an omitted secret becomes random and no
answer ever contains it; the ping is sent inside the request; `active` again keeps failure_count;
only deletion with force works.
"""

import re
from typing import Any
from urllib.parse import urlsplit

from twins.common.state import Document
from twins.woocommerce.errors import WpError, invalid_id
from twins.woocommerce.hookshot import Hookshot
from twins.woocommerce.listing import selected
from twins.woocommerce.params import Param, Schema, collection
from twins.woocommerce.rest import RestRequest, RestResponse, Route, paged
from twins.woocommerce.store import Store, links, random_text

STATUSES = ("active", "paused", "disabled")
HOOKS = {
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
    "product.created": [
        "woocommerce_process_product_meta",
        "woocommerce_new_product",
        "woocommerce_new_product_variation",
    ],
    "product.updated": [
        "woocommerce_process_product_meta",
        "woocommerce_update_product",
        "woocommerce_update_product_variation",
    ],
    "product.deleted": ["wp_trash_post"],
    "product.published": ["woocommerce_product_published"],
    "product.restored": ["untrashed_post"],
    "customer.created": [
        "user_register",
        "woocommerce_created_customer",
        "woocommerce_new_customer",
    ],
    "customer.updated": ["profile_update", "woocommerce_update_customer"],
    "customer.deleted": ["delete_user"],
    "coupon.created": ["woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"],
    "coupon.updated": ["woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"],
    "coupon.deleted": ["wp_trash_post"],
    "coupon.restored": ["untrashed_post"],
}
WRITABLE: Schema = {
    "name": Param("string"),
    "status": Param("string", enum=STATUSES),
    "topic": Param("string"),
    "delivery_url": Param("string"),
    "secret": Param("string"),
}


def hooks_of(topic: str) -> list[str] | None:
    """Return the WordPress hooks of a topic, None for an invalid one."""
    if re.fullmatch(r"action\.(woocommerce|wc)_\w+", topic):
        return [topic.split(".", 1)[1]]
    return HOOKS.get(topic)


def render_webhook(store: Store, webhook: Document, base: str) -> Document:
    """Return the webhook's JSON; it never has the secret or the failure count."""
    resource, event = webhook["topic"].split(".", 1)
    return {
        "id": webhook["id"],
        "name": webhook["name"],
        "status": webhook["status"],
        "topic": webhook["topic"],
        "resource": resource,
        "event": event,
        "hooks": hooks_of(webhook["topic"]),
        "delivery_url": webhook["delivery_url"],
        "date_created": store.local(webhook["date_created_gmt"]),
        "date_created_gmt": webhook["date_created_gmt"],
        "date_modified": store.local(webhook["date_modified_gmt"]),
        "date_modified_gmt": webhook["date_modified_gmt"],
        "_links": links(base, f"webhooks/{webhook['id']}", "webhooks"),
    }


def _list(store: Store, request: RestRequest) -> RestResponse:
    wanted = request.params["status"]
    found = [w for w in store.state.all("webhook") if wanted in ("all", w["status"])]
    found = selected(store, request, found, ("name",))
    return paged(request, found, lambda webhook: render_webhook(store, webhook, request.base))


def _get(store: Store, request: RestRequest) -> RestResponse:
    webhook = store.state.get("webhook", request.id)
    if webhook is None:
        raise invalid_id("shop_webhook", message="ID is invalid.")
    return RestResponse(render_webhook(store, webhook, request.base))


_REQUIRED: Schema = {
    "topic": Param("string", required=True),
    "delivery_url": Param("string", required=True),
}


def _check(params: dict[str, Any], creating: bool) -> None:
    topic, url = str(params.get("topic") or ""), str(params.get("delivery_url") or "")
    if (topic or creating) and hooks_of(topic.lower()) is None:
        raise WpError(
            "woocommerce_rest_shop_webhook_invalid_topic",
            f"Webhook topic {'is required and ' if creating else ''}must be valid.",
            400,
        )
    valid_url = urlsplit(url).scheme in ("http", "https") and urlsplit(url).hostname
    if (url or creating) and not valid_url:
        raise WpError(
            "woocommerce_rest_shop_webhook_invalid_delivery_url",
            "Webhook delivery URL must be a valid URL starting with http:// or https://.",
            400,
        )


def _create(store: Store, request: RestRequest, hookshot: Hookshot) -> RestResponse:
    params = request.params
    _check(params, creating=True)
    now = store.now()
    created = store.clock.now().strftime("%b %d, %Y @ %I:%M %p")
    webhook = {
        "id": store.state.next_id("webhook"),
        "name": params.get("name") or f"Webhook created on {created}",
        "status": "active",
        "topic": params["topic"].lower(),
        "delivery_url": params["delivery_url"],
        "secret": params.get("secret") or random_text(50),
        "user_id": request.user["id"] if request.user else 0,
        "failure_count": 0,
        "pending_delivery": True,
        "date_created_gmt": now,
        "date_modified_gmt": None,
    }
    store.state.put("webhook", webhook["id"], webhook)
    path = f"/wp-json/wc/v3/webhooks/{webhook['id']}"
    return RestResponse(
        render_webhook(store, webhook, request.base),
        201,
        [("Location", request.base + path)],
        after=lambda: hookshot.ping(webhook["id"]),
    )


def _update(store: Store, request: RestRequest, hookshot: Hookshot) -> RestResponse:
    webhook = store.state.get("webhook", request.id)
    if webhook is None:
        raise invalid_id("shop_webhook", 400, "ID is invalid.")
    _check(request.params, creating=False)
    for name in WRITABLE:
        if request.params.get(name):
            webhook[name] = request.params[name]
    webhook["date_modified_gmt"] = store.now()
    store.state.put("webhook", webhook["id"], webhook)
    after = (lambda: hookshot.ping(webhook["id"])) if webhook["pending_delivery"] else None
    return RestResponse(render_webhook(store, webhook, request.base), after=after)


def _delete(store: Store, request: RestRequest) -> RestResponse:
    if not request.params["force"]:
        raise WpError(
            "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.", 501
        )
    if store.state.get("webhook", request.id) is None:
        raise invalid_id("shop_webhook")
    shown = _get(store, request)
    store.state.delete("webhook", request.id)
    return shown


def routes(hookshot: Hookshot) -> list[Route]:
    """Return the routes; creation and change ping through `hookshot`."""
    return [
        Route(
            "GET",
            r"/wc/v3/webhooks",
            _list,
            collection(("date", "id", "title"))
            | {"status": Param("string", default="all", enum=("all", *STATUSES))},
        ),
        Route(
            "POST",
            r"/wc/v3/webhooks",
            lambda store, request: _create(store, request, hookshot),
            WRITABLE | _REQUIRED,
        ),
        Route("GET", r"/wc/v3/webhooks/(?P<id>\d+)", _get),
        Route(
            "PUT",
            r"/wc/v3/webhooks/(?P<id>\d+)",
            lambda store, request: _update(store, request, hookshot),
            WRITABLE,
        ),
        Route(
            "DELETE",
            r"/wc/v3/webhooks/(?P<id>\d+)",
            _delete,
            {"force": Param("boolean", default=False)},
        ),
    ]
