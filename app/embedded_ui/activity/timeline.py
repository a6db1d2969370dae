"""One order as a story: what comes next, then what happened, newest first, each with its reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby

from app.automations.words import KINDS
from app.db.events import EventRow
from app.db.journal import JournalRow
from app.db.reviews import ReviewRow
from app.db.tenant import ShopData
from app.domain.actions import WAITING, Action, ActionKind, ActionState
from app.domain.ids import ActionId, PlatformId, ReviewId
from app.domain.money import Money
from app.domain.reasons import Reason
from app.embedded_ui.view import Reader, sign
from app.i18n import N_

# Facts that we learned of within this time need no remark on it.
_AT_ONCE = timedelta(minutes=5)

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


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. `what` and `how` are in the reader's language."""

    at: datetime
    icon: str
    tone: str
    what: str
    how: str = ""
    why: str = ""
    action: Action | None = None
    open: bool = False  # the action still stands where this line says


@dataclass(frozen=True, slots=True)
class Day:
    """Entries of one day under its name."""

    title: str
    entries: list[Entry]


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one order's actions."""

    answers: list[Entry]
    upcoming: list[Entry]
    days: list[Day]


def tell(data: ShopData, order_id: PlatformId, reader: Reader) -> Story:
    """Read and word the story of one order."""
    actions = data.actions.of_order(order_id)
    journal = data.journal.of_order(order_id)
    reviews = {review.id: review for review in data.reviews.of_order(order_id)}
    past = [_fact(event, reviews, reader) for event in data.events.of_order(order_id)]
    past += _steps(journal, actions, reader)
    past.sort(key=lambda entry: entry.at)
    past.reverse()  # what happened at one moment, too
    upcoming = [_coming(a, reader) for a in actions if a.state in WAITING]
    return Story(
        answers=_answers(actions, reader),
        upcoming=sorted(upcoming, key=lambda entry: entry.at),
        days=[
            Day(title, list(entries))
            for title, entries in groupby(past, lambda entry: reader.long_day(entry.at))
        ],
    )


def _answers(actions: Sequence[Action], reader: Reader) -> list[Entry]:
    """How the newest action of each automation stands."""
    newest = {action.automation: action for action in actions if action.automation}
    return [_coming(action, reader) for action in newest.values()]


def _coming(action: Action, reader: Reader) -> Entry:
    return _entry(action, action.state, action.due_at, reader, action.reason)


def _entry(
    action: Action, state: ActionState, at: datetime, reader: Reader, reason: Reason | None
) -> Entry:
    shown = sign(action.kind, state)
    quiet = state in WAITING or state is ActionState.DONE
    return Entry(
        at=at,
        icon=_ICONS.get(action.kind, shown.icon) if quiet else shown.icon,
        tone=shown.tone,
        what=reader.words.gettext(KINDS[action.kind]),
        how=reader.words.gettext(shown.word),
        why=reader.because(reason) if reason else "",
        action=action,
        open=state is action.state,
    )


def _fact(event: EventRow, reviews: Mapping[ReviewId, ReviewRow], reader: Reader) -> Entry:
    words = reader.words
    icon, what = _EVENTS.get(event.type, ("ring", event.type))
    how = why = ""
    if "minor" in event.data:
        how = words.money(Money(event.data["minor"], event.data["currency"]))
    if review := reviews.get(ReviewId(event.data.get("review_id", 0))):
        how = words.ngettext("%(n)s star of 5", "%(n)s stars of 5", review.rating)
    how = event.data.get("name", how)
    if event.known_at - event.occurred_at > _AT_ONCE:
        why = words.gettext("We learned of it on %(when)s.", when=reader.short(event.known_at))
    return Entry(event.occurred_at, icon, "idle", words.gettext(what), how, why)


def _steps(
    journal: Sequence[JournalRow], actions: Sequence[Action], reader: Reader
) -> Iterator[Entry]:
    """The journal's lines, and ends that came in bulk and have no line of their own."""
    by_id = {action.id: action for action in actions}
    told: set[ActionId] = set()
    for line in journal:
        action = by_id.get(line.action_id) if line.action_id else None
        if action is None:
            continue
        if line.verb == action.state:
            told.add(action.id)
        state, how = _STEPS.get(line.verb) or (ActionState(line.verb), "")
        entry = _entry(action, state, line.at, reader, line.reason)
        yield replace(entry, how=reader.words.gettext(how)) if how else entry
    for action in actions:
        if action.ended_at and action.id not in told:
            yield _entry(action, action.state, action.ended_at, reader, action.reason)
