"""Setup: what is wrong, what it costs and how to mend it; then every part of the connection."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from app.deps import Deps
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import Reader, page, reader_of
from app.http import current_deps
from app.i18n import N_
from app.services import handling
from app.services import setup as connection
from app.services.problems import cuts_off, explain
from app.services.rate_limits import rate_limits
from app.services.setup import Setup

blueprint = Blueprint("setup", __name__, url_prefix="/app/setup")

_LOOKS = "30/hour"


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the table, in the reader's language. `tone` good: in order."""

    name: str
    tone: str
    word: str
    meaning: str
    seen: str = ""


@blueprint.get("")
@merchant_page
def index(merchant: MerchantSession) -> ResponseReturnValue:
    """How everything stands."""
    deps, reader = current_deps(), reader_of(merchant)
    state = connection.setup(deps, merchant.shop.id)
    explained = [explain(problem, reader.words) for problem in state.problems]
    return page(
        "setup.html",
        reader,
        state=state,
        problems=[problem for problem in explained if not problem.news],
        news=[problem for problem in explained if problem.news],
        parts=list(_parts(deps, state, reader)),
        mail_from=deps.mail_from,
        mail_domain=deps.mail_from.rpartition("@")[2],
        mail_host=deps.settings.smtp_host,
        outbox=deps.settings.mail_transport == "outbox",
        wall=deps.wall.now(),
    )


@blueprint.post("/look-again")
@merchant_page
def look_again(merchant: MerchantSession) -> ResponseReturnValue:
    """Ask the store now, and register what is missing."""
    deps = current_deps()
    if not rate_limits(deps.settings.redis_url).allow(_LOOKS, "look again", str(merchant.shop.id)):
        return redirect(url_for("setup.index", done="too-often"), 303)
    handling.check_now(deps, merchant.shop.id)
    return redirect(url_for("setup.index", done="looking"), 303)


def _parts(deps: Deps, state: Setup, reader: Reader) -> Iterator[Part]:
    say, wall = reader.words.gettext, deps.wall.now()
    in_order = say(N_("In order"))

    def ago(at: datetime | None) -> str:
        return reader.words.ago(at, wall) if at else ""

    broken = {problem.key for problem in state.problems}
    store_down = any(cuts_off(key) for key in broken)
    yield Part(
        say(N_("Store")),
        "bad" if store_down else "good",
        say(N_("See above")) if store_down else in_order,
        state.shop.domain.partition("://")[2] or state.shop.domain,
        ago(state.checked_at),
    )
    narrow = "scopes_missing" in broken or "store_key_refused" in broken
    yield Part(
        say(N_("Permissions")),
        "bad" if narrow else "good",
        say(N_("See above")) if narrow else in_order,
        say(N_("What the automations need, and no more.")),
        ago(state.checked_at),
    )
    yield _address(deps, state, reader)
    yield _webhooks(state, reader, ago(state.last_received))
    yield Part(
        say(N_("Catching up")),
        "good" if state.polled_at or not state.progress.finished else "busy",
        in_order if state.polled_at else say(N_("Begins soon")),
        reader.words.ngettext(
            "Every %(n)s minute the store is asked for what no webhook told.",
            "Every %(n)s minutes the store is asked for what no webhook told.",
            state.polls_minutes,
        ),
        ago(state.polled_at),
    )
    yield _import(state, reader)
    yield from _mail(deps, state, reader)
    yield Part(
        say(N_("Work")),
        "warn" if state.late else "good",
        reader.words.ngettext("%(n)s late", "%(n)s late", state.late) if state.late else in_order,
        reader.words.ngettext(
            "%(n)s action is planned.", "%(n)s actions are planned.", state.waiting
        )
        if state.waiting
        else say(N_("Nothing is planned at the moment.")),
    )


def _address(deps: Deps, state: Setup, reader: Reader) -> Part:
    say = reader.words.gettext
    return Part(
        say(N_("Address of this installation")),
        "good" if state.reachable else "warn",
        say(N_("In order")) if state.reachable else say(N_("Cannot be reached")),
        deps.links.public_url
        if state.reachable
        else say(
            N_("%(address)s is no public https address, so your store cannot send to it."),
            address=deps.links.public_url,
        ),
    )


def _webhooks(state: Setup, reader: Reader, seen: str) -> Part:
    say, active = reader.words.gettext, sum(hook.active for hook in state.hooks)
    name = say(N_("Webhooks"))
    if state.app_owns_hooks:
        return Part(name, "good", say(N_("Active")), say(N_("They belong to the app.")), seen)
    counted = say(
        N_("%(n)s of %(total)s active"),
        n=reader.words.number(active),
        total=reader.words.number(len(state.hooks)),
    )
    if active == len(state.hooks):
        return Part(name, "good", counted, say(N_("Your store tells us what happens.")), seen)
    meaning = say(N_("What they do not tell is found when the store is asked; nothing is lost."))
    return Part(name, "warn", counted, meaning, seen)


def _import(state: Setup, reader: Reader) -> Part:
    say, name = reader.words.gettext, reader.words.gettext(N_("First import"))
    if not state.progress.finished:
        word = say(N_("Under way"))
        return Part(name, "busy", word, say(N_("Milestones wait until it is complete.")))
    known = reader.words.ngettext(
        "%(n)s order is known.", "%(n)s orders are known.", state.progress.done
    )
    return Part(name, "good", say(N_("Complete")), known)


def _mail(deps: Deps, state: Setup, reader: Reader) -> Iterator[Part]:
    say, name = reader.words.gettext, reader.words.gettext(N_("Mail"))
    if deps.settings.mail_transport == "outbox":
        kept = say(N_("Kept in the outbox of this machine; nobody gets any."))
        yield Part(name, "warn", say(N_("Trial")), kept)
        return
    sent, refused = state.mails.get("sent"), state.mails.get("refused")
    doubtful = state.mails.get("uncertain")
    when = reader.short(sent) if sent else ""
    route = say(
        N_("From %(address)s by %(host)s."), address=deps.mail_from, host=deps.settings.smtp_host
    )
    if doubtful and (sent is None or doubtful > sent):
        silent = say(N_("The server went silent on %(when)s."), when=reader.short(doubtful))
        yield Part(name, "warn", say(N_("Uncertain")), f"{route} {silent}", when)
    elif sent:
        yield Part(name, "good", say(N_("In order")), route, when)
    else:
        yield Part(name, "idle", say(N_("Not used yet")), route)
    if refused:
        last = say(N_("The last one on %(when)s."), when=reader.short(refused))
        yield Part(say(N_("Refused addresses")), "idle", say(N_("Some")), last)
