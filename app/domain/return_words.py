"""Words about returns: the customer's reasons, and what a customer reads about a decision.

What customers read is whole sentences, in kind and plain words: never whose fault it is, never
what other customers or the shop's limits have to do with it. Message ids, as in `reason_words.py`.
"""

from collections.abc import Mapping

from app.domain.reason_words import N_, Text
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import ReturnOutcome, ReturnReason

REASONS: Mapping[ReturnReason, str] = {
    ReturnReason.UNWANTED: N_("I changed my mind"),
    ReturnReason.TOO_SMALL: N_("Too small"),
    ReturnReason.TOO_LARGE: N_("Too large"),
    ReturnReason.LOOKS_DIFFERENT: N_("Looks different than expected"),
    ReturnReason.NOT_AS_DESCRIBED: N_("Not as described"),
    ReturnReason.WRONG_ITEM: N_("Wrong item"),
    ReturnReason.DAMAGED: N_("Damaged"),
    ReturnReason.DEFECTIVE: N_("Defective"),
    ReturnReason.TOO_LATE: N_("Arrived too late"),
    ReturnReason.OTHER: N_("Something else"),
    ReturnReason.NOT_ASKED: N_("No reason was asked for"),
}

_TIME_IS_OVER = N_("The time for returning this order ended on %(until)s.")
_NOT_RETURNABLE = N_("“%(item)s” cannot be returned.")

# What a customer reads where a rule declined; a reason without its own sentence gets the general.
_DECLINED: Mapping[ReasonCode, Text] = {
    ReasonCode.WINDOW_ORDER_OVER: _TIME_IS_OVER,
    ReasonCode.WINDOW_SENT_OVER: _TIME_IS_OVER,
    ReasonCode.WINDOW_ARRIVED_OVER: _TIME_IS_OVER,
    ReasonCode.WINDOW_EXPECTED_OVER: _TIME_IS_OVER,
    ReasonCode.GIFT_CARD: N_("Gift cards cannot be returned."),
    ReasonCode.NOT_SENT: N_("Downloads and services cannot be returned."),
    ReasonCode.PRODUCT_LISTED: _NOT_RETURNABLE,
    ReasonCode.CATEGORY_LISTED: _NOT_RETURNABLE,
    ReasonCode.TAG_LISTED: _NOT_RETURNABLE,
    ReasonCode.ITEM_ON_SALE: N_("“%(item)s” was on sale, and sale items cannot be returned."),
    ReasonCode.DISCOUNT_ABOVE: N_("Items bought with this discount cannot be returned."),
    ReasonCode.COUNTRY_LISTED: N_("The shop takes no returns from %(country)s."),
    ReasonCode.COUNTRY_NOT_LISTED: N_("The shop takes no returns from %(country)s."),
}
_GENERAL: Mapping[ReturnOutcome, str] = {
    ReturnOutcome.APPROVE: N_("Your return is approved."),
    ReturnOutcome.DECLINE: N_(
        "The shop’s rules do not cover this return. If you think that they should, write to the "
        "shop."
    ),
    ReturnOutcome.HOLD: N_("The shop looks at your return in person and writes to you."),
}

# Before anything is asked for: why an item cannot be chosen.
_NOTHING_LEFT: Mapping[ReasonCode, str] = {
    ReasonCode.GOODS_NOT_LEFT: N_("This item has come back or is part of a return already."),
    ReasonCode.GOODS_UNKNOWN: N_("This item is not in the order any more."),
    ReasonCode.ORDER_CANCELLED: N_("This order was cancelled."),
    ReasonCode.ORDER_REMOVED: N_("This order was removed by the shop."),
    ReasonCode.ORDER_REFUNDED: N_("The money for this order has been paid back."),
    ReasonCode.ORDER_UNPAID: N_("This order has not been paid."),
}


def to_customer(outcome: ReturnOutcome, reason: Reason) -> Text:
    """What a customer reads about a decision: a message id whose places the reason fills."""
    if outcome is ReturnOutcome.DECLINE:
        return _DECLINED.get(reason.code, _GENERAL[outcome])
    return _GENERAL[outcome]


def why_not(reason: Reason) -> Text:
    """What a customer reads where an item cannot be chosen."""
    return _NOTHING_LEFT.get(reason.code) or to_customer(ReturnOutcome.DECLINE, reason)
