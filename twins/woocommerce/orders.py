"""What happens to orders: creation, status changes with their side effects, notes, trash.

Fires what the live store fired: a created order gives `order.created` and `order.updated`, a
checkout draft only `order.updated`; when it is placed, `order.updated` comes before
`order.created`; the trash gives `order.deleted`, deletion for good gives nothing; notes nothing.
"""

from twins.common.state import Document
from twins.woocommerce import coupons, order_lines, refunds, stock
from twins.woocommerce.errors import WpError, invalid_id
from twins.woocommerce.order_payload import (
    EMPTY_BILLING,
    EMPTY_SHIPPING,
    needs_processing,
    refunds_of,
)
from twins.woocommerce.store import Store, random_text, set_meta

_PLAIN = (
    "currency",
    "customer_id",
    "payment_method",
    "payment_method_title",
    "transaction_id",
    "customer_note",
    "customer_ip_address",
    "customer_user_agent",
    "created_via",
)
_STOCK_TAKEN = ("processing", "completed", "on-hold")
_STOCK_GIVEN_BACK = ("cancelled", "pending")
_STATUS_NAMES = {"pending": "Pending payment", "checkout-draft": "Draft"}


def create(store: Store, data: Document, created_via: str) -> Document:
    """Create an order from REST or checkout data; raises WpError for bad references."""
    now = store.now()
    order: Document = {
        "id": store.state.next_id("post", start=10),
        "status": data.get("status") or "pending",
        "currency": store.config.currency,
        "date_created_gmt": now,
        "date_modified_gmt": now,
        "customer_id": 0,
        "order_key": f"wc_order_{random_text(13)}",
        "billing": EMPTY_BILLING,
        "shipping": EMPTY_SHIPPING,
        "payment_method": "",
        "payment_method_title": "",
        "transaction_id": "",
        "customer_ip_address": "",
        "customer_user_agent": "",
        "created_via": created_via,
        "customer_note": "",
        "date_completed_gmt": None,
        "date_paid_gmt": None,
        "cart_hash": random_text(32).lower() if created_via == "store-api" else "",
        "meta_data": [],
        "line_items": [],
        "shipping_lines": [],
        "fee_lines": [],
        "coupon_lines": [],
        "stock_taken": False,
        "status_before_trash": None,
    }
    _apply(store, order, data)
    _enter_status(store, order)
    store.state.put("order", order["id"], order)
    if order["status"] != "checkout-draft":
        store.fire("order.created", order["id"])
    store.fire("order.updated", order["id"])
    _after_status(store, order)
    if data.get("set_paid") is True:
        pay(store, order["id"], str(data.get("transaction_id", "")))
    return read(store, order["id"])


def read(store: Store, order_id: int) -> Document:
    """Return an order; raises WpError 404."""
    order = store.state.get("order", order_id)
    if order is None:
        raise invalid_id("shop_order")
    return order


def update(store: Store, order_id: int, data: Document) -> Document:
    """Change an order; fires `order.updated` even if nothing changed."""
    order = read(store, order_id)
    _apply(store, order, data)
    if data.get("set_paid") is True and order["status"] in ("pending", "failed", "on-hold"):
        order["transaction_id"] = data.get("transaction_id", order["transaction_id"])
        order["date_paid_gmt"] = order["date_paid_gmt"] or store.now()
        data = {"status": _paid_status(store, order)} | data
    return change_status(store, order, data.get("status") or order["status"])


def pay(store: Store, order_id: int, transaction_id: str = "") -> Document:
    """Complete the payment: processing, or completed when nothing has to be sent."""
    order = read(store, order_id)
    order["date_paid_gmt"] = order["date_paid_gmt"] or store.now()
    order["transaction_id"] = transaction_id or order["transaction_id"]
    return change_status(store, order, _paid_status(store, order))


def change_status(store: Store, order: Document, status: str) -> Document:
    """Save the order with a status and do what comes with a new one."""
    before = order["status"]
    order["status"] = status
    changed = status != before
    if changed:
        _enter_status(store, order)
    save(store, order)
    if changed:
        if before == "checkout-draft":
            store.fire("order.created", order["id"])
        note = f"Order status changed from {_name(before)} to {_name(status)}."
        add_note(store, order["id"], note)
        _after_status(store, order)
    return read(store, order["id"])


def save(store: Store, order: Document) -> None:
    """Store a changed order and fire `order.updated`."""
    order["date_modified_gmt"] = store.now()
    store.state.put("order", order["id"], order)
    store.fire("order.updated", order["id"])


def trash(store: Store, order_id: int) -> Document:
    """Move an order to the trash: `order.deleted`."""
    order = read(store, order_id)
    order["status_before_trash"], order["status"] = order["status"], "trash"
    order["date_modified_gmt"] = store.now()
    store.state.put("order", order_id, order)
    store.fire("order.deleted", order_id)
    return order


def restore(store: Store, order_id: int) -> Document:
    """Take an order out of the trash: `order.restored`."""
    order = read(store, order_id)
    order["status"] = order["status_before_trash"] or order["status"]
    order["date_modified_gmt"] = store.now()
    store.state.put("order", order_id, order)
    store.fire("order.restored", order_id)
    return order


def delete(store: Store, order_id: int) -> None:
    """Delete an order for good; no webhook tells of it."""
    for refund in refunds_of(store, order_id):
        store.state.delete("refund", refund["id"])
    store.state.delete("order", order_id)


def add_note(
    store: Store, order_id: int, text: str, customer_note: bool = False, author: str = "system"
) -> Document:
    """Add an order note; no webhook tells of it."""
    note: Document = {
        "id": store.state.next_id("comment"),
        "order_id": order_id,
        "author": author,
        "date_created_gmt": store.now(),
        "note": text,
        "customer_note": customer_note,
    }
    store.state.put("note", note["id"], note)
    return note


def _apply(store: Store, order: Document, data: Document) -> None:
    for name in _PLAIN:
        if data.get(name) is not None:
            order[name] = data[name]
    if order["customer_id"] and store.state.get("customer", order["customer_id"]) is None:
        raise WpError("woocommerce_rest_invalid_customer_id", "Customer ID is invalid.", 400)
    for name in ("billing", "shipping"):
        known = {k: str(v) for k, v in (data.get(name) or {}).items() if k in order[name]}
        order[name] = order[name] | known
    for line in data.get("line_items") or []:
        order_lines.apply_line(store, order, line)
    for line in data.get("shipping_lines") or []:
        order["shipping_lines"].append(order_lines.shipping_line(store, line))
    for line in data.get("fee_lines") or []:
        order["fee_lines"].append(order_lines.fee_line(store, line))
    for line in data.get("coupon_lines") or []:
        coupons.apply(store, order, str(line.get("code", "")))
    set_meta(store, order, data.get("meta_data") or [])


def _paid_status(store: Store, order: Document) -> str:
    # The cash-on-delivery gateway declares an order paid only once it is completed.
    if order["payment_method"] == "cod" or not needs_processing(store, order):
        return "completed"
    return "processing"


def _enter_status(store: Store, order: Document) -> None:
    status = order["status"]
    paid_status = _paid_status(store, order)
    if order["date_paid_gmt"] is None and (
        status == paid_status or (paid_status == "processing" and status == "completed")
    ):
        order["date_paid_gmt"] = store.now()
    if status == "completed":
        order["date_completed_gmt"] = store.now()


def _after_status(store: Store, order: Document) -> None:
    status = order["status"]
    store.fire(f"action.woocommerce_order_status_{status}", order["id"])
    if status in _STOCK_TAKEN and not order["stock_taken"]:
        stock.take(store, order)
        coupons.count_use(store, order, +1)
    elif status in _STOCK_GIVEN_BACK and order["stock_taken"]:
        stock.give_back(store, order)
        coupons.count_use(store, order, -1)
    elif status == "refunded" and refunds.left(store, order) > 0:
        refunds.refund_rest(store, order)


def _name(status: str) -> str:
    return _STATUS_NAMES.get(status, status.replace("-", " ").capitalize())
