"""What each kind of mail says: everything a template needs, and nothing it would have to look up.

A class per kind. `kind` names the folder of its templates and the mail in the journal;
`marketing` says whether it needs consent and an unsubscribe link.
"""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from app.domain.money import Money
from app.i18n import Language

DEFAULT_COLOUR = "#0b5a75"


@dataclass(frozen=True, slots=True)
class ShopBrand:
    """Who a mail is from, as the reader sees it.

    `colour` is `#rrggbb`; it is darkened or lightened until it can be read. `reply_to` is set when
    answers reach somebody, and the mail then invites them.
    """

    name: str
    url: str
    colour: str = DEFAULT_COLOUR
    logo_url: str | None = None
    postal_address: str | None = None
    reply_to: str | None = None


AFTERGLOW = ShopBrand(name="Afterglow", url="")
"""The sender of mails to merchants."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One bought thing. `star_urls` open the form with 1 to 5 stars filled in."""

    name: str
    star_urls: tuple[str, str, str, str, str]
    variant: str | None = None
    image_url: str | None = None
    image_alt: str | None = None


@dataclass(frozen=True, slots=True)
class ReviewRequestMail:
    """Asks for reviews of all things of one order.

    `order_number` is written as the shop writes it (`#1001`), `delivered_on` is the shop's day.
    """

    kind: ClassVar = "review_request"
    marketing: ClassVar = True

    lang: Language
    shop: ShopBrand
    order_number: str
    items: tuple[ReviewItem, ...]
    review_url: str
    unsubscribe_url: str
    first_name: str | None = None
    delivered_on: date | None = None
    preferences_url: str | None = None


@dataclass(frozen=True, slots=True)
class Milestone:
    """What is celebrated: a number of orders or years, or an amount reached."""

    kind: Literal["orders", "spend", "anniversary"]
    reached: int | Money


@dataclass(frozen=True, slots=True)
class MilestoneCouponMail:
    """Hands over a coupon. `discount` is whole percents, or an amount."""

    kind: ClassVar = "milestone_coupon"
    marketing: ClassVar = True

    lang: Language
    shop: ShopBrand
    milestone: Milestone
    code: str
    discount: int | Money
    expires_on: date
    shop_url: str
    unsubscribe_url: str
    first_name: str | None = None
    minimum: Money | None = None
    preferences_url: str | None = None


@dataclass(frozen=True, slots=True)
class SignInLinkMail:
    """Lets a merchant in, once. `minutes` is how long the link works."""

    kind: ClassVar = "sign_in_link"
    marketing: ClassVar = False
    shop: ClassVar = AFTERGLOW

    lang: Language
    store_name: str
    sign_in_url: str
    minutes: int


@dataclass(frozen=True, slots=True)
class DataExportMail:
    """Tells a merchant that a file is ready: one customer's data, or with no request all data.

    `request` is the number under which the customer's request is kept, never a name.
    """

    kind: ClassVar = "data_export_ready"
    marketing: ClassVar = False
    shop: ClassVar = AFTERGLOW

    lang: Language
    store_name: str
    download_url: str
    expires_on: date
    request: str | None = None


Mail = ReviewRequestMail | MilestoneCouponMail | SignInLinkMail | DataExportMail
