"""What a merchant sets for returns: the ordered rules, and what customers are offered."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from pydantic import Field, model_validator

from app.automations.base import SettingsModel
from app.automations.returns_approval.entries import OUTCOMES, REASONS, Names, Reasons
from app.automations.returns_approval.limits import (
    DiscountRule,
    ReturnsRule,
    ShareRule,
    ValueRule,
    WindowRule,
)
from app.automations.returns_approval.lists import (
    CategoriesRule,
    CountryRule,
    NotSentRule,
    ProductsRule,
    ReasonsRule,
    SaleRule,
    TagsRule,
)
from app.automations.returns_approval.rules import AnyRule
from app.domain.returns import ReturnOutcome, ReturnReason
from app.i18n.translator import N_

DEFAULT_RULES: tuple[AnyRule, ...] = (
    NotSentRule(),
    ProductsRule(outcome=ReturnOutcome.DECLINE),
    CategoriesRule(outcome=ReturnOutcome.DECLINE),
    TagsRule(outcome=ReturnOutcome.DECLINE, tags=("final-sale",)),
    WindowRule(),
    ReasonsRule(),
    SaleRule(on=False),
    DiscountRule(on=False),
    CountryRule(on=False),
    ValueRule(),
    ReturnsRule(),
    ShareRule(on=False),
)


class WayBack(StrEnum):
    """Who pays for sending the goods back."""

    SHOP = "shop"
    CUSTOMER = "customer"
    FEE = "fee"


class ReturnsApprovalSettings(SettingsModel):
    """Which returns are approved, declined or left to the merchant; what customers are offered."""

    rules: tuple[AnyRule, ...] = Field(
        DEFAULT_RULES,
        max_length=50,
        title=N_("Rules"),
        description=N_("Tried from top to bottom; the first one that fits decides."),
        json_schema_extra={"elsewhere": True},
    )
    otherwise: ReturnOutcome = Field(
        ReturnOutcome.APPROVE,
        title=N_("If no rule fits"),
        description=N_("What happens with a return on which no rule decided."),
        json_schema_extra={
            "choices": {**OUTCOMES},
        },
    )
    not_covered_products: Names = Field(
        (),
        title=N_("Products not covered by withdrawal"),
        description=N_(
            "Ids or article numbers of goods that the law excepts: perishable, made to measure, "
            "sealed for hygiene and opened. Rules may decline them at any time."
        ),
    )
    not_covered_tags: Names = Field(
        (),
        title=N_("Tags of products not covered by withdrawal"),
        description=N_("The same for all products with one of these tags."),
    )
    not_covered_digital: bool = Field(
        default=False,
        title=N_("Downloads and services are not covered by withdrawal"),
        description=N_(
            "Only if your checkout lets customers agree that they lose the right once it begins."
        ),
    )
    way_back: WayBack = Field(
        WayBack.CUSTOMER,
        title=N_("Sending back is paid by"),
        description=N_("Customers see it before they ask. No fee is taken for a withdrawal."),
        json_schema_extra={
            "choices": {
                "shop": N_("You"),
                "customer": N_("The customer"),
                "fee": N_("You, for a fee taken off the refund"),
            },
        },
    )
    return_fee: Decimal = Field(
        Decimal(5),
        ge=0,
        le=10_000,
        title=N_("Fee"),
        description=N_("In your shop’s currency. Used when sending back costs a fee."),
    )
    shop_pays_for: Reasons = Field(
        (
            ReturnReason.DAMAGED,
            ReturnReason.DEFECTIVE,
            ReturnReason.WRONG_ITEM,
            ReturnReason.NOT_AS_DESCRIBED,
        ),
        title=N_("You pay in any case for"),
        description=N_("If all items come back for one of these reasons, it costs nothing."),
        json_schema_extra={"choices": {**REASONS}},
    )
    reasons_offered: Reasons = Field(
        tuple(reason for reason in ReturnReason if reason is not ReturnReason.NOT_ASKED),
        min_length=1,
        title=N_("Reasons to choose from"),
        description=N_("What customers may choose on the return page, in this order."),
        json_schema_extra={"choices": {**REASONS}},
    )
    send_back_to: str = Field(
        "",
        max_length=2000,
        title=N_("Where and how to send it"),
        description=N_(
            "Address and instructions for an approved return. Empty: your shop’s address."
        ),
        json_schema_extra={"long": True},
    )

    @model_validator(mode="after")
    def _asks_for_a_reason(self) -> "ReturnsApprovalSettings":
        if ReturnReason.NOT_ASKED in self.reasons_offered:
            raise ValueError(N_("“No reason was asked for” cannot be offered as a reason."))
        return self

    @property
    def looks_at_orders(self) -> bool:
        """Whether a rule in use looks at the customer's other orders (the dry run reads them)."""
        return any(rule.on and isinstance(rule, ShareRule) for rule in self.rules)

    def named_rules(self) -> Iterator[tuple[str, AnyRule]]:
        """All rules in order with the names that a trace calls them by."""
        return zip(rule_names(self.rules), self.rules, strict=True)


def rule_names(rules: Sequence[AnyRule]) -> tuple[str, ...]:
    """Their kinds; the second of a kind has a number: window, tags, tags-2."""
    return _numbered(tuple(rule.kind for rule in rules))


@lru_cache(maxsize=1024)
def _numbered(kinds: tuple[str, ...]) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    names = []
    for kind in kinds:
        seen[kind] += 1
        names.append(kind if seen[kind] == 1 else f"{kind}-{seen[kind]}")
    return tuple(names)


def kind_of(name: str) -> str:
    """The kind of rule that a trace calls so."""
    kind, _, number = name.rpartition("-")
    return kind if kind and number.isdecimal() else name
