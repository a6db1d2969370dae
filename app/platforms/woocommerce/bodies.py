"""The parts of WooCommerce's JSON that we read, checked where they enter.

PHP writes an empty object as `[]`, a missing id as 0 or "", numbers as text and the reverse;
plugins add to that. Everything else that does not fit is refused, never guessed.
"""

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.domain.errors import BadPayload
from app.domain.ids import LONGEST_ID
from app.domain.places import country_code

_MOST = 10**9  # of anything in one order


def _utc(value: object) -> object:
    """`*_gmt` times carry no zone and are UTC; an empty one is none."""
    if value in ("", None):
        return None
    moment = datetime.fromisoformat(str(value))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def moment(value: object) -> datetime | None:
    """A time that somebody wrote into metadata, as UTC; None if it is none."""
    try:
        found = _utc(value)
    except (ValueError, OverflowError):
        return None
    return found if isinstance(found, datetime) else None


def storable(value: object) -> object:
    """Half an emoji and NUL are valid JSON, but neither can be encoded and stored."""
    if not isinstance(value, str):
        return value
    return value.encode(errors="replace").decode().replace("\0", "")


def _text_or_none(value: object) -> object:
    cleaned = storable(value)
    return cleaned.strip() or None if isinstance(cleaned, str) else cleaned


def _id_or_none(value: object) -> object:
    return None if value in (0, "0", "", None, False) else storable(value)


def _country(value: object) -> object:
    return country_code(str(value)) if isinstance(value, str | int | float) else value


def _empty_object(value: object) -> object:
    return {} if value == [] else value


def _whole(value: object) -> object:
    """Plugins sell fractions (0.5 kg): counted as begun pieces, away from zero."""
    if not isinstance(value, float | str):
        return value
    number = float(value)
    return int(math.copysign(math.ceil(abs(number)), number))


Time = Annotated[datetime | None, BeforeValidator(_utc)]
Words = Annotated[str, BeforeValidator(storable)]
Text = Annotated[str | None, BeforeValidator(_text_or_none)]
OwnId = Annotated[str, Field(max_length=LONGEST_ID), BeforeValidator(storable)]
Id = Annotated[Annotated[str, Field(max_length=LONGEST_ID)] | None, BeforeValidator(_id_or_none)]
Country = Annotated[str | None, BeforeValidator(_country)]
Quantity = Annotated[int, Field(ge=-_MOST, le=_MOST), BeforeValidator(_whole)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, coerce_numbers_to_str=True, hide_input_in_errors=True)


class Address(_Body):
    """Billing or shipping address, as far as we need it."""

    first_name: Text = None
    last_name: Text = None
    city: Text = None
    country: Country = None
    email: Text = None
    phone: Text = None


AddressField = Annotated[Address, BeforeValidator(_empty_object)]


class Meta(_Body):
    """One entry of `meta_data`; plugins put anything into the value."""

    key: str
    value: Any = None


class Image(_Body):
    """A picture of a line or product."""

    src: Text = None


class LineItem(_Body):
    """A bought item, or in a refund what was taken back of it (negative quantity)."""

    id: OwnId
    name: Words = ""
    parent_name: Text = None
    product_id: Id = None
    variation_id: Id = None
    quantity: Quantity = 0
    sold: Decimal = Field(  # before it was rounded
        default=Decimal(0), validation_alias="quantity", ge=-_MOST, le=_MOST
    )
    subtotal: Text = None
    subtotal_tax: Text = None
    total: str = "0"
    total_tax: str = "0"
    sku: Text = None
    image: Annotated[Image | None, BeforeValidator(_empty_object)] = None
    meta_data: tuple[Meta, ...] = ()


class CouponLine(_Body):
    """A code that was used."""

    code: Words


class RefundBrief(_Body):
    """What an order says of its refunds: neither time nor lines."""

    id: OwnId
    total: str


class Refund(_Body):
    """A refund as `orders/<id>/refunds` shows it."""

    id: OwnId
    date_created_gmt: Time
    amount: str
    line_items: tuple[LineItem, ...] = ()


class Order(_Body):
    """An order of wc/v3; its field names are also what our listings ask for."""

    id: OwnId
    number: Words
    status: Words
    currency: str
    total: str
    prices_include_tax: bool = False
    date_created_gmt: Time
    date_modified_gmt: Time
    date_paid_gmt: Time
    date_completed_gmt: Time
    customer_id: Id = None
    created_via: Words = ""
    billing: AddressField = Address()
    shipping: AddressField = Address()
    line_items: tuple[LineItem, ...]
    coupon_lines: tuple[CouponLine, ...] = ()
    refunds: tuple[RefundBrief, ...] = ()
    meta_data: tuple[Meta, ...] = ()


class Fulfilment(_Body):
    """One of core's own parcels, as `orders/<id>/fulfillments` shows it."""

    id: OwnId
    is_fulfilled: bool = False
    date_updated: Time = None
    date_deleted: Time = None
    meta_data: tuple[Meta, ...] = ()


class FetchedOrder(_Body):
    """What our orders port stores: the order, with refunds and parcels where they were read."""

    order: Order
    refunds: tuple[Refund, ...] | None = None
    fulfilments: tuple[Fulfilment, ...] | None = None


class Term(_Body):
    """A category or tag of a product."""

    name: Words


class Variation(_Body):
    """One choice of a variable product, as far as we read it."""

    id: OwnId
    regular_price: Text = None


class ProductHead(_Body):
    """Which product, and when it changed."""

    id: str
    date_modified_gmt: Time = None


class Product(_Body):
    """A product of wc/v3; its field names are also what our port asks for."""

    id: OwnId
    name: Words
    type: str = "simple"
    status: str
    permalink: Text = None
    date_modified_gmt: Time = None
    reviews_allowed: bool = True
    images: tuple[Image, ...] = ()
    categories: tuple[Term, ...] = ()
    tags: tuple[Term, ...] = ()
    price: Text = None
    regular_price: Text = None  # none for a variable product: its choices have theirs


class FetchedProduct(_Body):
    """What our products port stores of a variable product, which does not name its prices."""

    product: Product
    variations: tuple[Variation, ...] = ()


class Customer(_Body):
    """A registered customer of wc/v3."""

    id: OwnId
    email: Text
    first_name: Text = None
    last_name: Text = None
    date_created_gmt: Time = None
    date_modified_gmt: Time = None
    billing: AddressField = Address()


class Review(_Body):
    """A product review, without its words: nobody here needs them."""

    id: OwnId
    date_created_gmt: Time
    product_id: Id
    status: str
    reviewer_email: Text = None
    rating: int = 0


class Action(_Body):
    """What a webhook of a hook carries: the hook's first argument."""

    arg: int = Field(gt=0, strict=True)


def decode(body: bytes) -> dict[str, Any]:
    """The JSON object in a body. Raises BadPayload."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadPayload("The body is not JSON; it is kept and can be replayed.") from error
    if not isinstance(data, dict):
        raise BadPayload("The body is JSON but no object; it is kept and can be replayed.")
    return data


_Model = TypeVar("_Model", bound=_Body)


def read(model: type[_Model], data: object) -> _Model:
    """The data as `model`. Raises BadPayload that names fields, never values."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, e["loc"])) for e in error.errors()})[:5])
        raise BadPayload(
            f"The body is no {model.__name__.lower()} that we can read (wrong or missing: {wrong});"
            " it is kept and can be replayed."
        ) from None
    except OverflowError as error:  # an infinite quantity, a time before year 1
        raise BadPayload(
            f"The body is no {model.__name__.lower()}: a number or time is out of bounds;"
            " it is kept and can be replayed."
        ) from error
