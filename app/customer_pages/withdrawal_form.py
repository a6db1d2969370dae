"""A declaration of withdrawal without HTTP: read from what was sent, checked; and its receipt.

The receipt travels sealed in the address of its page. So the page can be opened again without
declaring again, and looks the same whether or not an order was matched.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime

from app.customer_pages.fields import Errors, address_error, line, plain
from app.db.crypto import Keyring
from app.db.shops import Shop
from app.domain.errors import Bug
from app.i18n import N_

LONGEST_NAME = 120  # characters
LONGEST_NUMBER = 64
LONGEST_GOODS = 500  # so that the receipt's address stays below what proxies take
_KIND = "withdrawal"
_FORM = "withdrawal form"


@dataclass(slots=True)
class Form:
    """What identifies the person and the contract, and where the receipt goes."""

    name: str = ""
    email: str = ""
    number: str = ""
    goods: str = ""
    errors: Errors = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was declared, when it arrived, and as what it is kept."""

    name: str
    email: str
    number: str
    goods: str
    at: datetime
    return_name: str = ""


def sent(fields: Mapping[str, str]) -> Form:
    """The form as it was sent, with whatever is wrong with it."""
    form = Form(
        name=line(fields.get("name", ""), LONGEST_NAME),
        email=line(fields.get("email", "")),
        number=line(fields.get("number", ""), LONGEST_NUMBER),
        goods=plain(fields.get("goods", "")),
    )
    if not form.name:
        form.errors.append(("name", N_("Enter your name.")))
    if not form.number and not form.goods:
        missing = N_("Enter the order number, or write below what you ordered and when.")
        form.errors.append(("number", missing))
    if len(form.goods) > LONGEST_GOODS:
        form.errors.append(("goods", N_("Shorten this to 500 characters.")))
    if wrong := address_error(form.email):
        form.errors.append(("email", wrong))
    return form


def carried(keyring: Keyring, shop: Shop, form: Form) -> str:
    """What was filled in as a part of an address, from one page to the next."""
    content = [form.name, form.email, form.number, form.goods]
    return urlsafe_b64encode(keyring.seal_json([_FORM, shop.public_ref, content])).decode("ascii")


def carried_on(keyring: Keyring, shop: Shop, token: str) -> Form | None:
    """The same read back; None if it is none of this shop, or was altered."""
    try:
        kind, ref, content = keyring.open_json(urlsafe_b64decode(token))
    except (Bug, ValueError, TypeError):
        return None
    return Form(*content) if (kind, ref) == (_FORM, shop.public_ref) else None


def sealed(keyring: Keyring, shop: Shop, receipt: Receipt) -> str:
    """The receipt as a part of an address that nobody else can read or make."""
    content = {**asdict(receipt), "at": receipt.at.isoformat()}
    return urlsafe_b64encode(keyring.seal_json([_KIND, shop.public_ref, content])).decode("ascii")


def opened(keyring: Keyring, shop: Shop, token: str) -> Receipt | None:
    """The receipt; None if it is none of this shop, or was altered."""
    try:
        kind, ref, content = keyring.open_json(urlsafe_b64decode(token))
    except (Bug, ValueError, TypeError):
        return None
    if (kind, ref) != (_KIND, shop.public_ref):
        return None
    return Receipt(**{**content, "at": datetime.fromisoformat(content["at"])})
