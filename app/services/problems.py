"""What a problem means for the merchant: what happened, what it costs, how to mend it, where."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from app.db.actions import RESTORED
from app.db.problems import Problem
from app.domain.reason_words import ngettext
from app.i18n import N_, Translator
from app.pipeline.effects.mail import TEXT_REFUSED

_RECONNECT = N_("Connect again")
_CONNECT = "/connect"


@dataclass(frozen=True, slots=True)
class ProblemWords:
    """Message ids. `detail` is said only if the problem carries all that it names; a pair is
    singular and plural of `n`.

    `action` and `href` where the remedy is on a page of ours. `by_retry`: no look at the store
    tells whether it is mended, only another try of what it blocks. `again`: the merchant may ask
    for another look. `news`: nothing is to be done, the merchant shall only know.
    """

    what: str
    consequence: str
    remedy: str
    detail: str | tuple[str, str] = ""
    action: str = ""
    href: str | None = None
    by_retry: bool = False
    again: bool = True
    news: bool = False


@dataclass(frozen=True, slots=True)
class Explained:
    """An open problem in the reader's language."""

    key: str
    what: str
    text: str  # consequence, details, remedy
    action: str
    href: str | None
    again: bool
    news: bool


_STOPPED = N_(
    "No order is read and nothing is done in your store. What falls due waits and goes on by "
    "itself as soon as this is mended."
)
_PAUSED = N_("Everything is paused, so that no customer hears from a copy of your store.")
_REOPEN = N_("Open Afterglow once in your Shopify admin; that renews the access.")

WORDS: dict[str, ProblemWords] = {
    "not_connected": ProblemWords(
        N_("Afterglow has no key to your store"),
        _STOPPED,
        N_("Connect the store."),
        action=N_("Connect the store"),
        href=_CONNECT,
        again=False,
    ),
    "store_unreachable": ProblemWords(
        N_("Your store has not answered for a while"),
        _STOPPED,
        N_("Check whether it opens in a browser. If it does, ask your host whether it blocks us."),
    ),
    "store_moved": ProblemWords(
        N_("Your store has another address now, or a copy of it answers in its place"),
        _PAUSED,
        N_(
            "If the store has moved, connect it under its new address. If not, have its domain "
            "lead to it again; then everything goes on by itself."
        ),
        detail=N_("The address that answers is %(host)s."),
        action=_RECONNECT,
        href=_CONNECT,
    ),
    "store_copy": ProblemWords(
        N_("A copy of your store sent us its orders"),
        N_("Nothing of it was believed, and nobody was mailed because of it."),
        N_(
            "Your own store got new webhooks, so those of the copy lead nowhere any more. Nothing "
            "has to be done; this goes away by itself."
        ),
        detail=N_("The copy calls itself %(host)s."),
        again=False,
        news=True,
    ),
    "store_address_refused": ProblemWords(
        N_("Your store’s address does not lead to the public internet"),
        _STOPPED,
        N_("Check the domain’s DNS entries, or connect the store under the customers’ address."),
        action=_RECONNECT,
        href=_CONNECT,
    ),
    "store_certificate": ProblemWords(
        N_("Your store’s certificate is not valid"),
        _STOPPED,
        N_("Renew it at your host; browsers warn your customers as well."),
    ),
    "store_not_https": ProblemWords(
        N_("Your store is connected without encryption"),
        _STOPPED,
        N_("Give the store a certificate, then connect it under https."),
        action=_RECONNECT,
        href=_CONNECT,
    ),
    "store_key_refused": ProblemWords(
        N_("Your store refuses our key"),
        _STOPPED,
        N_(
            "The key was removed, may only read, or its user lost rights. Connect again as an "
            "administrator."
        ),
        action=_RECONNECT,
        href=_CONNECT,
    ),
    "store_firewall": ProblemWords(
        N_("Something in front of your store blocks us"),
        _STOPPED,
        N_(
            "A firewall, bot protection or plugin is in the way. Allow “Afterglow” as user agent "
            "on /wp-json/."
        ),
    ),
    "store_rest_missing": ProblemWords(
        N_("WooCommerce’s interface is not found in your store"),
        _STOPPED,
        N_("Check that WooCommerce is active and that permalinks are not set to “Plain”."),
    ),
    "store_not_json": ProblemWords(
        N_("Your store answers with a page where it should answer with data"),
        _STOPPED,
        N_("Look for a maintenance page, a cache or PHP messages on /wp-json/."),
    ),
    "store_closed": ProblemWords(
        N_("Shopify says that your store is frozen, closed or gone"),
        _STOPPED,
        N_("Reopen the store in the Shopify admin."),
    ),
    "store_token_expired": ProblemWords(
        N_("Our access to your store has run out"), _STOPPED, _REOPEN
    ),
    "store_token_refused": ProblemWords(N_("Your store refuses our access"), _STOPPED, _REOPEN),
    "scopes_missing": ProblemWords(
        N_("Afterglow lacks permissions in your store"),
        N_("What needs them waits; everything else goes on."),
        N_("Open Afterglow in your Shopify admin and accept the permissions."),
        detail=N_("Missing: %(scopes)s."),
    ),
    "webhooks_need_https": ProblemWords(
        N_("Your store cannot tell us what happens in it"),
        N_("Nothing is lost, but it is noticed later."),
        N_("Whoever runs this installation has to give it a public https address on port 443."),
        detail=N_("Orders are looked up every %(minutes)s minutes."),
    ),
    "webhooks_missing": ProblemWords(
        N_("Your store did not let us register its webhooks"),
        N_("Nothing is lost, but it is noticed later, when orders are looked up."),
        N_("Connect again as an administrator."),
        detail=N_("Its answer was “%(code)s”."),
        action=_RECONNECT,
        href=_CONNECT,
    ),
    RESTORED: ProblemWords(
        N_("A backup was put back, and some work may have been done already"),
        N_("It is held, so that none of your customers gets the same twice."),
        N_("Look at it, then let it go on or cancel it."),
        detail=ngettext(
            "%(n)s action fell due since the backup.", "%(n)s actions fell due since the backup."
        ),
        action=N_("Look at it"),
        href="/app/held",
        again=False,
    ),
    "rating_not_ours": ProblemWords(
        N_("Another app writes the stars of your products"),
        N_("Reviews are published, but the sum of stars is left as the other app wrote it."),
        N_("Let only one of the two apps show ratings."),
        detail=N_("It was noticed at product %(product_id)s."),
        by_retry=True,
    ),
    "coupons_unsupported": ProblemWords(
        N_("Coupons cannot be made in your store"),
        N_("Milestones are noticed, but nobody gets a code."),
        N_("Switch milestone coupons off."),
        action=N_("See the automations"),
        href="/app/automations",
        by_retry=True,
    ),
    "reviews_unsupported": ProblemWords(
        N_("Reviews cannot be shown in your store"),
        N_("Reviews that customers send are kept here and wait."),
        N_("Switch review requests off."),
        action=N_("See the automations"),
        href="/app/automations",
        by_retry=True,
    ),
    TEXT_REFUSED: ProblemWords(
        N_("One of your own texts could not be used in a mail"),
        N_("The mail went out with our words in its place; nothing was lost."),
        N_("Look at the text; its page says what is in the way. Or go back to ours."),
        action=N_("See the texts"),
        href="/app/texts",
        again=False,
    ),
}

# What a permission of Shopify is about, as a merchant would say.
_PERMISSIONS = {
    "read_orders": N_("Orders"),
    "read_fulfillments": N_("Parcels"),
    "write_returns": N_("Returns"),
    "write_products": N_("Products"),
    "write_customers": N_("Customers"),
    "read_customer_merge": N_("Merged customers"),
    "write_discounts": N_("Discounts"),
    "write_metaobjects": N_("Reviews in your store"),
}

# A row that another release opened must be readable, too.
_UNKNOWN = ProblemWords(
    N_("Something in your store needs you"),
    N_("Some work waits until it is mended."),
    N_("Ask our support."),
    detail=N_("Name the code %(key)s."),
    by_retry=True,
)


def ended_by_retry(key: str) -> bool:
    """Whether only another try of what a problem blocks tells if it is mended."""
    return WORDS.get(key, _UNKNOWN).by_retry


def cuts_off(key: str) -> bool:
    """Whether nothing can be done in the store while this problem is open."""
    return WORDS.get(key, _UNKNOWN).consequence in (_STOPPED, _PAUSED)


def explain(problem: Problem, words: Translator) -> Explained:
    """An open problem as the merchant reads it."""
    about = WORDS.get(problem.key, _UNKNOWN)
    params = {"key": problem.key, **{name: v for name, v in problem.params.items() if v}}
    if "scopes" in params:
        missing = str(params["scopes"]).split(", ")
        params["scopes"] = ", ".join(words.gettext(_PERMISSIONS.get(one, one)) for one in missing)
    sentences = [words.gettext(about.consequence)]
    if about.detail:
        with suppress(KeyError):  # opened without what the detail names
            sentences.append(_detail(about.detail, params, words))
    sentences.append(words.gettext(about.remedy))
    return Explained(
        key=problem.key,
        what=words.gettext(about.what),
        text=" ".join(sentences),
        action=words.gettext(about.action),
        href=about.href,
        again=about.again,
        news=about.news,
    )


def _detail(text: str | tuple[str, str], params: Mapping[str, Any], words: Translator) -> str:
    if isinstance(text, str):
        return words.gettext(text, **params)
    return words.ngettext(*text, int(params["n"]))
