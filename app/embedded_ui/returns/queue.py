"""The queue: which must be decided, by when, and what the rules say."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request, url_for
from flask.typing import ResponseReturnValue

from app.db.returns import ReturnRow
from app.domain.ids import PlatformId, ReturnId
from app.domain.return_words import REASONS
from app.domain.returns import ReturnKind, ReturnReason, ReturnState
from app.embedded_ui.activity.listing import LARGEST_ID, full_name, number
from app.embedded_ui.activity.timeline import RETURN_SIGNS
from app.embedded_ui.returns.pages import Shown, blueprint, shown
from app.embedded_ui.returns.words import who
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import Reader, Sign, page, reader_of
from app.http import current_deps
from app.i18n import N_
from app.services.returns import deciding
from app.services.returns.listing import Deadline, Listed, listing

_TABS = {"decide": N_("To decide"), "open": N_("Open"), "ended": N_("Ended")}
_LONGEST = 200


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table, in the reader's language."""

    id: ReturnId
    name: str
    shown: Shown
    who: str
    order_id: PlatformId | None
    number: str
    items: str
    reason: str
    value: Any  # Money
    withdrawal: bool
    sign: Sign  # where it stands; for what is held, the view of the rules
    why: str
    deadline: Deadline | None
    near: bool  # the deadline is tomorrow, today or past
    can_decline: bool


@blueprint.get("")
@merchant_page
def queue(merchant: MerchantSession) -> ResponseReturnValue:
    """The returns of one tab that the filter lets through."""
    deps, reader = current_deps(), reader_of(merchant)
    tab = request.args.get("tab", "decide")
    tab = tab if tab in _TABS else "decide"
    text = request.args.get("q", "").strip()[:_LONGEST]
    found = listing(
        deps, merchant.shop.id, tab, text, after=_place("after"), before=_place("before")
    )
    kept = {"tab": tab if tab != "decide" else None, "q": text or None}
    done = [] if request.args.get("done") == "undone" else shown(request.args.getlist("which"))
    return page(
        "returns/queue.html",
        reader,
        tab=tab,
        tabs=[
            (reader.words.gettext(words), _address(tab=key), key == tab, found.counts[key])
            for key, words in _TABS.items()
        ],
        q=text,
        rows=[_row(listed, merchant, reader) for listed in found.rows],
        found=found,
        before=_address(**kept, before=found.before) if found.before else None,
        after=_address(**kept, after=found.after) if found.after else None,
        longest=deciding.LONGEST_ANSWER,
        undoable=deciding.undoable(deps, merchant.shop.id, [(d.id, d.revision) for d in done]),
        asked=len(done),
    )


def _address(**values: Any) -> str:
    if values.get("tab") == "decide":
        values["tab"] = None
    return url_for("returns.queue", **values)


def _place(name: str) -> ReturnId | None:
    text = request.args.get(name, "")
    number_of = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    return ReturnId(number_of) if 0 < number_of <= LARGEST_ID else None


def _row(listed: Listed, merchant: MerchantSession, reader: Reader) -> Row:
    row, words = listed.row, reader.words
    tone, icon, word = RETURN_SIGNS[row.state]
    why = _why(row, merchant, reader)
    return Row(
        id=row.id,
        name=row.name,
        shown=Shown(row.id, row.revision),
        who=full_name(listed.person),
        order_id=row.order_id,
        number=number(listed.number) if listed.number else "",
        items=_items(listed, reader),
        reason=_reason(listed, reader),
        value=row.value if row.order_id else None,
        withdrawal=row.kind is ReturnKind.WITHDRAWAL,
        sign=Sign(tone, icon, words.gettext(word)),
        why=why,
        deadline=listed.deadline,
        near=_is_near(listed.deadline, reader),
        can_decline=deciding.Step.DECLINE in deciding.steps_of(row),
    )


def _why(row: ReturnRow, merchant: MerchantSession, reader: Reader) -> str:
    """For what is to be decided, why it is left to the merchant; else who decided it."""
    if row.state is ReturnState.HELD:
        if row.order_id is None:
            return reader.words.gettext(N_("it matches no order"))
        return reader.because(row.ruling.reason) if row.ruling else ""
    decided = row.state in (ReturnState.APPROVED, ReturnState.DECLINED)
    by = who(row, merchant, reader.words) if decided else ""
    return reader.words.gettext(N_("by %(who)s"), who=by) if by else ""


def _items(listed: Listed, reader: Reader) -> str:
    """`2 × Peştemal Ege, indigo; Bakır cezve`, or what a customer without order declared."""
    told = []
    for line in listed.lines:
        title = f"{line.title}, {line.variant}" if line.variant else line.title
        several = line.quantity > 1
        told.append(f"{reader.words.number(line.quantity)} × {title}" if several else title)
    return "; ".join(told) or listed.words.goods


def _reason(listed: Listed, reader: Reader) -> str:
    """What the customer wrote, else what they chose."""
    note = next((text for text in listed.words.notes.values() if text), "")
    if note:
        return reader.words.gettext(N_("“%(words)s”"), words=note)
    chosen = dict.fromkeys(line.reason for line in listed.lines)
    chosen.pop(ReturnReason.NOT_ASKED, None)
    return ", ".join(reader.words.gettext(REASONS[reason]) for reason in chosen)


def _is_near(deadline: Deadline | None, reader: Reader) -> bool:
    today: date = reader.now.astimezone(reader.zone).date()
    return bool(deadline and (deadline.day - today).days <= 1)
