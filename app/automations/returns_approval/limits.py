"""Rules with a limit: a time, an amount, a share. They decline or hold beyond it, and approve
within it.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from app.automations.returns_approval.entries import OUTCOMES
from app.automations.returns_approval.rule import Rule
from app.domain.returns import ReturnOutcome
from app.i18n.translator import N_


class WindowStart(StrEnum):
    """From which fact the days are counted."""

    ORDER = "order"
    FULFILMENT = "fulfilment"
    DELIVERY = "delivery"


class WindowRule(Rule):
    """Declines or holds what is asked for too late; or approves what comes in time."""

    kind: Literal["window"] = "window"
    outcome: ReturnOutcome = Field(
        default=ReturnOutcome.DECLINE,
        title=N_("Then"),
        description=N_("Decline and Leave to me act after the time, Approve within it."),
        json_schema_extra={"choices": {**OUTCOMES}},
    )
    days: int = Field(
        default=30,
        ge=1,
        le=730,
        title=N_("Time to return"),
        description=N_("The whole last day counts, by your shop’s clock."),
        json_schema_extra={"unit": N_("days")},
    )
    start: WindowStart = Field(
        default=WindowStart.DELIVERY,
        title=N_("Counted from"),
        description=N_("The last parcel counts. Before it has left, the time has not begun."),
        json_schema_extra={
            "choices": {
                "order": N_("Day of the order"),
                "fulfilment": N_("Day on which the last parcel left"),
                "delivery": N_("Day on which the last parcel arrived"),
            }
        },
    )
    transit_days: int = Field(
        default=7,
        ge=0,
        le=60,
        title=N_("Time on the way, at home"),
        description=N_("Added to the day a parcel left, where no carrier reports its arrival."),
        json_schema_extra={"unit": N_("days")},
    )
    transit_days_abroad: int = Field(
        default=14,
        ge=0,
        le=90,
        title=N_("Time on the way, abroad"),
        description=N_("The same for orders that go to another country than your shop’s."),
        json_schema_extra={"unit": N_("days")},
    )


class DiscountRule(Rule):
    """Items on which coupons took off a lot."""

    kind: Literal["discount"] = "discount"
    outcome: Literal[ReturnOutcome.DECLINE, ReturnOutcome.HOLD] = Field(
        default=ReturnOutcome.HOLD,
        title=N_("Then"),
        description=N_("Acts when coupons took more than this off the items."),
        json_schema_extra={"choices": {**OUTCOMES}},
    )
    percent: int = Field(
        default=50,
        ge=0,
        le=100,
        title=N_("Taken off by coupons"),
        description=N_("The share of the items’ price that coupons may take off."),
        json_schema_extra={"unit": "%"},
    )


class ValueRule(Rule):
    """What was paid for the items."""

    kind: Literal["value"] = "value"
    amount: int = Field(
        default=100,
        ge=0,
        le=1_000_000,
        title=N_("Value of the items"),
        description=N_(
            "What was paid for them, in your shop’s currency. "
            "Decline and Leave to me act above it, Approve up to it."
        ),
    )


class ReturnsRule(Rule):
    """How many returns the customer asked for before."""

    kind: Literal["returns"] = "returns"
    count: int = Field(
        default=3,
        ge=0,
        le=100,
        title=N_("Earlier returns"),
        description=N_(
            "Declined and cancelled ones and statutory withdrawals do not count. "
            "Decline and Leave to me act above it, Approve up to it."
        ),
        json_schema_extra={"unit": N_("returns")},
    )
    days: int = Field(
        default=90,
        ge=1,
        le=730,
        title=N_("Counted over"),
        description=N_("How many days back returns of the same customer are counted."),
        json_schema_extra={"unit": N_("days")},
    )


class ShareRule(Rule):
    """From how many of the orders something came back."""

    kind: Literal["share"] = "share"
    percent: int = Field(
        default=50,
        ge=0,
        le=100,
        title=N_("Orders with returns"),
        description=N_(
            "The share of a customer’s orders from which something came back before. "
            "Decline and Leave to me act above it, Approve up to it."
        ),
        json_schema_extra={"unit": "%"},
    )
    least_orders: int = Field(
        default=3,
        ge=1,
        le=100,
        title=N_("Looked at from"),
        description=N_("Customers with fewer orders are passed over."),
        json_schema_extra={"unit": N_("orders")},
    )
