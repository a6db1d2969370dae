"""The sentences of a mail that depend on what is known: subject, heading, opening, and why it came.

Whole sentences per case, because names and numbers cannot be glued into three languages alike.
"""

from app.channels.messages import (
    DataExportMail,
    Mail,
    MilestoneCouponMail,
    ReviewRequestMail,
    SignInLinkMail,
)
from app.channels.return_wordings import return_wording
from app.channels.wording import Wording, fitting
from app.domain.money import Money
from app.i18n import Translator


def wording(mail: Mail, words: Translator) -> Wording:
    """Choose the sentences for a mail in its reader's language."""
    match mail:
        case ReviewRequestMail():
            return _review_request(mail, words)
        case MilestoneCouponMail():
            return _milestone_coupon(mail, words)
        case SignInLinkMail():
            return _sign_in_link(mail, words)
        case DataExportMail():
            return _data_export(mail, words)
        case _:
            return return_wording(mail, words)


def discount(mail: MilestoneCouponMail, words: Translator) -> str:
    """What the coupon takes off: `10%` or `€10.00`, as the language writes it."""
    if isinstance(mail.discount, Money):
        return words.money(mail.discount)
    return words.gettext("%(percent)s%%", percent=mail.discount)


def _review_request(mail: ReviewRequestMail, words: Translator) -> Wording:
    item, name, one = mail.items[0].name, mail.first_name, len(mail.items) == 1
    if name:
        ask = words.gettext("%(name)s, how is your %(item)s?", name=name, item=item)
        heading = (
            words.gettext("How did it turn out, %(name)s?", name=name)
            if one
            else words.gettext("How are your things, %(name)s?", name=name)
        )
    else:
        ask = None
        heading = (
            words.gettext("How did it turn out?") if one else words.gettext("How are your things?")
        )
    return Wording(
        subject=fitting(
            ask,
            words.gettext("How is your %(item)s?", item=item),
            heading,
            words.gettext("How is what you bought?"),
        ),
        heading=heading,
        opening=words.gettext(
            "Your review helps others to choose, and us to get better. Good or bad, we publish it."
        ),
        why=words.gettext(
            "You get this because you bought from %(shop)s (order %(order)s).",
            shop=mail.shop.name,
            order=mail.order_number,
        ),
        button=words.gettext("Write a review"),
        about=_order(mail, words),
    )


def _order(mail: ReviewRequestMail, words: Translator) -> str:
    if mail.delivered_on is None:
        return words.gettext("Order %(order)s", order=mail.order_number)
    return words.gettext(
        "Order %(order)s, delivered on %(date)s",
        order=mail.order_number,
        date=words.date(mail.delivered_on),
    )


def _milestone_coupon(mail: MilestoneCouponMail, words: Translator) -> Wording:
    value, name = discount(mail, words), mail.first_name
    return Wording(
        subject=fitting(
            name and words.gettext("%(name)s, a thank-you: %(value)s off", name=name, value=value),
            words.gettext("A thank-you: %(value)s off", value=value),
        ),
        heading=words.gettext("Thank you, %(name)s", name=name)
        if name
        else words.gettext("Thank you"),
        opening=_milestone(mail, words),
        why=words.gettext("You get this because you bought from %(shop)s.", shop=mail.shop.name),
        button=words.gettext("Go to the shop"),
    )


def _milestone(mail: MilestoneCouponMail, words: Translator) -> str:
    reached = mail.milestone.reached
    if isinstance(reached, Money):
        return words.gettext(
            "Your orders with us have reached %(amount)s. Here is a coupon for the next one.",
            amount=words.money(reached),
        )
    if mail.milestone.kind == "anniversary":
        return words.ngettext(
            "It has been %(n)s year since your first order. Here is a coupon for the next one.",
            "It has been %(n)s years since your first order. Here is a coupon for the next one.",
            reached,
        )
    return words.ngettext(
        "You have placed %(n)s order with us. Here is a coupon for the next one.",
        "You have placed %(n)s orders with us. Here is a coupon for the next one.",
        reached,
    )


def _sign_in_link(mail: SignInLinkMail, words: Translator) -> Wording:
    return Wording(
        subject=fitting(
            words.gettext("Your sign-in link for %(store)s", store=mail.store_name),
            words.gettext("Your sign-in link"),
        ),
        heading=words.gettext("Sign in"),
        opening=words.ngettext(
            "This link opens the Afterglow pages of %(store)s. It works once, for %(n)s minute.",
            "This link opens the Afterglow pages of %(store)s. It works once, for %(n)s minutes.",
            mail.minutes,
            store=mail.store_name,
        ),
        why=words.gettext(
            "You get this because somebody asked to sign in with this address. "
            "If it was not you, do nothing: without this link nobody gets in."
        ),
        button=words.gettext("Sign in"),
    )


def _data_export(mail: DataExportMail, words: Translator) -> Wording:
    if mail.request:
        heading = words.gettext("The data of one customer is ready")
        opening = words.gettext(
            "A customer of %(store)s asked for their data (request %(request)s). The file holds "
            "all that Afterglow keeps about them. Please pass it on to the customer.",
            store=mail.store_name,
            request=mail.request,
        )
    else:
        heading = words.gettext("Your data is ready")
        opening = words.gettext(
            "The file holds all that Afterglow keeps for %(store)s.", store=mail.store_name
        )
    return Wording(
        subject=fitting(f"{heading}: {mail.store_name}", heading),
        heading=heading,
        opening=opening,
        why=words.gettext(
            "You get this because you look after %(store)s in Afterglow.", store=mail.store_name
        ),
        button=words.gettext("Download the file"),
    )
