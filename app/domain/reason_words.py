"""The English words of every reason: what follows "Not asked:", "Planned:" and the like.

They are the message ids of `app/i18n/locales/*/reasons.po`. Each text is whole, never glued from
parts. A reason that carries the facts gets its `DETAILED` words, any other the `WORDS` of its
code, so that a row stored by another release can always be read. A pair is singular and plural.
"""

from app.domain.reasons import ReasonCode

Text = str | tuple[str, str]


def N_(message: str) -> str:  # noqa: N802 - the name that gettext tools know
    """Mark a text for translation."""
    return message


def ngettext(singular: str, plural: str) -> tuple[str, str]:
    """Mark a text with a number (`n`) for translation."""
    return singular, plural


UNKNOWN_COUNTRY = N_("unknown country")

WORDS: dict[ReasonCode, str] = {
    ReasonCode.AFTER_DELIVERY: N_("some days after the last parcel arrived"),
    ReasonCode.AFTER_FULFILMENT: N_("some days after the last parcel left"),
    ReasonCode.AFTER_COMPLETION: N_("some days after the order was completed"),
    ReasonCode.MILESTONE_ORDERS: N_("the customer reached a number of paid orders"),
    ReasonCode.MILESTONE_SPEND: N_("the customer reached an amount spent in all"),
    ReasonCode.MILESTONE_ANNIVERSARY: N_("an anniversary of the customer’s first order"),
    ReasonCode.COUPON_ISSUED: N_("the coupon is in your store"),
    ReasonCode.REVIEW_SUBMITTED: N_("the customer sent a review"),
    ReasonCode.REQUESTED: N_("somebody asked for it"),
    ReasonCode.CANCELLED_BY_MERCHANT: N_("you cancelled it"),
    ReasonCode.RETURN_ASKED: N_("the customer asked to return something"),
    ReasonCode.RETURN_APPROVED: N_("the return is approved"),
    ReasonCode.RETURN_DECLINED: N_("the return is declined"),
    ReasonCode.RETURN_HELD: N_("the return is left to you"),
    ReasonCode.RETURN_IS_BACK: N_("the goods are back"),
    ReasonCode.RETURN_PAID_BACK: N_("the money went back"),
    ReasonCode.RETURN_OVER: N_("the return is closed"),
    ReasonCode.WITHDRAWAL_DECLARED: N_("the customer withdraws from the purchase"),
    ReasonCode.RETURN_SETTLED: N_("the return has been decided meanwhile"),
    ReasonCode.RETURN_UNDONE: N_("the decision was taken back"),
    ReasonCode.SENT_BACK: N_("everything was sent back"),
    ReasonCode.WITHDRAWAL_PART: N_("the customer wrote which items; compare them with the order"),
    ReasonCode.RULES_OFF: N_("your rules for returns are switched off"),
    ReasonCode.NOT_RETURNABLE: N_("your store finds nothing in the order to return"),
    ReasonCode.RETURN_MOVED_ON: N_("the return stands elsewhere in your store meanwhile"),
    ReasonCode.STORE_TELLS: N_("it was done in your store, which tells the customer itself"),
    ReasonCode.ORDER_CANCELLED: N_("the order was cancelled"),
    ReasonCode.ORDER_REFUNDED: N_("the order was refunded"),
    ReasonCode.ORDER_UNPAID: N_("the order is not paid"),
    ReasonCode.ORDER_REMOVED: N_("the order was deleted in your store"),
    ReasonCode.TEST_ORDER: N_("this is a test order"),
    ReasonCode.IN_PERSON: N_("the order was sold in person"),
    ReasonCode.NOTHING_REVIEWABLE: N_("none of the items can be reviewed"),
    ReasonCode.ALREADY_ASKED: N_("the customer was already asked about this order"),
    ReasonCode.ALREADY_REVIEWED: N_("the customer has already reviewed all items"),
    ReasonCode.ASKED_RECENTLY: N_("the customer was asked about another order not long ago"),
    ReasonCode.NO_CONSENT: N_(
        "there is no recorded consent to marketing mail; the law asks for it"
    ),
    ReasonCode.NO_CONSENT_WANTED: N_(
        "there is no recorded consent to marketing mail; your contact settings ask for it"
    ),
    ReasonCode.UNSUBSCRIBED: N_("the customer does not want such mail"),
    ReasonCode.ADDRESS_REFUSED: N_("the customer’s mail server refused the address"),
    ReasonCode.MAIL_REFUSED: N_("the customer’s mail server refused the mail"),
    ReasonCode.NO_ADDRESS: N_("there is no e-mail address"),
    ReasonCode.NO_SUCH_ORDER: N_("no order has the number and the address that were given"),
    ReasonCode.STORE_ASKS: N_("your store itself asks for a review of this order"),
    ReasonCode.WITHDRAWAL_OPEN: N_("the customer has asked to withdraw from the order"),
    ReasonCode.RETURN_OPEN: N_("a return is open"),
    ReasonCode.TOO_OLD: N_("too much time has passed"),
    ReasonCode.TOO_LATE: N_("its useful time is over"),
    ReasonCode.AUTOMATION_OFF: N_("the automation is off"),
    ReasonCode.NOT_CONNECTED: N_("your store is not connected"),
    ReasonCode.CUSTOMER_ERASED: N_("the customer’s data was erased"),
    ReasonCode.MILESTONE_TAKEN: N_("the customer already got a coupon for this milestone"),
    ReasonCode.MILESTONE_LOST: N_("the milestone is no longer reached, money went back"),
    ReasonCode.MILESTONE_PASSED: N_("the customer had passed this milestone before"),
    ReasonCode.MILESTONE_TOGETHER: N_("the same order brings a coupon for another milestone"),
    ReasonCode.COUPON_USED: N_("the coupon has been used"),
    ReasonCode.COUPON_REFUSED: N_("your store refused the coupon"),
    ReasonCode.PRODUCT_GONE: N_("the product no longer exists in your store"),
    ReasonCode.REVIEWS_CLOSED: N_("your store takes no reviews of this product"),
    ReasonCode.STORE_REFUSED: N_("your store refused it"),
    ReasonCode.NOT_YET_DELIVERED: N_("nothing has been sent or completed yet"),
    ReasonCode.OUR_FAULT: N_("a fault of ours, kept and reported"),
    ReasonCode.PERIOD_RUNS: N_("the statutory withdrawal period is running"),
    ReasonCode.PERIOD_NOT_BEGUN: N_(
        "the arrival is not known, so the statutory withdrawal period has not ended"
    ),
    ReasonCode.PERIOD_OVER: N_("the statutory withdrawal period is over"),
    ReasonCode.NO_PERIOD: N_("no statutory withdrawal period is on record for this order"),
    ReasonCode.PERIOD_EXEMPT: N_("an item is not covered by withdrawal, as your settings say"),
    ReasonCode.PERIOD_PROTECTS: N_(
        "your rule would decline, but the statutory withdrawal period is running"
    ),
    ReasonCode.PERIOD_MAY_PROTECT: N_(
        "your rule would decline, but the arrival is not known and the statutory withdrawal "
        "period may be running"
    ),
    ReasonCode.GOODS_LEFT: N_("the order stands and holds all that is asked for"),
    ReasonCode.GOODS_NOT_LEFT: N_("more was asked for than can still come back"),
    ReasonCode.GOODS_UNKNOWN: N_("the order does not hold what was asked for"),
    ReasonCode.WINDOW_ORDER_OPEN: N_("the time from the order has not run out"),
    ReasonCode.WINDOW_ORDER_OVER: N_("the time from the order has run out"),
    ReasonCode.WINDOW_SENT_OPEN: N_("the time from the last parcel’s leaving has not run out"),
    ReasonCode.WINDOW_SENT_OVER: N_("the time from the last parcel’s leaving has run out"),
    ReasonCode.WINDOW_ARRIVED_OPEN: N_("the time from the last parcel’s arrival has not run out"),
    ReasonCode.WINDOW_ARRIVED_OVER: N_("the time from the last parcel’s arrival has run out"),
    ReasonCode.WINDOW_EXPECTED_OPEN: N_("the time from the expected arrival has not run out"),
    ReasonCode.WINDOW_EXPECTED_OVER: N_("the time from the expected arrival has run out"),
    ReasonCode.WINDOW_NOT_BEGUN: N_("not everything has been sent, so the time has not begun"),
    ReasonCode.GIFT_CARD: N_("a gift card is among the items"),
    ReasonCode.NOT_SENT: N_("a download or service is among the items"),
    ReasonCode.ALL_SENT: N_("there is no gift card, download or service among the items"),
    ReasonCode.PRODUCT_LISTED: N_("an item is on the rule’s list of products"),
    ReasonCode.CATEGORY_LISTED: N_("an item is in a category on the rule’s list"),
    ReasonCode.TAG_LISTED: N_("an item has a tag on the rule’s list"),
    ReasonCode.NONE_LISTED: N_("no item is on the rule’s list"),
    ReasonCode.ALL_LISTED: N_("every item is on the rule’s list"),
    ReasonCode.ITEM_NOT_LISTED: N_("an item is not on the rule’s list"),
    ReasonCode.PRODUCT_UNKNOWN: N_("it is not known what your store says about an item"),
    ReasonCode.ITEM_ON_SALE: N_("an item was on sale"),
    ReasonCode.NONE_ON_SALE: N_("no item was on sale, as far as your store tells"),
    ReasonCode.SALE_UNKNOWN: N_("it is not known whether an item was on sale"),
    ReasonCode.DISCOUNT_ABOVE: N_("coupons took off more than the rule allows"),
    ReasonCode.DISCOUNT_WITHIN: N_("coupons took off no more than the rule allows"),
    ReasonCode.NO_DISCOUNT: N_("no coupon was used"),
    ReasonCode.REASON_LISTED: N_("a reason of the customer is on the rule’s list"),
    ReasonCode.REASON_NOT_LISTED: N_("a reason of the customer is not on the rule’s list"),
    ReasonCode.NO_REASON_LISTED: N_("no reason of the customer is on the rule’s list"),
    ReasonCode.ALL_REASONS_LISTED: N_("all reasons of the customer are on the rule’s list"),
    ReasonCode.VALUE_ABOVE: N_("the value is above the limit"),
    ReasonCode.VALUE_WITHIN: N_("the value is within the limit"),
    ReasonCode.VALUE_OTHER_CURRENCY: N_("the order is in another currency than your limit"),
    ReasonCode.RETURNS_ABOVE: N_("the customer has asked for more returns than the rule allows"),
    ReasonCode.RETURNS_WITHIN: N_("the customer has not asked for too many returns"),
    ReasonCode.SHARE_ABOVE: N_("the customer returns more of the orders than the rule allows"),
    ReasonCode.SHARE_WITHIN: N_("the customer does not return too many of the orders"),
    ReasonCode.SHARE_TOO_FEW: N_("the customer has too few orders for the rule"),
    ReasonCode.COUNTRY_LISTED: N_("the country is on the rule’s list"),
    ReasonCode.COUNTRY_NOT_LISTED: N_("the country is not on the rule’s list"),
    ReasonCode.COUNTRY_UNKNOWN: N_("it is not known to which country the order went"),
    ReasonCode.RULE_UNKNOWN: N_("this release does not know the rule, so it is left to you"),
    ReasonCode.NO_RULE_DECIDED: N_("no rule decided, so what you chose for the rest holds"),
    ReasonCode.QUIET_HOURS: N_("it is night where the customer lives"),
    ReasonCode.DAY_OF_REST: N_("it is a Sunday or public holiday where the customer lives"),
    ReasonCode.BUDGET_USED: N_("the customer has had enough messages for now"),
    ReasonCode.NEW_SHOP_LIMIT: N_("the first mails of a new shop go out slowly"),
    ReasonCode.HISTORY_INCOMPLETE: N_("earlier orders are still being read"),
    ReasonCode.STORE_UNREACHABLE: N_("your store cannot be reached"),
    ReasonCode.PAUSED: N_("everything is paused"),
    ReasonCode.PROBLEM_OPEN: N_("a problem waits for you"),
    ReasonCode.RESTORED_BACKUP: N_("a backup was put back; it may have been done already"),
    ReasonCode.HIGHER_RANK: N_("a more important message goes first"),
    ReasonCode.SENT: N_("the mail server took it"),
    ReasonCode.POSSIBLE_REPEAT: N_("it may have been sent twice"),
    ReasonCode.MAYBE_SENT: N_("the mail server went silent; it is not sent again"),
    ReasonCode.CREATED_IN_STORE: N_("created in your store"),
    ReasonCode.FOUND_IN_STORE: N_("an earlier try had got through, it was found in your store"),
    ReasonCode.PUBLISHED: N_("the review is in your store"),
    ReasonCode.VOIDED: N_("the coupon can no longer be used"),
    ReasonCode.RATING_NOT_OURS: N_("another app writes the rating, it was left alone"),
    ReasonCode.SETTINGS_CHANGED: N_("the settings changed"),
}

DETAILED: dict[ReasonCode, Text] = {
    ReasonCode.AFTER_DELIVERY: ngettext(
        "%(n)s day after the last parcel arrived on %(date)s",
        "%(n)s days after the last parcel arrived on %(date)s",
    ),
    ReasonCode.AFTER_FULFILMENT: ngettext(
        "%(n)s day after the last parcel left on %(date)s, with its time on the way",
        "%(n)s days after the last parcel left on %(date)s, with its time on the way",
    ),
    ReasonCode.AFTER_COMPLETION: ngettext(
        "%(n)s day after the order was completed on %(date)s",
        "%(n)s days after the order was completed on %(date)s",
    ),
    ReasonCode.MILESTONE_ORDERS: N_("the customer’s paid order number %(n)s"),
    ReasonCode.MILESTONE_SPEND: N_("the customer has spent %(amount)s in all"),
    ReasonCode.MILESTONE_ANNIVERSARY: ngettext(
        "%(n)s year since the customer’s first order on %(date)s",
        "%(n)s years since the customer’s first order on %(date)s",
    ),
    ReasonCode.COUPON_ISSUED: N_("the coupon %(code)s is in your store"),
    ReasonCode.RETURN_ASKED: N_("the customer asked for return %(name)s"),
    ReasonCode.RETURN_APPROVED: N_("return %(name)s is approved"),
    ReasonCode.RETURN_DECLINED: N_("return %(name)s is declined"),
    ReasonCode.RETURN_HELD: N_("return %(name)s is left to you"),
    ReasonCode.RETURN_IS_BACK: N_("the goods of return %(name)s are back"),
    ReasonCode.RETURN_PAID_BACK: N_("the money of return %(name)s went back"),
    ReasonCode.RETURN_OVER: N_("return %(name)s is closed"),
    ReasonCode.WITHDRAWAL_DECLARED: N_("the customer withdraws from the purchase (%(name)s)"),
    ReasonCode.ORDER_CANCELLED: N_("the order was cancelled on %(date)s"),
    ReasonCode.ORDER_REFUNDED: N_("the order was refunded on %(date)s"),
    ReasonCode.ASKED_RECENTLY: ngettext(
        "the customer was asked about another order on %(date)s, less than %(n)s day ago",
        "the customer was asked about another order on %(date)s, less than %(n)s days ago",
    ),
    ReasonCode.NO_CONSENT: N_(
        "there is no recorded consent to marketing mail; the law asks for it (%(country)s)"
    ),
    ReasonCode.RETURN_OPEN: N_("return %(name)s is open"),
    ReasonCode.TOO_OLD: ngettext(
        "more than %(n)s day has passed since %(date)s",
        "more than %(n)s days have passed since %(date)s",
    ),
    ReasonCode.TOO_LATE: N_("it was only useful until %(until)s"),
    ReasonCode.OUR_FAULT: N_("a fault of ours, kept and reported as %(code)s"),
    ReasonCode.PERIOD_RUNS: N_("the statutory withdrawal period runs until %(until)s"),
    ReasonCode.PERIOD_OVER: N_("the statutory withdrawal period ended on %(until)s"),
    ReasonCode.NO_PERIOD: N_("no statutory withdrawal period is on record for %(country)s"),
    ReasonCode.PERIOD_EXEMPT: N_("“%(item)s” is not covered by withdrawal, as your settings say"),
    ReasonCode.PERIOD_PROTECTS: N_(
        "your rule would decline, but the statutory withdrawal period runs until %(until)s"
    ),
    ReasonCode.GOODS_NOT_LEFT: N_(
        "more of “%(item)s” was asked for than can still come back (%(n)s, left: %(limit)s)"
    ),
    ReasonCode.WINDOW_ORDER_OPEN: ngettext(
        "the time runs until %(until)s, %(n)s day after the order of %(date)s",
        "the time runs until %(until)s, %(n)s days after the order of %(date)s",
    ),
    ReasonCode.WINDOW_ORDER_OVER: ngettext(
        "the time ended on %(until)s, %(n)s day after the order of %(date)s",
        "the time ended on %(until)s, %(n)s days after the order of %(date)s",
    ),
    ReasonCode.WINDOW_SENT_OPEN: ngettext(
        "the time runs until %(until)s, %(n)s day after the last parcel left on %(date)s",
        "the time runs until %(until)s, %(n)s days after the last parcel left on %(date)s",
    ),
    ReasonCode.WINDOW_SENT_OVER: ngettext(
        "the time ended on %(until)s, %(n)s day after the last parcel left on %(date)s",
        "the time ended on %(until)s, %(n)s days after the last parcel left on %(date)s",
    ),
    ReasonCode.WINDOW_ARRIVED_OPEN: ngettext(
        "the time runs until %(until)s, %(n)s day after the last parcel arrived on %(date)s",
        "the time runs until %(until)s, %(n)s days after the last parcel arrived on %(date)s",
    ),
    ReasonCode.WINDOW_ARRIVED_OVER: ngettext(
        "the time ended on %(until)s, %(n)s day after the last parcel arrived on %(date)s",
        "the time ended on %(until)s, %(n)s days after the last parcel arrived on %(date)s",
    ),
    ReasonCode.WINDOW_EXPECTED_OPEN: ngettext(
        "the time runs until %(until)s, %(n)s day after the expected arrival on %(date)s",
        "the time runs until %(until)s, %(n)s days after the expected arrival on %(date)s",
    ),
    ReasonCode.WINDOW_EXPECTED_OVER: ngettext(
        "the time ended on %(until)s, %(n)s day after the expected arrival on %(date)s",
        "the time ended on %(until)s, %(n)s days after the expected arrival on %(date)s",
    ),
    ReasonCode.GIFT_CARD: N_("“%(item)s” is a gift card"),
    ReasonCode.NOT_SENT: N_("“%(item)s” is a download or a service"),
    ReasonCode.PRODUCT_LISTED: N_("“%(item)s” is on the rule’s list of products"),
    ReasonCode.CATEGORY_LISTED: N_("“%(item)s” is in the category “%(name)s”"),
    ReasonCode.TAG_LISTED: N_("“%(item)s” has the tag “%(name)s”"),
    ReasonCode.ITEM_NOT_LISTED: N_("“%(item)s” is not on the rule’s list"),
    ReasonCode.PRODUCT_UNKNOWN: N_("it is not known what your store says about “%(item)s”"),
    ReasonCode.ITEM_ON_SALE: N_("“%(item)s” was bought for %(amount)s instead of %(limit)s"),
    ReasonCode.SALE_UNKNOWN: N_("it is not known whether “%(item)s” was on sale"),
    ReasonCode.DISCOUNT_ABOVE: N_("coupons took off %(n)s percent, more than %(limit)s"),
    ReasonCode.DISCOUNT_WITHIN: N_("coupons took off %(n)s percent, no more than %(limit)s"),
    ReasonCode.REASON_LISTED: N_("the reason for “%(item)s” is “%(reason)s”"),
    ReasonCode.REASON_NOT_LISTED: N_(
        "the reason for “%(item)s”, “%(reason)s”, is not on the rule’s list"
    ),
    ReasonCode.VALUE_ABOVE: N_("%(amount)s is above the limit of %(limit)s"),
    ReasonCode.VALUE_WITHIN: N_("%(amount)s is within the limit of %(limit)s"),
    ReasonCode.VALUE_OTHER_CURRENCY: N_(
        "%(amount)s is in another currency than your limit of %(limit)s"
    ),
    ReasonCode.RETURNS_ABOVE: ngettext(
        "the customer asked for %(n)s return before, in %(days)s days; the limit is %(limit)s",
        "the customer asked for %(n)s returns before, in %(days)s days; the limit is %(limit)s",
    ),
    ReasonCode.RETURNS_WITHIN: ngettext(
        "the customer asked for %(n)s return before in %(days)s days, within the limit of "
        "%(limit)s",
        "the customer asked for %(n)s returns before in %(days)s days, within the limit of "
        "%(limit)s",
    ),
    ReasonCode.SHARE_ABOVE: N_(
        "the customer returned something from %(n)s of %(of)s orders, more than %(limit)s percent"
    ),
    ReasonCode.SHARE_WITHIN: N_(
        "the customer returned something from %(n)s of %(of)s orders, "
        "no more than %(limit)s percent"
    ),
    ReasonCode.SHARE_TOO_FEW: ngettext(
        "the customer has %(n)s order, the rule looks at %(limit)s or more",
        "the customer has %(n)s orders, the rule looks at %(limit)s or more",
    ),
    ReasonCode.COUNTRY_LISTED: N_("%(country)s is on the rule’s list of countries"),
    ReasonCode.COUNTRY_NOT_LISTED: N_("%(country)s is not on the rule’s list of countries"),
    ReasonCode.QUIET_HOURS: N_("quiet hours from %(begin)s to %(end)s by the customer’s clock"),
    ReasonCode.BUDGET_USED: ngettext(
        "the limit of %(n)s message per %(days)s-day period is reached",
        "the limit of %(n)s messages per %(days)s-day period is reached",
    ),
    ReasonCode.NEW_SHOP_LIMIT: N_(
        "the first %(first)s mails of a new shop go out slowly, at most %(per_hour)s an hour"
    ),
    ReasonCode.RESTORED_BACKUP: N_(
        "the backup of %(since)s was put back on %(until)s; it may have been done in between"
    ),
    ReasonCode.HIGHER_RANK: N_("a more important message is planned for %(date)s"),
    ReasonCode.CREATED_IN_STORE: N_("created in your store as %(code)s"),
    ReasonCode.FOUND_IN_STORE: N_(
        "an earlier try had got through, %(code)s was found in your store"
    ),
    ReasonCode.VOIDED: N_("the coupon %(code)s can no longer be used"),
}
