"""Returns: what a customer asks to send back, what was decided, and where it stands.

On Shopify the platform has returns of its own and ours follows them; on WooCommerce, whose core
has none, our return is the truth. A statutory withdrawal is a return of its own kind: no reason
is asked and it is never declined (Directive 2011/83/EU art. 9–16; Türkiye: Mesafeli Sözleşmeler
Yönetmeliği).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.ids import PlatformId
from app.domain.money import Money
from app.domain.reasons import Reason


class ReturnKind(StrEnum):
    """By which right the goods come back."""

    RETURN = "return"  # what the shop grants
    WITHDRAWAL = "withdrawal"  # what the law grants


class ReturnOrigin(StrEnum):
    """Where it began."""

    CUSTOMER = "customer"  # on our page
    STORE = "store"  # asked for on the platform: customer account, WooCommerce's withdrawal form
    MERCHANT = "merchant"  # made in the store's admin; nothing is left to decide


class ReturnState(StrEnum):
    """Where a return stands; stored, never renamed."""

    REQUESTED = "requested"  # the rules have not decided yet
    HELD = "held"  # left to the merchant
    APPROVED = "approved"  # the customer may send it back
    DECLINED = "declined"
    RECEIVED = "received"  # the goods are with the merchant
    REFUNDED = "refunded"
    CLOSED = "closed"  # ended without money, or by the store
    CANCELLED = "cancelled"  # the customer does not want it any more


OPEN_RETURNS = frozenset(
    {ReturnState.REQUESTED, ReturnState.HELD, ReturnState.APPROVED, ReturnState.RECEIVED}
)
UNDECIDED = frozenset({ReturnState.REQUESTED, ReturnState.HELD})
# Items of these are on their way back or with the merchant: they cannot be sent back once more.
CLAIMED_RETURNS = OPEN_RETURNS | {ReturnState.REFUNDED, ReturnState.CLOSED}


# A store may say so of a withdrawal. That right is nobody's to take: it stays with the merchant.
_NO_END_OF_WITHDRAWAL = frozenset({ReturnState.DECLINED, ReturnState.CANCELLED})


def is_no_end(kind: ReturnKind, in_store: ReturnState) -> bool:
    """Whether the state of the store's return, final there, does not end ours."""
    return kind is ReturnKind.WITHDRAWAL and in_store in _NO_END_OF_WITHDRAWAL


class ReturnReason(StrEnum):
    """Why an item comes back, as the customer chose; stored, never renamed."""

    UNWANTED = "unwanted"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    LOOKS_DIFFERENT = "looks_different"
    NOT_AS_DESCRIBED = "not_as_described"
    WRONG_ITEM = "wrong_item"
    DAMAGED = "damaged"
    DEFECTIVE = "defective"
    TOO_LATE = "too_late"
    OTHER = "other"
    NOT_ASKED = "not_asked"  # a withdrawal needs none


class ReturnOutcome(StrEnum):
    """What a rule may answer."""

    APPROVE = "approve"
    DECLINE = "decline"
    HOLD = "hold"  # left to the merchant


@dataclass(frozen=True, slots=True)
class ReturnItem:
    """Some of one bought line. `quantity` ≥ 1."""

    line_id: PlatformId
    quantity: int
    reason: ReturnReason


@dataclass(frozen=True, slots=True)
class ReturnRequest:
    """What is asked for, as rules see it. `requested_at` is business time."""

    kind: ReturnKind
    origin: ReturnOrigin
    requested_at: datetime
    items: tuple[ReturnItem, ...]


@dataclass(frozen=True, slots=True)
class PastReturn:
    """An earlier return of the customer. `name` is what people call it ("RMA-1004")."""

    name: str
    order_id: PlatformId | None
    kind: ReturnKind
    state: ReturnState
    requested_at: datetime
    items: tuple[ReturnItem, ...] = ()

    @property
    def open(self) -> bool:
        """Whether it has not come to its end."""
        return self.state in OPEN_RETURNS


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that was tried: what it saw, and what it decided.

    `outcome` is None where the rule let the request pass; `softened` where the law turned a
    "decline" into "hold". `saw` names the fact with its number or date.
    """

    rule: str
    saw: Reason
    outcome: ReturnOutcome | None = None
    softened: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """A decision with its trace: all rules in the order in which they were tried.

    `decided_by` is the rule that ended it, or "otherwise". `reason` is the short form.
    """

    outcome: ReturnOutcome
    decided_by: str
    reason: Reason
    findings: tuple[Finding, ...] = ()
    settings_version: int = 0


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """A returned item as stored; `value` is what was paid for this quantity."""

    line_id: PlatformId
    title: str
    quantity: int
    reason: ReturnReason
    value: Money
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnWords:
    """What a customer wrote or declared. Personal data: sealed at rest, never logged.

    `email`, `name`, `order_number` and `goods` only for withdrawals that matched no order.
    """

    notes: Mapping[PlatformId, str] = field(default_factory=dict)  # line id → words
    answer: str = ""  # the merchant's words to the customer
    email: str = ""
    name: str = ""
    order_number: str = ""
    goods: str = ""


def return_name(number: int) -> str:
    """What people call a return: RMA-1001 is the first of a shop."""
    return f"RMA-{1000 + number}"
