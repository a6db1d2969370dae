"""Core's order withdrawal (WooCommerce 11.1, opt-in there): the form, and the mark that it leaves.

The form finds an order by its number and e-mail. A match gets the meta and a note, and the shop a
mail; without one there is only the mail, which this twin does not send. A second request for the
same order is refused. Left out: the form's nonce and its limit of one request in 30 seconds.
"""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from twins.common.state import Document
from twins.woocommerce import orders
from twins.woocommerce.errors import WpError
from twins.woocommerce.params import is_email
from twins.woocommerce.store import Store, set_meta

REQUESTED = "_order_withdrawal_requested"
TYPES = {"full_order": "The full order", "specific_items_only": "Specific items only"}
_ALREADY = (
    "A withdrawal request has already been submitted for this order. Please contact us if you need"
    " help or want to make changes."
)
_PREFIX = "order_withdrawal_"
_FIELDS = (
    "first_name",
    "last_name",
    "email",
    "email_confirmation",
    "order_number",
    "withdrawal_type",
    "additional_details",
)


def withdraw(store: Store, order_id: int, kind: str) -> Document:
    """Mark an order as core does; `kind` is one of TYPES. Raises WpError."""
    order = orders.read(store, order_id)
    if kind not in TYPES:
        raise WpError("order_withdrawal_type", "Choose what you want to withdraw.", 400)
    if any(meta["key"] == REQUESTED and meta["value"] == "yes" for meta in order["meta_data"]):
        raise WpError("order_withdrawal_requested", _ALREADY, 400)
    set_meta(store, order, [{"key": REQUESTED, "value": "yes"}])
    orders.save(store, order)
    note = f"Order withdrawal requested. Withdrawal type: {TYPES[kind]}."
    orders.add_note(store, order_id, note)
    return order


def withdrawal(store: Store) -> Blueprint:
    """Return the customer's page: form, review, confirmation."""
    blueprint = Blueprint("withdrawal", __name__, template_folder="templates")

    @blueprint.get("/my-account/order-withdrawal/")
    def empty() -> ResponseReturnValue:
        given = dict.fromkeys(_FIELDS, "") | {"withdrawal_type": "full_order"}
        given["order_number"] = request.args.get("order", "")
        return _page(store, "form", given, {})

    @blueprint.post("/my-account/order-withdrawal/")
    def sent() -> ResponseReturnValue:
        given = {name: request.form.get(_PREFIX + name, "").strip() for name in _FIELDS}
        action = request.form.get(_PREFIX + "action", "review")
        errors = {} if action == "edit" else _errors(given)
        if action == "edit" or errors:
            return _page(store, "form", given, errors)
        if action != "confirm":
            return _page(store, "review", given, {})
        try:
            with store.locked():
                order_id = _matching(store, given)
                if order_id is not None:
                    withdraw(store, order_id, given["withdrawal_type"])
        except WpError as error:
            return _page(store, "review", given, {"": error.message})
        return _page(store, "confirmation", given, {})

    return blueprint


def _page(store: Store, screen: str, given: dict[str, str], errors: dict[str, str]) -> str:
    return render_template(
        "withdrawal.html",
        store=store,
        screen=screen,
        given=given,
        errors=errors,
        types=TYPES,
        prefix=_PREFIX,
    )


def _errors(given: dict[str, str]) -> dict[str, str]:
    """Core's own checks and words."""
    same = given["email"].lower() == given["email_confirmation"].lower()
    wanted = given["withdrawal_type"]
    unlisted = wanted == "specific_items_only" and not given["additional_details"]
    checks = {
        "first_name": (given["first_name"], "First name is a required field."),
        "last_name": (given["last_name"], "Last name is a required field."),
        "email": (is_email(given["email"]), "Enter a valid email address."),
        "email_confirmation": (
            given["email_confirmation"] and same,
            "Email addresses do not match."
            if given["email_confirmation"]
            else "Confirm email address is a required field.",
        ),
        "order_number": (given["order_number"], "Order number is a required field."),
        "withdrawal_type": (wanted in TYPES, "Choose what you want to withdraw."),
        "additional_details": (not unlisted, "List the specific items you want to withdraw."),
    }
    return {name: words for name, (right, words) in checks.items() if not right}


def _matching(store: Store, given: dict[str, str]) -> int | None:
    """The order with this number, if it was bought with this address."""
    number = given["order_number"].removeprefix("#").strip()
    order = store.state.get("order", number) if number.isdigit() else None
    if order is None or order["billing"]["email"].lower() != given["email"].lower():
        return None
    return int(order["id"])
