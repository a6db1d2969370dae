"""The sentences of mails about returns, as in wordings.py."""

from app.channels.return_messages import (
    ReturnApprovedMail,
    ReturnCodeMail,
    ReturnDeclinedMail,
    ReturnEndedMail,
    ReturnMail,
    ReturnReceiptMail,
    ReturnReceivedMail,
    ReturnRefundedMail,
    WithdrawalReceiptMail,
)
from app.channels.wording import Wording, fitting
from app.i18n import Translator

AboutReturn = (
    ReturnReceiptMail
    | ReturnApprovedMail
    | ReturnDeclinedMail
    | ReturnReceivedMail
    | ReturnRefundedMail
    | ReturnEndedMail
)


def return_wording(mail: ReturnMail, words: Translator) -> Wording:
    """Choose the sentences for a mail in its reader's language."""
    match mail:
        case ReturnCodeMail():
            return _code(mail, words)
        case WithdrawalReceiptMail():
            return _withdrawal(mail, words)
        case _:
            subject, heading, opening = _said(mail, words)
            return Wording(
                subject=subject,
                heading=heading,
                opening=opening,
                why=_why(mail, words),
                button=words.gettext("See your return"),
                about=_about(mail.return_name, mail.order_number, words),
            )


def _said(mail: AboutReturn, words: Translator) -> tuple[str, str, str]:
    """Subject, heading and opening."""
    name = mail.return_name
    match mail:
        case ReturnReceiptMail():
            return (
                words.gettext("We have your request: %(return)s", **{"return": name}),
                words.gettext("We have your request"),
                words.gettext(
                    "Someone at the shop is looking at it. You get a mail as soon as it is decided."
                ),
            )
        case ReturnApprovedMail():
            return (
                words.gettext("Your return %(return)s is approved", **{"return": name}),
                words.gettext("Your return is approved"),
                words.gettext("Please send the items back. Here is how."),
            )
        case ReturnDeclinedMail():
            return (
                words.gettext("About your return %(return)s", **{"return": name}),
                words.gettext("We cannot take this back"),
                words.gettext(
                    "We looked at your request. Here is why not, and what you can still do."
                )
                if mail.withdraw_url
                else words.gettext("We looked at your request. Here is why not."),
            )
        case ReturnReceivedMail():
            return (
                words.gettext("Your return %(return)s has arrived", **{"return": name}),
                words.gettext("Your parcel is here"),
                words.gettext("We look at the items and write when the money is on its way."),
            )
        case ReturnRefundedMail():
            return _refunded(mail, words)
        case ReturnEndedMail():
            return _ended(mail, words)


def _refunded(mail: ReturnRefundedMail, words: Translator) -> tuple[str, str, str]:
    heading = words.gettext("Your money is on its way")
    if mail.amount is None:
        return (
            words.gettext("Money back for return %(return)s", **{"return": mail.return_name}),
            heading,
            words.gettext(
                "We have sent back the money for this return. Your bank may take a few days."
            ),
        )
    amount = words.money(mail.amount)
    return (
        fitting(words.gettext("Your money is on its way: %(amount)s", amount=amount), heading),
        heading,
        words.gettext(
            "We have sent back %(amount)s. Your bank may take a few days.", amount=amount
        ),
    )


def _ended(mail: ReturnEndedMail, words: Translator) -> tuple[str, str, str]:
    if mail.cancelled:
        return (
            words.gettext("Your return %(return)s is cancelled", **{"return": mail.return_name}),
            words.gettext("Your return is cancelled"),
            words.gettext("You keep the items; there is nothing more to do."),
        )
    return (
        words.gettext("Your return %(return)s is closed", **{"return": mail.return_name}),
        words.gettext("Your return is closed"),
        words.gettext("Nothing more happens with it. If that surprises you, write to us."),
    )


def _code(mail: ReturnCodeMail, words: Translator) -> Wording:
    return Wording(
        subject=words.gettext("%(code)s is your code", code=mail.code),
        heading=words.gettext("Your code"),
        opening=words.ngettext(
            "Enter it on the page that you have open. It works for %(n)s minute.",
            "Enter it on the page that you have open. It works for %(n)s minutes.",
            mail.minutes,
        ),
        why=words.gettext(
            "You get this because somebody asked %(shop)s about your order on the page for "
            "returns. If it was not you, do nothing: without the code nobody sees the order.",
            shop=mail.shop.name,
        ),
        button=words.gettext("Open the page again"),
        about=words.gettext("Order %(order)s", order=mail.order_number),
    )


def _withdrawal(mail: WithdrawalReceiptMail, words: Translator) -> Wording:
    return Wording(
        subject=fitting(
            words.gettext(
                "We have received your withdrawal: %(return)s", **{"return": mail.return_name}
            ),
            words.gettext("We have received your withdrawal"),
        ),
        heading=words.gettext("We have received your withdrawal"),
        opening=words.gettext(
            "It reached us on %(moment)s. Keep this mail: it is your proof.",
            moment=words.exact(mail.received_at, mail.zone),
        ),
        why=words.gettext(
            "You get this because a withdrawal from a contract with %(shop)s was declared with "
            "this address. If it was not you, please write to the shop.",
            shop=mail.shop.name,
        ),
        button=words.gettext("See where it stands"),
    )


def _about(return_name: str, order_number: str, words: Translator) -> str:
    if not order_number:
        return words.gettext("Return %(return)s", **{"return": return_name})
    return words.gettext(
        "Return %(return)s, order %(order)s", **{"return": return_name, "order": order_number}
    )


def _why(mail: AboutReturn, words: Translator) -> str:
    if isinstance(mail, ReturnDeclinedMail):
        return words.gettext(
            "You get this because you asked to return something to %(shop)s.", shop=mail.shop.name
        )
    if not mail.order_number:
        return words.gettext(
            "You get this because you are returning something to %(shop)s.", shop=mail.shop.name
        )
    return words.gettext(
        "You get this because you are returning something to %(shop)s (order %(order)s).",
        shop=mail.shop.name,
        order=mail.order_number,
    )
