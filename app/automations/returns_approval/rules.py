"""All kinds of rules that a merchant may put in order.

Every rule has a switch and an outcome. A rule of a newer release is kept as it is and holds.
"""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from app.automations.base import SettingsModel
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
from app.automations.returns_approval.rule import Rule
from app.domain.returns import ReturnOutcome


class UnknownRule(SettingsModel):
    """A rule of a newer release: kept as it is, and whatever it would say is left to a person."""

    kind: str = Field(max_length=60)
    on: bool = True

    @property
    def outcome(self) -> ReturnOutcome:
        """A person decides; what was stored as its outcome is kept, but not understood."""
        return ReturnOutcome.HOLD

    @property
    def idle(self) -> bool:
        """It may look for anything."""
        return False


RULES: Mapping[str, type[Rule]] = {
    "window": WindowRule,
    "not_sent": NotSentRule,
    "products": ProductsRule,
    "categories": CategoriesRule,
    "tags": TagsRule,
    "sale": SaleRule,
    "discount": DiscountRule,
    "reasons": ReasonsRule,
    "value": ValueRule,
    "returns": ReturnsRule,
    "share": ShareRule,
    "country": CountryRule,
}


def _kind(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, Mapping) else getattr(value, "kind", None)
    return str(kind) if kind in RULES else "unknown"


AnyRule = Annotated[
    Annotated[WindowRule, Tag("window")]
    | Annotated[NotSentRule, Tag("not_sent")]
    | Annotated[ProductsRule, Tag("products")]
    | Annotated[CategoriesRule, Tag("categories")]
    | Annotated[TagsRule, Tag("tags")]
    | Annotated[SaleRule, Tag("sale")]
    | Annotated[DiscountRule, Tag("discount")]
    | Annotated[ReasonsRule, Tag("reasons")]
    | Annotated[ValueRule, Tag("value")]
    | Annotated[ReturnsRule, Tag("returns")]
    | Annotated[ShareRule, Tag("share")]
    | Annotated[CountryRule, Tag("country")]
    | Annotated[UnknownRule, Tag("unknown")],
    Discriminator(_kind),
]
