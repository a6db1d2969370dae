"""Coupons: the REST resource with its traps, and what a coupon does to an order.

Codes and e-mails are lower-cased; a malformed e-mail restriction silently disappears; a percentage
above 100 silently becomes 0.00; `date_expires_gmt` and a null `date_expires` are ignored on write;
a plain date means store-local midnight, rubbish means 1970; a trashed coupon's code is free again.
"""

import html
from datetime import datetime
from decimal import Decimal
from typing import Any

from twins.common.state import Document
from twins.woocommerce import php
from twins.woocommerce.errors import WpError, invalid_id
from twins.woocommerce.listing import selected
from twins.woocommerce.params import MODIFIED, Param, Schema, collection, is_email
from twins.woocommerce.rest import RestRequest, RestResponse, Route, paged
from twins.woocommerce.store import Store, links, set_meta

TYPES = ("percent", "fixed_cart", "fixed_product")
_FLAGS = ("individual_use", "free_shipping", "exclude_sale_items")
_NUMBERS = ("usage_limit", "usage_limit_per_user", "limit_usage_to_x_items")
_LISTS = (
    "product_ids",
    "excluded_product_ids",
    "product_categories",
    "excluded_product_categories",
)
_AMOUNTS = ("minimum_amount", "maximum_amount")
WRITABLE: Schema = {
    "code": Param("string"),
    "amount": Param(),
    "discount_type": Param("string", enum=TYPES),
    "description": Param("string"),
    "status": Param("string"),
    "email_restrictions": Param("array"),
    "meta_data": Param("array"),
    **dict.fromkeys(_FLAGS, Param("boolean")),
    **dict.fromkeys(_NUMBERS, Param("integer")),
    **dict.fromkeys(_LISTS, Param("array")),
    **dict.fromkeys(_AMOUNTS, Param("string")),
}


def by_code(store: Store, code: str) -> Document | None:
    """Return the published coupon with that code, whatever its case."""
    wanted = code.strip().lower()
    found = (c for c in store.state.all("coupon") if c["status"] == "publish")
    return next((coupon for coupon in found if coupon["code"] == wanted), None)


def problem(store: Store, coupon: Document | None, code: str, order: Document) -> str | None:
    """Return why an order may not use a coupon, in WooCommerce's words (HTML), or None."""
    code = html.escape(code)
    if coupon is None:
        return f"Coupon &quot;{code}&quot; cannot be applied because it does not exist."
    if coupon["usage_limit"] and coupon["usage_count"] >= coupon["usage_limit"]:
        return f'Usage limit for coupon "{code}" has been reached.'
    if coupon["date_expires_gmt"] and store.now() > coupon["date_expires_gmt"]:
        return f'Coupon "{code}" has expired.'
    subtotal = sum((php.decimal(i["subtotal"]) for i in order["line_items"]), Decimal(0))
    if subtotal < php.decimal(coupon["minimum_amount"]):
        return f'The minimum spend for coupon "{code}" is {coupon["minimum_amount"]}.'
    email = order["billing"]["email"].lower()
    if coupon["email_restrictions"] and email not in coupon["email_restrictions"]:
        return f'Please enter a valid email to use coupon code "{code}".'
    limit = coupon["usage_limit_per_user"]
    if limit and coupon["used_by"].count(_user(order)) >= limit:
        return f'Usage limit for coupon "{code}" has been reached.'
    return None


def apply(store: Store, order: Document, code: str) -> None:
    """Take a coupon's discount off an order's lines; raises WpError when it may not be used."""
    coupon = by_code(store, code)
    why = problem(store, coupon, code, order)
    if why or coupon is None:
        raise WpError("woocommerce_rest_invalid_coupon", why or "", 400)
    discount = Decimal(0)
    base = sum((php.decimal(item["total"]) for item in order["line_items"]), Decimal(0))
    for item in order["line_items"]:
        before = php.decimal(item["total"])
        item["total"] = php.money(max(Decimal(0), before - _off(coupon, item, before, base)))
        discount += before - php.decimal(item["total"])
    amount = php.number(php.decimal(coupon["amount"]))
    info = php.json_encode([coupon["id"], coupon["code"], coupon["discount_type"], amount])
    order["coupon_lines"].append(
        {
            "id": store.state.next_id("item"),
            "code": coupon["code"],
            "discount": str(discount) if discount else "0",
            "discount_tax": "0",
            "meta_data": [store.new_meta("coupon_info", info)],
            "discount_type": coupon["discount_type"],
            "nominal_amount": amount,
            "free_shipping": coupon["free_shipping"],
        }
    )


def _off(coupon: Document, item: Document, total: Decimal, base: Decimal) -> Decimal:
    amount = php.decimal(coupon["amount"])
    if coupon["discount_type"] == "percent":
        return total * amount / 100
    if coupon["discount_type"] == "fixed_product":
        return amount * int(item["quantity"])
    return amount * total / base if base else Decimal(0)


def count_use(store: Store, order: Document, change: int) -> None:
    """Count an order's coupons as used (+1) or free again (-1)."""
    user = _user(order)
    for line in order["coupon_lines"]:
        coupon = by_code(store, line["code"])
        if coupon is None:
            continue
        coupon["usage_count"] += change
        if change > 0:
            coupon["used_by"].append(user)
        elif user in coupon["used_by"]:
            coupon["used_by"].remove(user)
        store.state.put("coupon", coupon["id"], coupon)


def _user(order: Document) -> str:
    return str(order["customer_id"]) if order["customer_id"] else order["billing"]["email"].lower()


def render_coupon(store: Store, coupon: Document, base: str) -> Document:
    """Return the coupon's JSON."""
    return {
        "id": coupon["id"],
        "code": coupon["code"],
        "amount": php.money(coupon["amount"]),
        "status": coupon["status"],
        "date_created": store.local(coupon["date_created_gmt"]),
        "date_created_gmt": coupon["date_created_gmt"],
        "date_modified": store.local(coupon["date_modified_gmt"]),
        "date_modified_gmt": coupon["date_modified_gmt"],
        "discount_type": coupon["discount_type"],
        "description": coupon["description"],
        "date_expires": store.local(coupon["date_expires_gmt"]),
        "date_expires_gmt": coupon["date_expires_gmt"],
        "usage_count": coupon["usage_count"],
        "individual_use": coupon["individual_use"],
        "product_ids": coupon["product_ids"],
        "excluded_product_ids": coupon["excluded_product_ids"],
        "usage_limit": coupon["usage_limit"] or None,
        "usage_limit_per_user": coupon["usage_limit_per_user"] or None,
        "limit_usage_to_x_items": coupon["limit_usage_to_x_items"] or None,
        "free_shipping": coupon["free_shipping"],
        "product_categories": coupon["product_categories"],
        "excluded_product_categories": coupon["excluded_product_categories"],
        "exclude_sale_items": coupon["exclude_sale_items"],
        "minimum_amount": php.money(coupon["minimum_amount"]),
        "maximum_amount": php.money(coupon["maximum_amount"]),
        "email_restrictions": coupon["email_restrictions"],
        "used_by": coupon["used_by"],
        "meta_data": coupon["meta_data"],
        "_links": links(base, f"coupons/{coupon['id']}", "coupons"),
    }


def _list(store: Store, request: RestRequest) -> RestResponse:
    found = [c for c in store.state.all("coupon") if c["status"] != "trash"]
    if request.params.get("code"):
        wanted = request.params["code"].strip().lower()
        found = [coupon for coupon in found if coupon["code"] == wanted]
    found = selected(store, request, found, ("code",))
    return paged(request, found, lambda coupon: render_coupon(store, coupon, request.base))


def _get(store: Store, request: RestRequest) -> RestResponse:
    return RestResponse(render_coupon(store, _read(store, request.id), request.base))


def _create(store: Store, request: RestRequest) -> RestResponse:
    if not request.params["code"].strip():
        raise WpError("woocommerce_rest_empty_coupon_code", "The coupon code cannot be empty.", 400)
    now = store.now()
    coupon: Document = {
        "id": 0,
        "code": "",
        "amount": "0",
        "status": "publish",
        "date_created_gmt": now,
        "date_modified_gmt": now,
        "discount_type": "fixed_cart",
        "description": "",
        "date_expires_gmt": None,
        "usage_count": 0,
        "email_restrictions": [],
        "used_by": [],
        "meta_data": [],
        **dict.fromkeys(_FLAGS, False),
        **dict.fromkeys(_NUMBERS, 0),
        **{name: [] for name in _LISTS},
        **dict.fromkeys(_AMOUNTS, "0"),
    }
    _write(store, coupon, request.params)
    coupon["id"] = store.state.next_id("post", start=10)
    store.state.put("coupon", coupon["id"], coupon)
    store.fire("coupon.created", coupon["id"])
    path = f"/wp-json/wc/v3/coupons/{coupon['id']}"
    return RestResponse(
        render_coupon(store, coupon, request.base), 201, [("Location", request.base + path)]
    )


def _update(store: Store, request: RestRequest) -> RestResponse:
    coupon = _read(store, request.id, missing_status=400)
    _write(store, coupon, request.params)
    coupon["date_modified_gmt"] = store.now()
    store.state.put("coupon", coupon["id"], coupon)
    store.fire("coupon.updated", coupon["id"])
    return RestResponse(render_coupon(store, coupon, request.base))


def _delete(store: Store, request: RestRequest) -> RestResponse:
    coupon = _read(store, request.id)
    shown = render_coupon(store, coupon, request.base)
    if request.params["force"]:
        store.state.delete("coupon", coupon["id"])
        return RestResponse(shown)
    if coupon["status"] == "trash":
        raise WpError(
            "woocommerce_rest_already_trashed", "The shop_coupon has already been deleted.", 410
        )
    store.state.put("coupon", coupon["id"], coupon | {"status": "trash"})
    store.fire("coupon.deleted", coupon["id"])
    return RestResponse(shown | {"status": "trash"})


def _read(store: Store, coupon_id: int, missing_status: int = 404) -> Document:
    coupon = store.state.get("coupon", coupon_id)
    if coupon is None:
        raise invalid_id("shop_coupon", missing_status)
    return coupon


def _write(store: Store, coupon: Document, params: dict[str, Any]) -> None:
    if params.get("code") is not None:
        code = params["code"].strip().lower()
        other = by_code(store, code)
        if other is not None and other["id"] != coupon["id"]:
            raise WpError(
                "woocommerce_rest_coupon_code_already_exists",
                "The coupon code already exists",
                400,
            )
        coupon["code"] = code
    plain = ("discount_type", "description", "status", *_FLAGS, *_NUMBERS, *_LISTS, *_AMOUNTS)
    coupon.update({name: params[name] for name in plain if params.get(name) is not None})
    if params.get("email_restrictions") is not None:
        emails = [str(email).lower() for email in params["email_restrictions"]]
        coupon["email_restrictions"] = [email for email in emails if is_email(email)]
    if params.get("amount") is not None:
        coupon["amount"] = php.money(params["amount"])
        if php.decimal(coupon["amount"]) < 0:
            raise WpError("coupon_invalid_amount", "Invalid discount amount.", 400)
    if coupon["discount_type"] == "percent" and php.decimal(coupon["amount"]) > 100:
        coupon["amount"] = "0.00"
    if params.get("date_expires") is not None:
        coupon["date_expires_gmt"] = _expiry(store, params["date_expires"])
    set_meta(store, coupon, params.get("meta_data") or [])


def _expiry(store: Store, value: Any) -> str | None:
    if not value:
        return None
    text = str(value)
    if text.isdigit():
        return datetime.fromtimestamp(int(text), tz=store.clock.now().tzinfo).strftime(
            "%Y-%m-%dT%H:%M:%S"
        )
    try:
        return store.gmt(text)
    except ValueError:
        return store.gmt("1970-01-01")  # what PHP makes of rubbish


ROUTES = [
    Route(
        "GET",
        r"/wc/v3/coupons",
        _list,
        collection(("date", "id", "include", "title", "slug", "modified"))
        | MODIFIED
        | {"code": Param("string")},
    ),
    Route("POST", r"/wc/v3/coupons", _create, WRITABLE | {"code": Param("string", required=True)}),
    Route("GET", r"/wc/v3/coupons/(?P<id>\d+)", _get),
    Route("PUT", r"/wc/v3/coupons/(?P<id>\d+)", _update, WRITABLE),
    Route(
        "DELETE",
        r"/wc/v3/coupons/(?P<id>\d+)",
        _delete,
        {"force": Param("boolean", default=False)},
    ),
]
