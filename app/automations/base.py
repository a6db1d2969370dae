"""What every automation is, and the frozen picture of the world on which it decides.

No I/O here or in any automation: the shell (`pipeline/context.py`) assembles the `Context`, so the
same functions serve live work, previews and the dry run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from app.domain.actions import Action, ActionKind, ActionState
from app.domain.decisions import Decision, Verdict
from app.domain.events import Event
from app.domain.ids import CustomerId, PlatformId
from app.domain.money import Money
from app.domain.returns import PastReturn
from app.domain.snapshots import ConsentState, OrderSnapshot, ProductSnapshot
from app.i18n.translator import N_


class SettingsModel(BaseModel):
    """Base of every settings schema.

    Each field carries `title` (label), `description` (help), bounds and a default; `unit` and
    `secret` stand in `json_schema_extra`. Unknown keys are kept, so that a rollback loses nothing.
    """

    model_config = ConfigDict(frozen=True, extra="allow")


@dataclass(frozen=True, slots=True)
class ShopView:
    """The tenant, as far as rules need it."""

    timezone: str
    language: str
    currency: str
    country: str | None
    opened_at: datetime  # when this installation began
    history_complete: bool  # first import and lifetime baseline are done
    contact: "ContactPolicy"


class ContactPolicy(SettingsModel):
    """How often and when any customer hears from the shop; the same for all automations."""

    quiet_from_hour: int = Field(
        21,
        ge=0,
        le=23,
        title=N_("No mail from"),
        description=N_("By the customer’s clock. The same hour twice means no quiet hours."),
        json_schema_extra={"unit": ":00"},
    )
    quiet_until_hour: int = Field(
        8,
        ge=0,
        le=23,
        title=N_("No mail until"),
        description=N_("Mail that falls into the quiet hours goes out when they end."),
        json_schema_extra={"unit": ":00"},
    )
    budget_messages: int = Field(
        2,
        ge=1,
        le=20,
        title=N_("Messages to one customer"),
        description=N_("From all automations together. What exceeds it waits, it is not dropped."),
        json_schema_extra={"unit": N_("messages")},
    )
    budget_days: int = Field(
        7,
        ge=1,
        le=60,
        title=N_("Counted over"),
        description=N_("How many days back messages to the same customer are counted."),
        json_schema_extra={"unit": N_("days")},
    )
    soft_opt_in: bool = Field(
        default=True,
        title=N_("Write to customers who bought, where the law allows it"),
        description=N_(
            "Off: only customers with a recorded consent hear from you. Some countries, such as "
            "Germany and Türkiye, always need it. Your checkout must offer a way to object."
        ),
    )


@dataclass(frozen=True, slots=True)
class PastOrder:
    """One order of the customer's history."""

    order_id: PlatformId
    placed_at: datetime
    paid_at: datetime | None
    total: Money
    refunded: Money
    fully_refunded: bool
    cancelled: bool
    test: bool = False


@dataclass(frozen=True, slots=True)
class Baseline:
    """Lifetime totals before our own records; see `BaselineSnapshot`."""

    orders: int
    spent: Money
    as_of: datetime
    first_order_at: datetime | None


@dataclass(frozen=True, slots=True)
class PastAction:
    """What was planned, done or skipped for this customer before."""

    kind: ActionKind
    dedupe_key: str
    state: ActionState
    order_id: PlatformId | None
    due_at: datetime
    done_at: datetime | None
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PastMessage:
    """A marketing-like message that was sent or is being sent (contact budget)."""

    kind: ActionKind
    at: datetime


@dataclass(frozen=True, slots=True)
class CustomerView:
    """The canonical customer behind an order; `orders` includes the order at hand."""

    customer_id: CustomerId
    has_email: bool
    consent: ConsentState
    consent_at: datetime | None
    suppressed: frozenset[str]  # of "all", "review_request", "coupon", "address_refused"
    erased: bool
    orders: tuple[PastOrder, ...] = ()
    baseline: Baseline | None = None
    actions: tuple[PastAction, ...] = ()
    messages: tuple[PastMessage, ...] = ()
    reviewed_products: frozenset[PlatformId] = frozenset()


@dataclass(frozen=True, slots=True)
class CouponView:
    """A milestone coupon that exists or is planned for the customer."""

    milestone_key: str
    code: str
    state: str  # planned, issued, used, voided, expired
    order_id: PlatformId  # the order that earned it


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that a rule may look at. `now` is business time, UTC."""

    now: datetime
    shop: ShopView
    settings: SettingsModel
    order: OrderSnapshot
    customer: CustomerView
    products: Mapping[PlatformId, ProductSnapshot] = field(default_factory=dict)
    returns: tuple[PastReturn, ...] = ()  # all of the customer's, and all of the order's
    coupons: tuple[CouponView, ...] = ()
    active_since: datetime | None = None  # when the automation was switched on


S = TypeVar("S", bound=SettingsModel)


def settings_as(context: Context, schema: type[S]) -> S:
    """The context's settings as an automation's own schema. Raises TypeError for another's."""
    if not isinstance(context.settings, schema):
        raise TypeError(f"{type(context.settings).__name__} is not {schema.__name__}")
    return context.settings


class Automation(Protocol):
    """Pure rules that answer events with decisions."""

    key: ClassVar[str]
    Settings: ClassVar[type[SettingsModel]]
    listens_to: ClassVar[tuple[type[Event], ...]]
    performs: ClassVar[frozenset[ActionKind]]

    def decide(self, event: Event, context: Context) -> Sequence[Decision]:
        """What the event changes in the plan."""
        ...

    def recheck(self, action: Action, context: Context) -> Verdict:
        """A second look right before the action is performed."""
        ...
