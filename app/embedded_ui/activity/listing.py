"""The list of all actions: filter first, dense rows, a reason in each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.automations.registry import RETURNS
from app.automations.words import AUTOMATIONS, KINDS
from app.db.reports import Filter, OrderName, Place
from app.db.tenant import ShopData
from app.domain.actions import RETURN_WORK, Action, ActionState
from app.domain.ids import PlatformId
from app.domain.snapshots import Person
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import Reader, Sign, page, reader_of, sign
from app.http import current_deps
from app.i18n import N_

blueprint = Blueprint("activity", __name__, url_prefix="/app")

PAGE = 50
LARGEST_ID = 2**63 - 1  # that a database takes
_FIELDS = ("q", "automation", "outcome", "from")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_OUTCOMES: Mapping[str, tuple[str, frozenset[ActionState]]] = {
    "planned": (
        N_("Planned"),
        frozenset({ActionState.PLANNED, ActionState.PERFORMING, ActionState.DEFERRED}),
    ),
    "blocked": (N_("Waits for you"), frozenset({ActionState.BLOCKED})),
    "done": (N_("Done"), frozenset({ActionState.DONE})),
    "not_done": (
        N_("Not done"),
        frozenset({ActionState.SKIPPED, ActionState.CANCELLED, ActionState.MISSED}),
    ),
    "uncertain": (N_("Uncertain"), frozenset({ActionState.UNCERTAIN})),
    "failed": (N_("Stopped by a fault of ours"), frozenset({ActionState.FAILED})),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, in the reader's language."""

    at: datetime
    what: str
    who: str
    order_id: PlatformId | None
    number: str
    state: Sign
    due: datetime | None
    why: str
    attempts: int


@blueprint.get("/activity")
@merchant_page
def activity(merchant: MerchantSession) -> ResponseReturnValue:
    """The newest actions that the filter lets through."""
    reader = reader_of(merchant)
    older, newer = _place("older"), _place("newer")
    with current_deps().db.read() as uow:
        data = ShopData(uow, merchant.shop.id)
        reports, wanted = data.reports, _filter(data, reader)
        rows = reports.page(wanted, PAGE, older_than=older, newer_than=newer)
        total = reports.total(wanted)
        first = _place_of(rows[0]) if rows else None
        before = reports.total(wanted, newer_than=first) if first else 0
        names = reports.names([row.order_id for row in rows if row.order_id])
        parked = data.inbox.counts().get("failed", 0)
    more = before + len(rows) < total
    return page(
        "activity.html",
        reader,
        rows=[_row(action, names, reader) for action in rows],
        total=total,
        first=before + 1,
        newer=_address(newer=rows[0]) if rows and before else None,
        older=_address(older=rows[-1]) if rows and more else None,
        filtered=wanted != Filter(),
        entered={name: request.args.get(name, "") for name in _FIELDS},
        automations=AUTOMATIONS,
        outcomes={key: words for key, (words, _) in _OUTCOMES.items()},
        parked=parked,
    )


def _filter(data: ShopData, reader: Reader) -> Filter:
    """What the address asks for; what cannot be read is no condition."""
    automation = request.args.get("automation", "")
    _, states = _OUTCOMES.get(request.args.get("outcome", ""), ("", frozenset()))
    if automation == RETURNS.key:  # its work belongs to returns, whether or not it is on
        chosen = Filter(kinds=RETURN_WORK)
    else:
        chosen = Filter(automation=automation if automation in AUTOMATIONS else "")
    wanted = replace(
        chosen,
        states=states,
        since=_day("from", reader),
    )
    text = request.args.get("q", "").strip()
    if not text:
        return wanted
    if "@" in text:
        customer_id = data.customers.find_email(text)
        nobody = replace(wanted, order_ids=())
        return replace(wanted, customer_id=customer_id) if customer_id else nobody
    found = data.orders.search(text)
    coupon = data.coupons.by_code(text.upper())
    if coupon:
        found.append(coupon.order_id)
    return replace(wanted, order_ids=tuple(found))


def _day(name: str, reader: Reader) -> datetime | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
        return datetime.combine(day, time(), reader.zone).astimezone(UTC)
    except (ValueError, OverflowError):  # the first day of all has no midnight west of here
        return None


def _place(name: str) -> Place | None:
    """A place in the list, as `_address` wrote it."""
    at, _, action_id = request.args.get(name, "").partition("_")
    try:
        return Place(_EPOCH + timedelta(microseconds=int(at)), min(int(action_id), LARGEST_ID))
    except (ValueError, OverflowError):
        return None


def _place_of(action: Action) -> Place:
    return Place(action.ended_at or action.created_at, action.id)


def _address(**to: Action) -> str:
    """This page with its filter, next to an action."""
    kept = {name: request.args[name] for name in _FIELDS if request.args.get(name)}
    for name, action in to.items():
        place = _place_of(action)
        kept[name] = f"{(place.at - _EPOCH) // timedelta(microseconds=1)}_{place.id}"
    return f"{request.path}?{urlencode(kept)}"


def _row(action: Action, names: Mapping[PlatformId, OrderName], reader: Reader) -> Row:
    named = names.get(action.order_id or "")
    waits = action.state in _OUTCOMES["planned"][1]
    return Row(
        at=action.ended_at or action.created_at,
        what=reader.words.gettext(KINDS[action.kind]),
        who=full_name(named.person) if named else "",
        order_id=action.order_id if named else None,
        number=number(named.number) if named else "",
        state=sign(action.kind, action.state),
        due=action.due_at if waits else None,
        why=reader.because(action.reason),
        attempts=action.attempt,
    )


def full_name(person: Person) -> str:
    """First and last name, else the address, else nothing."""
    name = " ".join(part for part in (person.first_name, person.last_name) if part)
    return name or person.email or ""


def number(text: str) -> str:
    """An order's number as both platforms' merchants know it."""
    return text if text.startswith("#") else f"#{text}"
