"""Messages about the installation and about privacy; they end or erase, so they must agree.

The shop's name and the topic in the headers are not covered by the signature, the body is: a
message that ends an installation or erases data counts only if its body names the same shop, and is
not what deliveries of another topic look like.
"""

from app.domain.errors import BadPayload
from app.domain.snapshots import Control, ControlMessage, Person
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.shop_domain import valid_shop_domain


def uninstalled(body: Fields, shop_domain: str) -> ControlMessage:
    """`app/uninstalled`: the body is the shop."""
    _require_same_shop(body.text_or_none("myshopify_domain"), shop_domain)
    return ControlMessage(Control.UNINSTALLED)


def scopes_updated(body: Fields) -> ControlMessage:
    """`app/scopes_update`; the body names the shop only by number."""
    return ControlMessage(Control.SCOPES_CHANGED, scopes=body.texts("current"))


def shop_updated() -> ControlMessage:
    """`shop/update`: only a hint to read the shop again."""
    return ControlMessage(Control.SHOP_CHANGED)


def data_request(body: Fields, shop_domain: str) -> ControlMessage:
    """`customers/data_request`: what we hold of one customer, for the merchant."""
    return _about_customer(body, shop_domain, Control.DATA_REQUEST, "orders_requested")


def customer_redact(body: Fields, shop_domain: str) -> ControlMessage:
    """`customers/redact`: erase one customer."""
    _require_no_other(body, "orders_requested", "data_request")
    return _about_customer(body, shop_domain, Control.CUSTOMER_REDACT, "orders_to_redact")


def shop_redact(body: Fields, shop_domain: str) -> ControlMessage:
    """`shop/redact`, 48 hours after uninstalling: erase everything."""
    _require_same_shop(body.text_or_none("shop_domain"), shop_domain)
    _require_no_other(body, "customer", "orders_requested", "orders_to_redact")
    return ControlMessage(Control.SHOP_REDACT)


def _about_customer(
    body: Fields, shop_domain: str, control: Control, orders: str
) -> ControlMessage:
    _require_same_shop(body.text_or_none("shop_domain"), shop_domain)
    customer = body.node("customer")
    person = Person(
        email=customer.text_or_none("email"),
        phone=customer.text_or_none("phone"),
        customer_id=customer.id_or_none("id"),
    )
    return ControlMessage(control, customer=person, order_ids=body.ids(orders))


def _require_same_shop(named: str | None, shop_domain: str) -> None:
    if valid_shop_domain(named) != shop_domain:
        raise BadPayload("the body does not name the shop that the header names")


def _require_no_other(body: Fields, *keys: str) -> None:
    if any(key in body for key in keys):
        raise BadPayload("the body belongs to another topic than the header names")
