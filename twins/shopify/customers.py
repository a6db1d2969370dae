"""Customers: created by checkouts, changed by merchant, buyer and app."""

from typing import TYPE_CHECKING

from twins.common.state import Document
from twins.shopify import order_facts as facts
from twins.shopify.addresses import make_address
from twins.shopify.errors import ActionError
from twins.shopify.formats import gid
from twins.shopify.payloads.customer import consent_body, customer_body
from twins.shopify.shop import Shop

if TYPE_CHECKING:
    from twins.shopify.checkout import Checkout


def create_customer(shop: Shop, email: str, **given: object) -> Document:
    """Store a customer without firing a webhook; `given` overrides the defaults."""
    customer: Document = {
        "id": shop.next_id(),
        "email": email,
        "first_name": None,
        "last_name": None,
        "locale": "en",
        "tags": [],
        "note": None,
        "state": "disabled",
        "created_at": shop.stamp(),
        "updated_at": shop.stamp(),
        "address": None,
        "consent": {"state": "not_subscribed", "opt_in_level": None, "updated_at": None},
    } | given
    shop.put("customer", customer)
    _note_email(shop, customer)
    return customer


def _note_email(shop: Shop, customer: Document) -> None:
    """Keep the way from an address to its customer; what it says is checked when it is used."""
    shop.put("email", {"id": customer["email"].lower(), "customer_id": customer["id"]})


def customer_for_checkout(
    shop: Shop, checkout: "Checkout", at: str
) -> tuple[Document | None, bool]:
    """Return the customer of a checkout's e-mail and whether it is new (None without e-mail)."""
    if not checkout.email:
        return None, False
    customer = find_by_email(shop, checkout.email)
    is_new = customer is None
    if customer is None:
        customer = create_customer(shop, checkout.email, created_at=at, locale=checkout.locale)
    customer["first_name"] = checkout.first_name or customer["first_name"]
    customer["last_name"] = checkout.last_name or customer["last_name"]
    if checkout.country:
        names = (customer["first_name"], customer["last_name"])
        customer["address"] = make_address(shop, checkout.country, *names)
    if checkout.accepts_marketing:
        customer["consent"] = _consent("subscribed", "single_opt_in", at)
    customer["updated_at"] = shop.stamp()
    shop.put("customer", customer)
    return customer, is_new


def find_by_email(shop: Shop, email: str) -> Document | None:
    """Return the customer with that address, whatever its case."""
    wanted = email.strip().lower()
    noted = shop.get("email", wanted)
    customer = shop.get("customer", noted["customer_id"]) if noted else None
    return customer if customer and customer["email"].lower() == wanted else None


def find_customer(shop: Shop, customer_id: int) -> Document:
    """Return a customer; raises ActionError if the shop has none of that id."""
    customer = shop.get("customer", customer_id)
    if customer is None:
        raise ActionError(f"The shop has no customer {customer_id}.")
    return customer


def orders_of(shop: Shop, customer: Document) -> list[Document]:
    """Return a customer's orders, oldest first."""
    noted = shop.get("customer-orders", customer["id"]) or {"order_ids": []}
    found = [shop.get("order", order_id) for order_id in noted["order_ids"]]
    return [order for order in found if order]


def note_order(shop: Shop, customer_id: int, order_id: int) -> None:
    """Count an order as one of the customer's."""
    noted = shop.get("customer-orders", customer_id) or {"id": customer_id, "order_ids": []}
    noted["order_ids"] = sorted([*noted["order_ids"], order_id])
    shop.put("customer-orders", noted)


def amount_spent(shop: Shop, customer: Document) -> int:
    """What the customer paid and was not given back, minor units."""
    return sum(facts.paid(o) - facts.refunded(o) for o in orders_of(shop, customer))


def set_consent(
    shop: Shop, customer_id: int, state: str, opt_in_level: str | None, at: str | None = None
) -> Document:
    """Change a customer's e-mail marketing consent (lower-case state)."""
    with shop.locked():
        customer = find_customer(shop, customer_id)
        customer["consent"] = _consent(state, opt_in_level, at or shop.stamp())
        _changed(shop, customer, [("customers_email_marketing_consent/update", customer)])
        return customer


def _consent(state: str, opt_in_level: str | None, at: str) -> Document:
    return {"state": state, "opt_in_level": opt_in_level, "updated_at": at}


def register_customer(shop: Shop, customer_id: int) -> Document:
    """Let a guest open an account: the record stays, its state becomes enabled."""
    with shop.locked():
        customer = find_customer(shop, customer_id)
        customer["state"] = "enabled"
        _changed(shop, customer, [])
        return customer


def change_email(shop: Shop, customer_id: int, email: str) -> Document:
    """Give a customer another address; it must be free."""
    with shop.locked():
        customer = find_customer(shop, customer_id)
        other = find_by_email(shop, email)
        if other and other["id"] != customer_id:
            raise ActionError(f"Customer {other['id']} has that address: merge the two.")
        customer["email"] = email
        _note_email(shop, customer)
        _changed(shop, customer, [])
        return customer


def merge_customers(shop: Shop, kept_id: int, deleted_id: int) -> Document:
    """Merge two records of one person; the orders of the second go to the first."""
    with shop.locked():
        kept, deleted = find_customer(shop, kept_id), find_customer(shop, deleted_id)
        if kept_id == deleted_id:
            raise ActionError("A customer cannot be merged with itself.")
        for order in orders_of(shop, deleted):
            shop.put("order", order | {"customer_id": kept_id})
            note_order(shop, kept_id, order["id"])
        shop.delete("customer", deleted_id)
        kept["updated_at"] = shop.stamp()
        shop.put("customer", kept)
        merged = {
            "admin_graphql_api_customer_kept_id": gid("Customer", kept_id),
            "admin_graphql_api_customer_deleted_id": gid("Customer", deleted_id),
            "admin_graphql_api_job_id": gid("Job", shop.next_id()),
            "status": "completed",
            "errors": [],
        }
        shop.emit([("customers/merge", merged), ("customers/update", customer_body(shop, kept))])
        return kept


def delete_customer(shop: Shop, customer_id: int) -> None:
    """Delete a customer; Shopify allows that only without orders."""
    with shop.locked():
        customer = find_customer(shop, customer_id)
        if orders_of(shop, customer):
            raise ActionError("A customer with orders cannot be deleted, only redacted.")
        shop.delete("customer", customer_id)
        body = {
            "id": customer_id,
            "tax_exemptions": [],
            "admin_graphql_api_id": gid("Customer", customer_id),
        }
        shop.emit([("customers/delete", body)])


def _changed(shop: Shop, customer: Document, consent: list[tuple[str, Document]]) -> None:
    customer["updated_at"] = shop.stamp()
    shop.put("customer", customer)
    bodies = [(topic, consent_body(shop, changed)) for topic, changed in consent]
    shop.emit([*bodies, ("customers/update", customer_body(shop, customer))])
