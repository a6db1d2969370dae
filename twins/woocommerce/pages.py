"""The merchant's page `/wp-admin/` and the control page `/_twin/`, for people at the demo."""

from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from twins.common.clock import ClockMovedBackError
from twins.common.delivery import DeliveryQueue
from twins.common.state import Document
from twins.woocommerce import auth, checkout, customers, reviews
from twins.woocommerce.control import MOVES, TRACKING
from twins.woocommerce.errors import WpError
from twins.woocommerce.order_page import order_page
from twins.woocommerce.order_payload import refunds_of, total
from twins.woocommerce.plugin_host import PluginHost
from twins.woocommerce.store import Store
from twins.woocommerce.wp_admin import PAGE, plugin_page

DAY_SECONDS = 86_400
SHOWN_ATTEMPTS = 25


def pages(store: Store, deliveries: DeliveryQueue, host: PluginHost) -> Blueprint:
    """Return both pages; their buttons post to `/_twin/do/…` and come back."""
    blueprint = Blueprint("pages", __name__, template_folder="templates")

    @blueprint.get("/wp-admin/")
    def merchant() -> ResponseReturnValue:
        return _merchant_page(store)

    @blueprint.get("/wp-admin/admin.php")
    def admin_page() -> ResponseReturnValue:
        if request.args.get("page") == PAGE and host.active:
            return plugin_page(store, host)
        if request.args.get("page") != "wc-orders" or "id" not in request.args:
            return redirect("/wp-admin/")
        order = store.state.get("order", request.args.get("id", 0, type=int))
        if order is None:
            abort(404)
        return order_page(store, order, _moves(order))

    @blueprint.get("/_twin/")
    def control() -> ResponseReturnValue:
        return _control_page(store, deliveries)

    @blueprint.post("/_twin/do/order/<int:order_id>/<move>")
    def do_order(order_id: int, move: str) -> ResponseReturnValue:
        try:
            with store.locked():
                MOVES[move](store, order_id, request.form.to_dict())
        except WpError as error:
            return _merchant_page(store, error.message)
        return redirect("/wp-admin/", 303)

    @blueprint.post("/_twin/do/review/<int:review_id>/<status>")
    def do_review(review_id: int, status: str) -> ResponseReturnValue:
        with store.locked():
            review = store.state.get("review", review_id)
            if review is not None and status in reviews.STATUSES:
                reviews.change(store, review, {"status": status})
        return redirect("/wp-admin/", 303)

    _control_forms(blueprint, store, deliveries)
    return blueprint


def _control_forms(blueprint: Blueprint, store: Store, deliveries: DeliveryQueue) -> None:
    @blueprint.post("/_twin/do/customer")
    def do_customer() -> ResponseReturnValue:
        consent = "1" if "consent" in request.form else "0"
        meta = {"meta_data": [{"key": checkout.CONSENT, "value": consent}]}
        try:
            with store.locked():
                customers.create(store, request.form.to_dict() | meta)
        except WpError as error:
            return _control_page(store, deliveries, problem=error.message)
        return redirect("/_twin/", 303)

    @blueprint.post("/_twin/do/key")
    def do_key() -> ResponseReturnValue:
        with store.locked():
            key = auth.create_key(store, 1, "control page", "read_write")
        return _control_page(store, deliveries, key=key)

    @blueprint.post("/_twin/do/clock")
    def do_clock() -> ResponseReturnValue:
        days = request.form.get("days", 0.0, type=float)
        try:
            store.clock.set_offset(store.clock.offset_seconds + days * DAY_SECONDS)
        except ClockMovedBackError as error:
            return _control_page(store, deliveries, problem=str(error))
        return redirect("/_twin/", 303)

    @blueprint.post("/_twin/do/deliveries/<move>")
    def do_deliveries(move: str) -> ResponseReturnValue:
        attempt_id = request.form.get("attempt", 0, type=int)
        if move == "hold":
            deliveries.hold()
        elif move == "release":
            deliveries.release(reverse="reversed" in request.form)
        elif move == "resend":
            deliveries.resend(attempt_id)
        elif move == "forge":
            deliveries.forge(attempt_id)
        return redirect("/_twin/", 303)


def _merchant_page(store: Store, problem: str = "") -> str:
    newest = store.state.all("order")[::-1]
    return render_template(
        "merchant.html",
        store=store,
        problem=problem,
        orders=[_row(store, order) for order in newest if order["status"] != "checkout-draft"],
        coupons=store.state.all("coupon")[::-1],
        reviews=store.state.all("review")[::-1],
        names={product["id"]: product["name"] for product in store.state.all("product")},
    )


def _shipped(order: Document) -> bool:
    return any(meta["key"] == TRACKING for meta in order["meta_data"])


def _moves(order: Document) -> tuple[str, ...]:
    """Return what a merchant may do next."""
    moves = {
        "pending": ("pay", "cancel"),
        "on-hold": ("pay", "cancel"),
        "processing": (
            "deliver" if _shipped(order) else "fulfil",
            "complete",
            "refund",
            "cancel",
        ),
        "completed": ("deliver", "refund", "trash"),
        "delivered": ("complete", "refund", "trash"),
        "trash": ("restore", "delete"),
    }
    return moves.get(order["status"], ("trash",))


def _row(store: Store, order: Document) -> dict[str, Any]:
    return {
        "order": order,
        "total": total(order),
        "refunded": sum(float(refund["amount"]) for refund in refunds_of(store, order["id"])),
        "shipped": _shipped(order),
        "moves": _moves(order),
    }


def _control_page(
    store: Store, deliveries: DeliveryQueue, key: Document | None = None, problem: str = ""
) -> str:
    return render_template(
        "control.html",
        store=store,
        key=key,
        problem=problem,
        summary=deliveries.summary(),
        attempts=deliveries.attempts()[::-1][:SHOWN_ATTEMPTS],
        webhooks=store.state.all("webhook"),
        customers=store.state.all("customer"),
        faults=store.faults.as_json(),
    )
