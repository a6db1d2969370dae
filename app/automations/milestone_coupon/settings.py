"""Which milestones are rewarded, and with what."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from app.automations.base import SettingsModel
from app.domain.milestones import Milestone
from app.domain.money import Money
from app.domain.rewards import Reward
from app.i18n.translator import N_


def _numbers(value: object) -> object:
    """Read "3, 5, 10" as the form sends it."""
    if not isinstance(value, str):
        return value
    try:
        return sorted({int(part) for part in value.replace(";", ",").split(",") if part.strip()})
    except ValueError as error:
        raise ValueError(N_("Write whole numbers with commas between them: 3, 5, 10.")) from error


Levels = Annotated[
    tuple[Annotated[int, Field(ge=1, le=1_000_000)], ...],
    Field(max_length=20),
    BeforeValidator(_numbers),
]


class RewardKind(StrEnum):
    """What the coupon takes off."""

    PERCENT = "percent"
    AMOUNT = "amount"


class MilestoneCouponSettings(SettingsModel):
    """Which milestones are rewarded, and with what."""

    nth_orders: Levels = Field(
        (3, 5, 10),
        title=N_("Paid orders"),
        description=N_("Reward these paid orders, with commas between the numbers; or nothing."),
    )
    spend_levels: Levels = Field(
        (),
        title=N_("Money spent in all"),
        description=N_("Whole amounts in your shop’s currency, such as 200, 500; or nothing."),
    )
    anniversaries: bool = Field(
        default=False,
        title=N_("Anniversary of the first order"),
        description=N_("Each year, for customers who have ordered since the last one."),
    )
    reward_kind: RewardKind = Field(
        RewardKind.PERCENT,
        title=N_("Reward"),
        description=N_("A share of the order or a fixed amount."),
        json_schema_extra={
            "choices": {"percent": N_("Percentage"), "amount": N_("Fixed amount")},
        },
    )
    percent: int = Field(
        10,
        ge=1,
        le=100,
        title=N_("Percentage"),
        description=N_("Used when the reward is a percentage."),
        json_schema_extra={"unit": "%"},
    )
    amount: int = Field(
        10,
        ge=1,
        le=100_000,
        title=N_("Fixed amount"),
        description=N_("Used when the reward is a fixed amount, in your shop’s currency."),
    )
    minimum_order: int = Field(
        0,
        ge=0,
        le=1_000_000,
        title=N_("Minimum order"),
        description=N_("In your shop’s currency. 0: no minimum."),
    )
    valid_days: int = Field(
        60,
        ge=7,
        le=365,
        title=N_("Valid for"),
        description=N_("Counted from the day on which the coupon is made."),
        json_schema_extra={"unit": N_("days")},
    )
    code_prefix: str = Field(
        "THANKS",
        pattern="^[A-Z0-9]{0,12}$",
        title=N_("Codes begin with"),
        description=N_("Up to 12 capital letters and digits; the rest is random."),
    )
    exclude_sale_items: bool = Field(
        default=False,
        title=N_("Not for items on sale"),
        description=N_("Shopify cannot tell items on sale apart; there this has no effect."),
    )

    def milestones(self, currency: str) -> list[Milestone]:
        """Those that an order reaches, highest first and orders before amounts."""
        orders = [Milestone("orders", n) for n in self.nth_orders]
        amounts = (Money.parse(level, currency).minor for level in self.spend_levels)
        spend = [Milestone("spend", minor, currency) for minor in amounts]
        return sorted(orders, key=lambda m: -m.n) + sorted(spend, key=lambda m: -m.n)

    def reward(self, currency: str) -> Reward:
        """What every coupon gives."""
        fixed = self.reward_kind is RewardKind.AMOUNT
        return Reward(
            off=Money.parse(self.amount, currency) if fixed else self.percent,
            minimum=Money.parse(self.minimum_order, currency),
            valid_days=self.valid_days,
            code_prefix=self.code_prefix,
            exclude_sale_items=self.exclude_sale_items,
        )
