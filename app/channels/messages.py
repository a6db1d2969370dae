"""What each kind of mail says: everything a template needs, and nothing it would have to look up.

A class per kind. `kind` names the folder of its templates and the mail in the journal;
`marketing` says whether it needs consent and an unsubscribe link. `fields`, where there are any,
lets merchants write their own subject, heading, opening and button (app/channels/texts), in which
they name what stands there. Such a class also has a `title`, the merchant's word for the mail, and
an example in app/services/test_mails.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal, Protocol, get_args

from app.channels.brand import AFTERGLOW, ShopBrand
from app.channels.fields import FIRST_NAME, SHOP_FIELDS, Percent, TextField
from app.channels.return_messages import ReturnMail
from app.domain.money import Money
from app.i18n import N_, Language


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
    title: ClassVar = N_("Review request")
    fields: ClassVar[tuple[TextField, ...]] = (
        FIRST_NAME,
        TextField(
            "item", N_("The first thing bought"), "Peştemal Ege", lambda mail: mail.items[0].name
        ),
        TextField(
            "items",
            N_("All things bought, as a list"),
            ("Peştemal Ege", "Bakır cezve"),
            lambda mail: tuple(item.name for item in mail.items),
        ),
        TextField("item_count", N_("How many things"), 2, lambda mail: len(mail.items)),
        TextField("order_number", N_("The order’s number"), "#4187", lambda m: m.order_number),
        TextField(
            "delivered_on",
            N_("The day of delivery"),
            date(2026, 11, 17),
            lambda mail: mail.delivered_on,
            optional=True,
        ),
        *SHOP_FIELDS,
    )

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

    def of(self, kind: str) -> int | Money | None:
        """What was reached, if it is a milestone of this kind."""
        return self.reached if self.kind == kind else None


@dataclass(frozen=True, slots=True)
class MilestoneCouponMail:
    """Hands over a coupon. `discount` is whole percents, or an amount."""

    kind: ClassVar = "milestone_coupon"
    marketing: ClassVar = True
    title: ClassVar = N_("Milestone coupon")
    fields: ClassVar[tuple[TextField, ...]] = (
        FIRST_NAME,
        TextField(
            "discount",
            N_("What the coupon takes off"),
            Percent(10),
            lambda mail: (
                Percent(mail.discount) if isinstance(mail.discount, int) else mail.discount
            ),
        ),
        TextField("code", N_("The coupon’s code"), "THANKS-7QK4-M2XW", lambda mail: mail.code),
        TextField(
            "expires_on", N_("Its last day"), date(2027, 2, 23), lambda mail: mail.expires_on
        ),
        TextField(
            "minimum",
            N_("The least that the next order must come to"),
            Money(3000, "EUR"),
            lambda mail: mail.minimum,
            optional=True,
        ),
        TextField(
            "orders",
            N_("How many orders are celebrated"),
            3,
            lambda mail: mail.milestone.of("orders"),
            optional=True,
        ),
        TextField(
            "years",
            N_("How many years are celebrated"),
            1,
            lambda mail: mail.milestone.of("anniversary"),
            optional=True,
        ),
        TextField(
            "spent",
            N_("Which amount is celebrated"),
            Money(50_000, "EUR"),
            lambda mail: mail.milestone.of("spend"),
            optional=True,
        ),
        *SHOP_FIELDS,
    )

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


Mail = ReviewRequestMail | MilestoneCouponMail | SignInLinkMail | DataExportMail | ReturnMail


class OwnWords(Protocol):
    """A mail class that merchants may word themselves."""

    kind: ClassVar[str]
    title: ClassVar[str]
    fields: ClassVar[tuple[TextField, ...]]


WITH_TEXTS: Mapping[str, type[OwnWords]] = {
    mail.kind: mail for mail in get_args(Mail) if hasattr(mail, "fields")
}
"""Those classes, by kind, in the order in which merchants see them."""
