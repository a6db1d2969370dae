"""The merchant's words for rules, outcomes, and whoever decided."""

from collections.abc import Callable, Mapping
from typing import Any

from app.automations.returns_approval import kind_of
from app.automations.returns_approval.limits import (
    DiscountRule,
    ReturnsRule,
    ShareRule,
    ValueRule,
    WindowRule,
    WindowStart,
)
from app.automations.returns_approval.lists import (
    CategoriesRule,
    CountryMatch,
    CountryRule,
    NotSentRule,
    ProductsRule,
    ReasonsRule,
    SaleRule,
    TagsRule,
)
from app.automations.returns_approval.rules import AnyRule
from app.automations.returns_approval.ruling import GOODS, OTHERWISE, STATUTORY
from app.db.returns import ReturnRow
from app.domain.money import Money
from app.domain.return_words import REASONS
from app.domain.returns import Finding, ReturnOutcome, ReturnState
from app.embedded_ui.session import MerchantSession
from app.i18n import N_, Translator

_NOT_SENT, _SALE = N_("Gift cards, downloads, services"), N_("Sale items")
KINDS: Mapping[str, str] = {
    "window": N_("Time to return"),
    "not_sent": _NOT_SENT,
    "products": N_("Products"),
    "categories": N_("Categories"),
    "tags": N_("Tags"),
    "sale": _SALE,
    "discount": N_("Bought with a coupon"),
    "reasons": N_("Reasons"),
    "value": N_("Value of the items"),
    "returns": N_("Earlier returns"),
    "share": N_("Share of orders with returns"),
    "country": N_("Countries"),
}
_FIXED: Mapping[str, str] = {
    STATUTORY: N_("Withdrawal by law"),
    GOODS: N_("Order and items"),
    OTHERWISE: N_("If no rule fits"),
}
UNKNOWN_KIND = N_("A rule of a newer release")

# What an outcome is called where it has been reached: tone, icon, words.
OUTCOMES: Mapping[ReturnOutcome, tuple[str, str, str]] = {
    ReturnOutcome.APPROVE: ("good", "check-circle", N_("Approved")),
    ReturnOutcome.DECLINE: ("bad", "skip", N_("Declined")),
    ReturnOutcome.HOLD: ("busy", "question", N_("Left to you")),
}
_BEYOND = {
    ReturnOutcome.APPROVE: N_("approve within"),
    ReturnOutcome.DECLINE: N_("decline after"),
    ReturnOutcome.HOLD: N_("leave to me after"),
}
_ABOVE = {
    ReturnOutcome.APPROVE: N_("approve up to it"),
    ReturnOutcome.DECLINE: N_("decline above"),
    ReturnOutcome.HOLD: N_("leave to me above"),
}
_THEN = {
    ReturnOutcome.APPROVE: N_("approve"),
    ReturnOutcome.DECLINE: N_("decline"),
    ReturnOutcome.HOLD: N_("leave to me"),
}
_LIMITS = {"value", "returns", "share", "discount"}


def title_of(name: str) -> str:
    """What a trace calls a rule: a message id."""
    return _FIXED.get(name) or KINDS.get(kind_of(name), UNKNOWN_KIND)


def then_of(rule: AnyRule) -> str:
    """What a rule does, and on which side of its limit: a message id."""
    if rule.kind == "window":
        return _BEYOND[rule.outcome]
    return (_ABOVE if rule.kind in _LIMITS else _THEN)[rule.outcome]


def said(rule: AnyRule, words: Translator, currency: str) -> str:
    """What a rule looks for, with its own numbers and names."""
    describe = _SENTENCES.get(type(rule))
    return describe(rule, words, currency) if describe else words.gettext(UNKNOWN_KIND)


def _window(rule: WindowRule, words: Translator, _currency: str) -> str:
    if rule.start is WindowStart.ORDER:
        return words.ngettext("%(n)s day from the order", "%(n)s days from the order", rule.days)
    if rule.start is WindowStart.FULFILMENT:
        return words.ngettext("%(n)s day from dispatch", "%(n)s days from dispatch", rule.days)
    return words.ngettext("%(n)s day from arrival", "%(n)s days from arrival", rule.days)


def _not_sent(_rule: NotSentRule, words: Translator, _currency: str) -> str:
    return words.gettext(_NOT_SENT)


def _listed(words: Translator, with_names: str, none: str, names: tuple[str, ...]) -> str:
    return words.gettext(with_names, names=", ".join(names)) if names else words.gettext(none)


def _products(rule: ProductsRule, words: Translator, _currency: str) -> str:
    none = N_("Products: none named yet")
    return _listed(words, N_("Products: %(names)s"), none, rule.products)


def _categories(rule: CategoriesRule, words: Translator, _currency: str) -> str:
    none = N_("Categories: none named yet")
    return _listed(words, N_("Categories: %(names)s"), none, rule.categories)


def _tags(rule: TagsRule, words: Translator, _currency: str) -> str:
    return _listed(words, N_("Tags: %(names)s"), N_("Tags: none named yet"), rule.tags)


def _sale(_rule: SaleRule, words: Translator, _currency: str) -> str:
    return words.gettext(_SALE)


def _discount(rule: DiscountRule, words: Translator, _currency: str) -> str:
    share = words.number(rule.percent)
    return words.gettext(N_("Coupons took off more than %(n)s %"), n=share)


def _reasons(rule: ReasonsRule, words: Translator, _currency: str) -> str:
    names = tuple(words.gettext(REASONS[reason]) for reason in rule.reasons)
    return _listed(words, N_("Reasons: %(names)s"), N_("Reasons: none chosen yet"), names)


def _value(rule: ValueRule, words: Translator, currency: str) -> str:
    amount = words.money(Money.parse(rule.amount, currency))
    return words.gettext(N_("Value of the items: %(amount)s"), amount=amount)


def _returns(rule: ReturnsRule, words: Translator, _currency: str) -> str:
    return words.ngettext(
        "%(n)s earlier return in %(days)s days",
        "%(n)s earlier returns in %(days)s days",
        rule.count,
        days=words.number(rule.days),
    )


def _share(rule: ShareRule, words: Translator, _currency: str) -> str:
    return words.gettext(
        N_("Returns from %(n)s % of the orders, looked at from %(orders)s orders on"),
        n=words.number(rule.percent),
        orders=words.number(rule.least_orders),
    )


def _country(rule: CountryRule, words: Translator, _currency: str) -> str:
    names = tuple(words.locale.territories.get(code, code) for code in rule.countries)
    if rule.match is CountryMatch.OTHERS:
        none = N_("Countries: none named yet")
        return _listed(words, N_("All countries but %(names)s"), none, names)
    return _listed(words, N_("Countries: %(names)s"), N_("Countries: none named yet"), names)


_SENTENCES: Mapping[type, Callable[[Any, Translator, str], str]] = {
    WindowRule: _window,
    NotSentRule: _not_sent,
    ProductsRule: _products,
    CategoriesRule: _categories,
    TagsRule: _tags,
    SaleRule: _sale,
    DiscountRule: _discount,
    ReasonsRule: _reasons,
    ValueRule: _value,
    ReturnsRule: _returns,
    ShareRule: _share,
    CountryRule: _country,
}


_PASSED: Mapping[str, str] = {STATUTORY: N_("noted"), GOODS: N_("in order")}


def result_of(finding: Finding) -> str:
    """What came of one rule: a message id."""
    if finding.softened:
        return N_("would decline; by law left to you")
    if finding.outcome is None:
        return _PASSED.get(finding.rule, N_("does not apply"))
    return {
        ReturnOutcome.APPROVE: N_("approved"),
        ReturnOutcome.DECLINE: N_("declined"),
        ReturnOutcome.HOLD: N_("left to you"),
    }[finding.outcome]


_BY: Mapping[str, str] = {
    "rules": N_("your rules"),
    "store": N_("your store"),
    "customer": N_("the customer"),
}


def who(row: ReturnRow, merchant: MerchantSession, words: Translator) -> str:
    """Whoever decided last, as this merchant knows them; empty if nobody did."""
    by = row.decided_by or ""
    if by in _BY:
        return words.gettext(_BY[by])
    if by == merchant.user:
        return words.gettext(N_("you"))
    if by.startswith("shopify:"):
        return words.gettext(N_("somebody else of your shop"))
    return by


def is_settled(state: ReturnState) -> bool:
    """Whether somebody has decided."""
    return state not in (ReturnState.REQUESTED, ReturnState.HELD)
