"""Mails about returns: what each says, as in messages.py. They answer something that the customer
did, so none is marketing.

The sentence that depends on the reason of a decision (`reason`) and the merchant's own words
(`answer`, `send_to`) come written; everything else is worded in return_wordings.py. What a reader
must not miss stands in the templates, as merchants may put their own words in place of ours.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from app.channels.brand import ShopBrand
from app.channels.fields import FIRST_NAME, SHOP_FIELDS, TextField
from app.domain.money import Money
from app.i18n import N_, Language

WhoPays = Literal["shop", "customer", "fee"]


@dataclass(frozen=True, slots=True)
class ReturnItem:
    """Some of one bought thing."""

    name: str
    quantity: int
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnCodeMail:
    """The code that proves that an order is the reader's. `minutes` is how long it works;
    `page_url` is where to enter it, for whoever has closed the page.
    """

    kind: ClassVar = "return_code"
    marketing: ClassVar = False

    lang: Language
    shop: ShopBrand
    order_number: str
    code: str
    minutes: int
    page_url: str


RETURN_FIELDS = (
    FIRST_NAME,
    TextField("return_name", N_("The return’s name"), "RMA-1042", lambda m: m.return_name),
    TextField("order_number", N_("The order’s number"), "#4187", lambda m: m.order_number),
    TextField(
        "items",
        N_("All things that come back, as a list"),
        ("Peştemal Ege", "Bakır cezve"),
        lambda mail: tuple(item.name for item in mail.items),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReturnMail:
    """What every mail about one return has. `withdraw_url` is set while the law grants it."""

    marketing: ClassVar = False
    fields: ClassVar[tuple[TextField, ...]] = (*RETURN_FIELDS, *SHOP_FIELDS)

    lang: Language
    shop: ShopBrand
    return_name: str
    order_number: str
    items: tuple[ReturnItem, ...]
    status_url: str
    first_name: str | None = None
    withdraw_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReceiptMail(_ReturnMail):
    """The request is here, and a person looks at it."""

    kind: ClassVar = "return_receipt"
    title: ClassVar = N_("Return: receipt")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnApprovedMail(_ReturnMail):
    """What to do, until when, and who pays for it."""

    kind: ClassVar = "return_approved"
    title: ClassVar = N_("Return: approved")
    fields: ClassVar[tuple[TextField, ...]] = (
        *RETURN_FIELDS,
        TextField(
            "send_by",
            N_("The last day for sending it"),
            date(2026, 12, 7),
            lambda mail: mail.send_by,
            optional=True,
        ),
        *SHOP_FIELDS,
    )

    who_pays: WhoPays
    fee: Money | None = None  # of "fee", taken off the refund
    send_by: date | None = None
    send_to: str = ""
    answer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDeclinedMail(_ReturnMail):
    """Why not, kindly, and what the law still grants: `withdraw_url` and until when, if known."""

    kind: ClassVar = "return_declined"
    title: ClassVar = N_("Return: declined")

    reason: str
    answer: str = ""
    withdraw_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnReceivedMail(_ReturnMail):
    """The goods are back."""

    kind: ClassVar = "return_received"
    title: ClassVar = N_("Return: arrived")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRefundedMail(_ReturnMail):
    """The money went back."""

    kind: ClassVar = "return_refunded"
    title: ClassVar = N_("Return: money sent back")
    fields: ClassVar[tuple[TextField, ...]] = (
        *RETURN_FIELDS,
        TextField(
            "amount",
            N_("The amount sent back"),
            Money(7_600, "EUR"),
            lambda mail: mail.amount,
            optional=True,
        ),
        *SHOP_FIELDS,
    )

    amount: Money | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnEndedMail(_ReturnMail):
    """It ended without money: the customer cancelled it, or the merchant closed it."""

    kind: ClassVar = "return_ended"
    title: ClassVar = N_("Return: closed")

    cancelled: bool = False
    answer: str = ""


@dataclass(frozen=True, slots=True)
class WithdrawalReceiptMail:
    """Proof of a withdrawal: what was declared, and when it arrived.

    Directive 2011/83/EU art. 11a(4): content of the declaration with date and time, on a durable
    medium. Merchants cannot word it themselves. `items` or `goods` says what it is about; both are
    empty where the whole contract is meant. `send_by` is the law's last day for sending goods back.
    """

    kind: ClassVar = "withdrawal_receipt"
    marketing: ClassVar = False

    lang: Language
    shop: ShopBrand
    return_name: str
    received_at: datetime
    zone: ZoneInfo
    name: str
    email: str
    order_number: str
    status_url: str
    items: tuple[ReturnItem, ...] = ()
    goods: str = ""
    send_by: date | None = None


ReturnMail = (
    ReturnCodeMail
    | ReturnReceiptMail
    | ReturnApprovedMail
    | ReturnDeclinedMail
    | ReturnReceivedMail
    | ReturnRefundedMail
    | ReturnEndedMail
    | WithdrawalReceiptMail
)
