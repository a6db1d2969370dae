"""Customers: registered accounts only; guests live on their orders."""

import hashlib

from twins.common.state import Document
from twins.woocommerce.errors import WpError
from twins.woocommerce.listing import selected
from twins.woocommerce.order_payload import EMPTY_BILLING, EMPTY_SHIPPING
from twins.woocommerce.params import Param, Schema, collection, is_email
from twins.woocommerce.rest import RestRequest, RestResponse, Route, paged
from twins.woocommerce.store import PAID_STATUSES, Store, links, set_meta

WRITABLE: Schema = {
    "email": Param("string"),
    "first_name": Param("string"),
    "last_name": Param("string"),
    "username": Param("string"),
    "password": Param("string"),
    "billing": Param("object"),
    "shipping": Param("object"),
    "meta_data": Param("array"),
}
ADDRESS_KEYS = (
    "first_name",
    "last_name",
    "company",
    "address_1",
    "address_2",
    "city",
    "postcode",
    "country",
    "state",
    "email",
    "phone",
)
EXISTS = "An account is already registered with {}. Please log in or use a different email address."


def unknown_user() -> WpError:
    """Return the answer for a customer that is not there."""
    return WpError("wc_user_invalid_id", "Invalid user ID.", 404)


def create(store: Store, data: Document) -> Document:
    """Register a customer; raises WpError for a bad or known e-mail."""
    email = str(data.get("email", ""))
    if not is_email(email):
        raise WpError("customer_invalid_email", "Invalid email address", 400)
    if any(c["email"].lower() == email.lower() for c in store.state.all("customer")):
        raise WpError("registration-error-email-exists", EXISTS.format(email), 400)
    now = store.now()
    customer: Document = {
        "id": store.state.next_id("user"),
        "date_created_gmt": now,
        "date_modified_gmt": now,
        "email": email,
        "first_name": "",
        "last_name": "",
        "username": data.get("username") or email.partition("@")[0].lower(),
        "billing": EMPTY_BILLING,
        "shipping": EMPTY_SHIPPING,
        "meta_data": [store.new_meta("default_password_nag", "1")],
    }
    _write(store, customer, data)
    store.state.put("customer", customer["id"], customer)
    store.fire("customer.created", customer["id"])
    return customer


def update(store: Store, customer_id: int, data: Document) -> Document:
    """Change a customer; fires `customer.updated`."""
    customer = store.state.get("customer", customer_id)
    if customer is None:
        raise unknown_user()
    _write(store, customer, data)
    customer["date_modified_gmt"] = store.now()
    store.state.put("customer", customer_id, customer)
    store.fire("customer.updated", customer_id)
    return customer


def delete(store: Store, customer_id: int) -> None:
    """Delete an account; fires `customer.deleted`. Its orders stay, without the link."""
    store.state.delete("customer", customer_id)
    store.fire("customer.deleted", customer_id)


def _write(store: Store, customer: Document, data: Document) -> None:
    for name in ("email", "first_name", "last_name"):
        if data.get(name) is not None:
            customer[name] = data[name]
    for name in ("billing", "shipping"):
        known = {k: str(v) for k, v in (data.get(name) or {}).items() if k in customer[name]}
        customer[name] = customer[name] | known
    set_meta(store, customer, data.get("meta_data") or [])


def render_customer(store: Store, customer: Document, base: str) -> Document:
    """Return the customer's JSON; its addresses have postcode, country, state in this order."""
    digest = hashlib.sha256(customer["email"].lower().encode()).hexdigest()
    return {
        "id": customer["id"],
        "date_created": store.local(customer["date_created_gmt"]),
        "date_created_gmt": customer["date_created_gmt"],
        "date_modified": store.local(customer["date_modified_gmt"]),
        "date_modified_gmt": customer["date_modified_gmt"],
        "email": customer["email"],
        "first_name": customer["first_name"],
        "last_name": customer["last_name"],
        "role": "customer",
        "username": customer["username"],
        "billing": _address(customer["billing"]),
        "shipping": _address(customer["shipping"]),
        "is_paying_customer": any(
            order["customer_id"] == customer["id"] and order["status"] in PAID_STATUSES
            for order in store.state.all("order")
        ),
        "avatar_url": f"https://secure.gravatar.com/avatar/{digest}?s=96&d=mm&r=g",
        "meta_data": customer["meta_data"],
        "_links": links(base, f"customers/{customer['id']}", "customers"),
    }


def _address(address: Document) -> Document:
    return {key: address[key] for key in ADDRESS_KEYS if key in address}


def _list(store: Store, request: RestRequest) -> RestResponse:
    email = request.params.get("email")
    found = [
        customer
        for customer in store.state.all("customer")
        if not email or customer["email"].lower() == email.lower()
    ]
    for customer in found:
        customer["name"] = f"{customer['first_name']} {customer['last_name']}".strip()
    found = selected(store, request, found, ("email", "username", "name"))
    return paged(request, found, lambda customer: render_customer(store, customer, request.base))


def _get(store: Store, request: RestRequest) -> RestResponse:
    customer = store.state.get("customer", request.id)
    if customer is None:
        raise unknown_user()
    return RestResponse(render_customer(store, customer, request.base))


def _create(store: Store, request: RestRequest) -> RestResponse:
    customer = create(store, request.params)
    path = f"/wp-json/wc/v3/customers/{customer['id']}"
    return RestResponse(
        render_customer(store, customer, request.base), 201, [("Location", request.base + path)]
    )


def _update(store: Store, request: RestRequest) -> RestResponse:
    customer = update(store, request.id, request.params)
    return RestResponse(render_customer(store, customer, request.base))


def _delete(store: Store, request: RestRequest) -> RestResponse:
    if not request.params["force"]:
        raise WpError(
            "woocommerce_rest_trash_not_supported", "Customers do not support trashing.", 501
        )
    customer = store.state.get("customer", request.id)
    if customer is None:
        raise unknown_user()
    shown = render_customer(store, customer, request.base)
    delete(store, request.id)
    return RestResponse(shown)


ROUTES = [
    Route(
        "GET",
        r"/wc/v3/customers",
        _list,
        collection(("id", "include", "name", "registered_date"), "name")
        | {
            "order": Param("string", default="asc", enum=("asc", "desc")),
            "email": Param("string"),
        },
    ),
    Route(
        "POST", r"/wc/v3/customers", _create, WRITABLE | {"email": Param("string", required=True)}
    ),
    Route("GET", r"/wc/v3/customers/(?P<id>\d+)", _get),
    Route("PUT", r"/wc/v3/customers/(?P<id>\d+)", _update, WRITABLE),
    Route(
        "DELETE",
        r"/wc/v3/customers/(?P<id>\d+)",
        _delete,
        {"force": Param("boolean", default=False)},
    ),
]
