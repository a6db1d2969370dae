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
