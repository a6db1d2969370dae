"""Rules that name something: products, categories, tags, reasons, countries.

They decline or hold when *one* item is named, and approve only when *all* are.
"""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from app.automations.returns_approval.entries import (
    OUTCOMES,
    REASONS,
    Countries,
    Names,
    Reasons,
)
from app.automations.returns_approval.rule import Rule
from app.domain.returns import ReturnOutcome, ReturnReason
from app.i18n.translator import N_


class NotSentRule(Rule):
    """Gift cards, downloads and services."""

    kind: Literal["not_sent"] = "not_sent"
    outcome: Literal[ReturnOutcome.DECLINE, ReturnOutcome.HOLD] = Field(
        default=ReturnOutcome.DECLINE,
        title=N_("Then"),
        description=N_("Acts when a gift card, a download or a service is among the items."),
        json_schema_extra={"choices": {**OUTCOMES}},
    )


class ProductsRule(Rule):
    """Products by their id or article number."""

    kind: Literal["products"] = "products"
    products: Names = Field(
        default=(),
        title=N_("Products"),
        description=N_("Ids or article numbers (SKU), with commas between them."),
    )

    @property
    def idle(self) -> bool:
        """Without products there is nothing to look for."""
        return not self.products


class CategoriesRule(Rule):
    """Categories; on Shopify product types and collections."""

    kind: Literal["categories"] = "categories"
    categories: Names = Field(
        default=(),
        title=N_("Categories"),
        description=N_(
            "Names as in your store, with commas between them. "
            "On Shopify: product types and collections."
        ),
    )

    @property
    def idle(self) -> bool:
        """Without categories there is nothing to look for."""
        return not self.categories


class TagsRule(Rule):
    """Tags of products."""

    kind: Literal["tags"] = "tags"
    tags: Names = Field(
        default=(),
        title=N_("Tags"),
        description=N_("Tags of your products, with commas between them."),
    )

    @property
    def idle(self) -> bool:
        """Without tags there is nothing to look for."""
        return not self.tags


class SaleRule(Rule):
    """Items bought below the price that the store calls regular."""

    kind: Literal["sale"] = "sale"
    outcome: Literal[ReturnOutcome.DECLINE, ReturnOutcome.HOLD] = Field(
        default=ReturnOutcome.HOLD,
        title=N_("Then"),
        description=N_("Acts when an item was bought below your store’s regular price."),
        json_schema_extra={"choices": {**OUTCOMES}},
    )


class ReasonsRule(Rule):
    """Why the customer sends it back."""

    kind: Literal["reasons"] = "reasons"
    reasons: Reasons = Field(
        default=(
            ReturnReason.DAMAGED,
            ReturnReason.DEFECTIVE,
            ReturnReason.WRONG_ITEM,
            ReturnReason.NOT_AS_DESCRIBED,
        ),
        title=N_("Reasons"),
        description=N_("Reasons that the customer may have chosen."),
        json_schema_extra={"choices": {**REASONS}},
    )

    @property
    def idle(self) -> bool:
        """Without reasons there is nothing to look for."""
        return not self.reasons


class CountryMatch(StrEnum):
    """Which countries a rule means by its list."""

    LISTED = "listed"
    OTHERS = "others"


class CountryRule(Rule):
    """Where the order went."""

    kind: Literal["country"] = "country"
    countries: Countries = Field(
        default=(),
        title=N_("Countries"),
        description=N_("Two-letter codes such as SK, TR, with commas between them."),
    )
    match: CountryMatch = Field(
        default=CountryMatch.LISTED,
        title=N_("Acts for"),
        description=N_("The countries of the list, or all others."),
        json_schema_extra={
            "choices": {"listed": N_("These countries"), "others": N_("All other countries")}
        },
    )

    @property
    def idle(self) -> bool:
        """Without countries there is nothing to look for."""
        return not self.countries
