"""Every "no" (and every "yes, because") that a merchant can read.

A reason is a member of `ReasonCode` with parameters. Its words are whole sentences per language
(`app/i18n/locales/*/reasons.po`); the English ones here are the source. Parameters are JSON
values; times are ISO text, money is `{"minor": …, "currency": …}`, so that a reason can be stored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from app.domain.money import Money


class ReasonCode(StrEnum):
    """Stable words for reasons; stored in actions and journal, never renamed."""

    # why something is planned
    AFTER_DELIVERY = "after_delivery"
    AFTER_FULFILMENT = "after_fulfilment"
    AFTER_COMPLETION = "after_completion"
    MILESTONE_ORDERS = "milestone_orders"
    MILESTONE_SPEND = "milestone_spend"
    MILESTONE_ANNIVERSARY = "milestone_anniversary"
    COUPON_ISSUED = "coupon_issued"
    REVIEW_SUBMITTED = "review_submitted"
    REQUESTED = "requested"
    CANCELLED_BY_MERCHANT = "cancelled_by_merchant"
    RETURN_ASKED = "return_asked"
    RETURN_APPROVED = "return_approved"
    RETURN_DECLINED = "return_declined"
    RETURN_HELD = "return_held"
    RETURN_IS_BACK = "return_is_back"
    RETURN_PAID_BACK = "return_paid_back"
    RETURN_OVER = "return_over"
    WITHDRAWAL_DECLARED = "withdrawal_declared"
    # why something was not done
    RETURN_SETTLED = "return_settled"
    RETURN_UNDONE = "return_undone"
    SENT_BACK = "sent_back"
    NOT_RETURNABLE = "not_returnable"
    WITHDRAWAL_PART = "withdrawal_part"
    RULES_OFF = "rules_off"
    RETURN_MOVED_ON = "return_moved_on"
    STORE_TELLS = "store_tells"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_REFUNDED = "order_refunded"
    ORDER_UNPAID = "order_unpaid"
    ORDER_REMOVED = "order_removed"
    TEST_ORDER = "test_order"
    IN_PERSON = "in_person"
    NOTHING_REVIEWABLE = "nothing_reviewable"
    ALREADY_ASKED = "already_asked"
    ALREADY_REVIEWED = "already_reviewed"
    ASKED_RECENTLY = "asked_recently"
    NO_CONSENT = "no_consent"  # the law wants it
    NO_CONSENT_WANTED = "no_consent_wanted"  # the merchant wants it
    UNSUBSCRIBED = "unsubscribed"
    ADDRESS_REFUSED = "address_refused"
    NO_ADDRESS = "no_address"
    NO_SUCH_ORDER = "no_such_order"
    MAIL_REFUSED = "mail_refused"
    STORE_ASKS = "store_asks"
    WITHDRAWAL_OPEN = "withdrawal_open"
    RETURN_OPEN = "return_open"
    TOO_OLD = "too_old"
    TOO_LATE = "too_late"
    AUTOMATION_OFF = "automation_off"
    NOT_CONNECTED = "not_connected"
    CUSTOMER_ERASED = "customer_erased"
    MILESTONE_TAKEN = "milestone_taken"
    MILESTONE_LOST = "milestone_lost"
    MILESTONE_PASSED = "milestone_passed"
    MILESTONE_TOGETHER = "milestone_together"
    COUPON_USED = "coupon_used"
    COUPON_REFUSED = "coupon_refused"
    PRODUCT_GONE = "product_gone"
    REVIEWS_CLOSED = "reviews_closed"
    STORE_REFUSED = "store_refused"
    NOT_YET_DELIVERED = "not_yet_delivered"
    OUR_FAULT = "our_fault"
    # what the rules of returns saw
    PERIOD_RUNS = "period_runs"
    PERIOD_NOT_BEGUN = "period_not_begun"
    PERIOD_OVER = "period_over"
    NO_PERIOD = "no_period"
    PERIOD_EXEMPT = "period_exempt"
    PERIOD_PROTECTS = "period_protects"
    PERIOD_MAY_PROTECT = "period_may_protect"
    GOODS_LEFT = "goods_left"
    GOODS_NOT_LEFT = "goods_not_left"
    GOODS_UNKNOWN = "goods_unknown"
    WINDOW_ORDER_OPEN = "window_order_open"
    WINDOW_ORDER_OVER = "window_order_over"
    WINDOW_SENT_OPEN = "window_sent_open"
    WINDOW_SENT_OVER = "window_sent_over"
    WINDOW_ARRIVED_OPEN = "window_arrived_open"
    WINDOW_ARRIVED_OVER = "window_arrived_over"
    WINDOW_EXPECTED_OPEN = "window_expected_open"
    WINDOW_EXPECTED_OVER = "window_expected_over"
    WINDOW_NOT_BEGUN = "window_not_begun"
    GIFT_CARD = "gift_card"
    NOT_SENT = "not_sent"
    ALL_SENT = "all_sent"
    PRODUCT_LISTED = "product_listed"
    CATEGORY_LISTED = "category_listed"
    TAG_LISTED = "tag_listed"
    NONE_LISTED = "none_listed"
    ALL_LISTED = "all_listed"
    ITEM_NOT_LISTED = "item_not_listed"
    PRODUCT_UNKNOWN = "product_unknown"
    ITEM_ON_SALE = "item_on_sale"
    NONE_ON_SALE = "none_on_sale"
    SALE_UNKNOWN = "sale_unknown"
    DISCOUNT_ABOVE = "discount_above"
    DISCOUNT_WITHIN = "discount_within"
    NO_DISCOUNT = "no_discount"
    REASON_LISTED = "reason_listed"
    REASON_NOT_LISTED = "reason_not_listed"
    NO_REASON_LISTED = "no_reason_listed"
    ALL_REASONS_LISTED = "all_reasons_listed"
    VALUE_ABOVE = "value_above"
    VALUE_WITHIN = "value_within"
    VALUE_OTHER_CURRENCY = "value_other_currency"
    RETURNS_ABOVE = "returns_above"
    RETURNS_WITHIN = "returns_within"
    SHARE_ABOVE = "share_above"
    SHARE_WITHIN = "share_within"
    SHARE_TOO_FEW = "share_too_few"
    COUNTRY_LISTED = "country_listed"
    COUNTRY_NOT_LISTED = "country_not_listed"
    COUNTRY_UNKNOWN = "country_unknown"
    RULE_UNKNOWN = "rule_unknown"
    NO_RULE_DECIDED = "no_rule_decided"
    # why something waits
    QUIET_HOURS = "quiet_hours"
    DAY_OF_REST = "day_of_rest"
    BUDGET_USED = "budget_used"
    NEW_SHOP_LIMIT = "new_shop_limit"
    HISTORY_INCOMPLETE = "history_incomplete"
    STORE_UNREACHABLE = "store_unreachable"
    PAUSED = "paused"
    PROBLEM_OPEN = "problem_open"
    RESTORED_BACKUP = "restored_backup"
    HIGHER_RANK = "higher_rank"
    # how something ended
    SENT = "sent"
    POSSIBLE_REPEAT = "possible_repeat"
    MAYBE_SENT = "maybe_sent"
    CREATED_IN_STORE = "created_in_store"
    FOUND_IN_STORE = "found_in_store"
    PUBLISHED = "published"
    VOIDED = "voided"
    RATING_NOT_OURS = "rating_not_ours"
    SETTINGS_CHANGED = "settings_changed"


@dataclass(frozen=True, slots=True)
class Reason:
    """A code with the facts that its sentence names."""

    code: ReasonCode
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, code: ReasonCode, /, **params: str | int | datetime | Money) -> "Reason":
        """Build a storable reason: times become ISO text, money a small object."""
        if not params:
            return cls(code)
        return cls(code, MappingProxyType({key: _plain(value) for key, value in params.items()}))


def _plain(value: str | int | datetime | Money) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    return value
