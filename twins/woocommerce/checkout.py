"""Orders as the block checkout makes them: a draft first, placed in a second request.

Two choices where WooCommerce has no single answer:

- *Language*: the meta `wpml_language` that WPML writes on orders.
- *Marketing consent*: a checkbox `afterglow/marketing-consent` of WooCommerce's additional
  checkout fields, kept as order (and customer) meta `_wc_other/afterglow/marketing-consent`, "1"
  ticked or "0" not. Orders made by REST do not have it.
"""

import hashlib
from typing import Any

from twins.common.state import Document
from twins.woocommerce import coupons, orders, php
from twins.woocommerce.store import Store, set_meta

CONSENT = "_wc_other/afterglow/marketing-consent"
LANGUAGE = "wpml_language"
SHIPPING_PRICE = "3.90"
GATEWAYS = {
    "card": "Card payment",
    "bacs": "Direct bank transfer",
    "cod": "Cash on delivery",
}
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36"


def draft(store: Store, items: list[Document], country: str) -> Document:
    """Return the draft that opening the checkout page makes."""
    place = {"country": country}
    hashes = ("_shipping_hash", "_coupons_hash", "_fees_hash", "_taxes_hash")
    meta = [{"key": key, "value": _digest(key, items)} for key in hashes]
    return orders.create(
        store,
        {
            "status": "checkout-draft",
            "billing": place,
            "shipping": place,
            "payment_method": "bacs",
            "customer_ip_address": "127.0.0.1",
            "customer_user_agent": USER_AGENT,
            "line_items": items,
            "meta_data": [*meta, {"key": "is_vat_exempt", "value": "no"}],
        },
        "store-api",
    )


def place(store: Store, order_id: int, data: dict[str, Any]) -> Document:
    """Place a draft with `billing`, `payment_method`, `language`, `consent`, `coupon`.

    Cash on delivery goes to processing unpaid, a bank transfer waits on hold, a card is paid.
    """
    order = orders.read(store, order_id)
    method = data.get("payment_method") or "card"
    order["billing"] = order["billing"] | data["billing"]
    address = {k: v for k, v in order["billing"].items() if k in order["shipping"]}
    order["shipping"] = order["shipping"] | address
    order["customer_id"] = int(data.get("customer_id") or 0)
    order["payment_method"] = method
    order["payment_method_title"] = GATEWAYS.get(method, method)
    order["shipping_lines"] = [_flat_rate(store, order)]
    if data.get("coupon"):
        coupons.apply(store, order, data["coupon"])
    consent = "1" if data.get("consent") else "0"
    set_meta(store, order, [{"key": CONSENT, "value": consent}])
    if data.get("language"):
        set_meta(store, order, [{"key": LANGUAGE, "value": data["language"]}])
    order = orders.change_status(store, order, "pending")
    if method == "card":
        digest = _digest(str(order_id), [])
        return orders.pay(store, order_id, f"ch_{digest[:24]}")
    return orders.change_status(store, order, "on-hold" if method == "bacs" else "processing")


def _flat_rate(store: Store, order: Document) -> Document:
    items = ", ".join(f"{i['name']} &times; {i['quantity']}" for i in order["line_items"])
    return {
        "id": store.state.next_id("item"),
        "method_title": "Flat rate",
        "method_id": "flat_rate",
        "instance_id": "1",
        "total": SHIPPING_PRICE,
        "total_tax": "0.00",
        "taxes": [],
        "tax_status": "taxable",
        "meta_data": [store.new_meta("Items", items)],
    }


def _digest(key: str, items: list[Document]) -> str:
    return hashlib.md5((key + php.json_encode(items)).encode()).hexdigest()
