"""A story: what comes next, then what happened, newest first, each with its reason."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from app.automations.words import KINDS
from app.db.events import EventRow
from app.db.journal import JournalRow
from app.db.returns import ReturnRow
from app.domain.actions import WAITING, Action, ActionKind, ActionState
from app.domain.ids import ActionId, PlatformId, ReturnId, ReviewId
from app.domain.money import Money
from app.domain.reasons import Reason
from app.domain.returns import ReturnState
from app.embedded_ui.activity.known import Known
from app.embedded_ui.view import Reader, sign
from app.i18n import N_

# Facts that we learned of within this time need no remark on it.
_AT_ONCE = timedelta(minutes=5)

# What a story can be narrowed to.
SHOWN: Mapping[str, str] = {
    "order": N_("Orders"),
    "message": N_("Messages"),
    "coupon": N_("Coupons"),
    "review": N_("Reviews"),
    "return": N_("Returns"),
}

_EVENTS = {
    "order_placed": ("cart", N_("Order placed")),
    "order_paid": ("check", N_("Order paid")),
    "order_fulfilled": ("truck", N_("Parcel sent")),
    "order_delivered": ("truck", N_("Parcel arrived")),
    "order_completed": ("check", N_("Order completed")),
    "order_refunded": ("return", N_("Money refunded")),
    "order_cancelled": ("x", N_("Order cancelled")),
    "order_removed": ("x", N_("Order deleted in your store")),
    "review_submitted": ("star", N_("Review received")),
    "return_requested": ("return", N_("Return asked for")),
    "return_approved": ("check", N_("Return approved")),
    "return_received": ("truck", N_("Returned goods are back")),
    "return_ended": ("return", N_("Return ended")),
    "review_posted": ("star", N_("Review written in your store")),
}

# Where a return stands: tone, icon, word.
RETURN_SIGNS: Mapping[ReturnState, tuple[str, str, str]] = {
    ReturnState.REQUESTED: ("busy", "clock", N_("Asked for")),
    ReturnState.HELD: ("warn", "question", N_("Left to you")),
    ReturnState.APPROVED: ("good", "check-circle", N_("Approved")),
    ReturnState.DECLINED: ("idle", "skip", N_("Declined")),
    ReturnState.RECEIVED: ("busy", "truck", N_("Goods are back")),
    ReturnState.REFUNDED: ("good", "check-circle", N_("Money went back")),
    ReturnState.CLOSED: ("idle", "check", N_("Closed")),
    ReturnState.CANCELLED: ("idle", "x", N_("Withdrawn by the customer")),
}

_ICONS = {
    ActionKind.REVIEW_REQUEST_MAIL: "mail",
    ActionKind.COUPON_CREATE: "coupon",
    ActionKind.COUPON_MAIL: "mail",
    ActionKind.COUPON_VOID: "coupon",
    ActionKind.REVIEW_PUBLISH: "star",
}

# What the journal calls a step beside the names of states.
_STEPS = {
    "moved": (ActionState.PLANNED, N_("Moved to another time")),
    "repeated": (ActionState.UNCERTAIN, N_("Possibly sent twice")),
}

# Lines about a customer and no action: (verb, what) or (verb, "") → icon, words.
_CHOICES = {
    ("unsubscribed", "all"): ("skip", N_("Wants no mail at all")),
    ("unsubscribed", "review_request"): ("skip", N_("Wants no review requests")),
    ("unsubscribed", "coupon"): ("skip", N_("Wants no coupon mail")),
    ("resubscribed", "all"): ("mail", N_("Wants mail again")),
    ("resubscribed", "review_request"): ("mail", N_("Wants review requests again")),
    ("resubscribed", "coupon"): ("mail", N_("Wants coupon mail again")),
    ("erased", "customer"): ("hold", N_("Data erased")),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `what` and `how` are in the reader's language; `about` is a key of `SHOWN`."""

    at: datetime
    icon: str
    tone: str
    what: str
    how: str = ""
    why: str = ""
    about: str = "order"
    action: Action | None = None
    open: bool = False  # the action still stands where this line says
    order_id: PlatformId | None = None  # where a story has several
    number: str = ""
    return_id: ReturnId | None = None  # the return that it is about


@dataclass(frozen=True, slots=True)
class Day:
    """Entries of one day under its name."""

    title: str
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of a subject. `earlier` entries are left out of `days`."""

    answers: list[Entry]
    upcoming: list[Entry]
    days: list[Day]
    kinds: frozenset[str]
    earlier: int = 0


def tell(known: Known, reader: Reader, *, about: str = "", limit: int | None = None) -> Story:
    """Word a story, or the part of it that is `about` one of `SHOWN`."""
    past = [*_facts(known, reader), *_steps(known, reader), *_choices(known.journal, reader)]
    upcoming = [_coming(a, known, reader) for a in known.actions if a.state in WAITING]
    kinds = frozenset(entry.about for entry in (*past, *upcoming))
    if about:
        past = [entry for entry in past if entry.about == about]
        upcoming = [entry for entry in upcoming if entry.about == about]
    past.sort(key=lambda entry: entry.at)
    past.reverse()  # what happened at one moment, too
    shown = past[:limit]
    return Story(
        answers=_answers(known, reader),
        upcoming=sorted(upcoming, key=lambda entry: entry.at),
        days=[
            Day(title, list(entries))
            for title, entries in groupby(shown, lambda entry: reader.long_day(entry.at))
        ],
        kinds=kinds,
        earlier=len(past) - len(shown),
    )


def _answers(known: Known, reader: Reader) -> list[Entry]:
    """How the newest action of each automation stands, and every return that is open."""
    newest = {action.automation: action for action in known.actions if action.automation}
    returns = [_return(row, known, reader) for row in known.returns.values() if row.open]
    return [*returns, *(_coming(action, known, reader) for action in newest.values())]


def _return(row: ReturnRow, known: Known, reader: Reader) -> Entry:
    tone, icon, word = RETURN_SIGNS[row.state]
    entry = Entry(
        at=row.decided_at or row.requested_at,
        icon=icon,
        tone=tone,
        what=reader.words.gettext(N_("Return %(name)s"), name=row.name),
        how=reader.words.gettext(word),
        why=reader.because(row.ruling.reason) if row.ruling else "",
        about="return",
        return_id=row.id,
    )
    return _of_order(row.order_id, known, entry)


def _of_order(order_id: PlatformId | None, known: Known, entry: Entry) -> Entry:
    """The entry with its order's number, where the story has several orders."""
    number = known.numbers.get(order_id or "", "")
    return replace(entry, order_id=order_id, number=number) if number else entry


def _coming(action: Action, known: Known, reader: Reader) -> Entry:
    return _entry(action, action.state, action.due_at, known, reader, reason=action.reason)


def _entry(
    action: Action,
    state: ActionState,
    at: datetime,
    known: Known,
    reader: Reader,
    *,
    reason: Reason | None,
) -> Entry:
    shown = sign(action.kind, state)
    quiet = state in WAITING or state is ActionState.DONE
    entry = Entry(
        at=at,
        icon=_ICONS.get(action.kind, shown.icon) if quiet else shown.icon,
        tone=shown.tone,
        what=reader.words.gettext(KINDS[action.kind]),
        how=reader.words.gettext(shown.word),
        why=reader.because(reason) if reason else "",
        about=_about(action.kind),
        action=action,
        open=state is action.state,
    )
    return _of_order(action.order_id, known, entry)


def _about(kind: ActionKind) -> str:
    """Mail is a message, whatever it is about; other kinds are named after what they change."""
    if kind.endswith("_mail"):
        return "message"
    begins = kind.partition("_")[0]
    return begins if begins in SHOWN else "order"


def _facts(known: Known, reader: Reader) -> Iterator[Entry]:
    for event in known.events:
        yield _fact(event, known, reader)


def _fact(event: EventRow, known: Known, reader: Reader) -> Entry:
    words = reader.words
    icon, what = _EVENTS.get(event.type, ("ring", event.type))
    how = why = ""
    row = None
    if "minor" in event.data:
        how = words.money(Money(event.data["minor"], event.data["currency"]))
    if review := known.reviews.get(ReviewId(event.data.get("review_id", 0))):
        how = words.ngettext("%(n)s star of 5", "%(n)s stars of 5", review.rating)
    about = event.type.partition("_")[0]
    if about == "return" and event.key.isdecimal():
        row = known.returns.get(ReturnId(int(event.key)))
        how, why = _about_return(event, row, reader)
    if event.known_at - event.occurred_at > _AT_ONCE:
        why = words.gettext("We learned of it on %(when)s.", when=reader.short(event.known_at))
    kind = about if about in SHOWN else "order"
    entry = Entry(
        event.occurred_at,
        icon,
        "idle",
        words.gettext(what),
        how,
        why,
        kind,
        return_id=row.id if row else None,
    )
    return _of_order(event.order_id, known, entry)


def _about_return(event: EventRow, row: ReturnRow | None, reader: Reader) -> tuple[str, str]:
    """Its name, how it ended, and why it was decided so."""
    name, state = str(event.data.get("name", "")), str(event.data.get("state", ""))
    by_rules = row.ruling if row and row.decided_by == "rules" else None
    decided = event.type == "return_approved" or state == ReturnState.DECLINED
    why = reader.because(by_rules.reason) if by_rules and decided else ""
    if state in RETURN_SIGNS:
        return f"{name}: {reader.words.gettext(RETURN_SIGNS[ReturnState(state)][2])}", why
    return name, why


def _steps(known: Known, reader: Reader) -> Iterator[Entry]:
    """The journal's lines, and ends that came in bulk and have no line of their own."""
    by_id = {action.id: action for action in known.actions}
    told: set[ActionId] = set()
    for line in known.journal:
        action = by_id.get(line.action_id) if line.action_id else None
        if action is None or not _is_step(line):
            continue
        if line.verb == action.state:
            told.add(action.id)
        state, how = _STEPS.get(line.verb) or (ActionState(line.verb), "")
        entry = _entry(action, state, line.at, known, reader, reason=line.reason)
        yield replace(entry, how=reader.words.gettext(how)) if how else entry
    for action in known.actions:
        if action.ended_at and action.id not in told:
            yield _entry(action, action.state, action.ended_at, known, reader, reason=action.reason)


def _is_step(line: JournalRow) -> bool:
    return line.verb in _STEPS or line.verb in ActionState.__members__.values()


def _choices(journal: Iterable[JournalRow], reader: Reader) -> Iterator[Entry]:
    for line in journal:
        found = _CHOICES.get((line.verb, line.what))
        if found and line.action_id is None:
            icon, words = found
            yield Entry(line.at, icon, "idle", reader.words.gettext(words), about="message")
