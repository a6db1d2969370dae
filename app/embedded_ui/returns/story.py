"""What has happened to one return so far, and what comes next."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.automations.words import KINDS
from app.db.journal import JournalRow
from app.db.returns import ReturnRow
from app.db.tenant import ShopData
from app.domain.actions import WAITING, Action, ActionKind, ActionState
from app.domain.returns import ReturnKind, ReturnState
from app.embedded_ui.activity.timeline import RETURN_SIGNS
from app.embedded_ui.view import Reader, sign
from app.i18n import N_

_ASKED = ("return", "idle", N_("Return asked for"))
_DECLARED = ("return", "idle", N_("Withdrawal declared"))
_UNDONE = ("move", "idle", N_("Decision taken back"))
_TO_EXPLAIN = {ActionState.BLOCKED, ActionState.UNCERTAIN, ActionState.FAILED, ActionState.MISSED}


@dataclass(frozen=True, slots=True)
class So:
    """One line, in the reader's language. `coming`: it has not happened yet."""

    at: datetime
    icon: str
    tone: str
    what: str
    how: str = ""
    why: str = ""
    coming: bool = False


def story_of(data: ShopData, row: ReturnRow, reader: Reader) -> list[So]:
    """Newest first; what comes next before it."""
    lines = [*_steps(data, row, reader), *(_sent(a, reader) for a in _actions(data, row))]
    lines.sort(key=lambda line: (line.coming, line.at))
    lines.reverse()  # what happened at one moment, too
    return lines


def _steps(data: ShopData, row: ReturnRow, reader: Reader) -> Iterator[So]:
    if row.order_id:
        for line in data.journal.of_order(row.order_id):
            if _is_about(line, row):
                yield _step(line.verb, line.at, row, reader)
        return
    # what matched no order has no journal of its own
    yield _step("asked", row.requested_at, row, reader)
    if row.decided_at:
        yield _step(ReturnState.APPROVED, row.decided_at, row, reader)
    if row.ended_at:
        yield _step(row.state, row.ended_at, row, reader)


def _is_about(line: JournalRow, row: ReturnRow) -> bool:
    known = line.what == "return" and line.action_id is None and line.reason is not None
    return bool(known and line.reason and line.reason.params.get("name") == row.name)


def _step(verb: str, at: datetime, row: ReturnRow, reader: Reader) -> So:
    signs = {"asked": _DECLARED if row.kind is ReturnKind.WITHDRAWAL else _ASKED, "undone": _UNDONE}
    if verb in signs:
        icon, tone, word = signs[verb]
    elif verb in RETURN_SIGNS:
        tone, icon, word = RETURN_SIGNS[ReturnState(verb)]
    else:
        icon, tone, word = "ring", "idle", verb
    return So(at, icon, tone, reader.words.gettext(word))


def _actions(data: ShopData, row: ReturnRow) -> Iterator[Action]:
    """The mails of this return, and the store's picture of it."""
    known = data.actions.of_order(row.order_id) if row.order_id else _by_key(data, row)
    for action in known:
        ours = action.payload.get("return_id") == row.id and action.kind.startswith(
            ("return_", "withdrawal_")
        )
        told = action.state not in (ActionState.SKIPPED, ActionState.CANCELLED)
        if ours and told and action.kind is not ActionKind.RETURN_DECIDE:
            yield action


def _by_key(data: ShopData, row: ReturnRow) -> list[Action]:
    keys = (f"return-mail:{row.id}:{about}" for about in ("declared", "approved", "closed"))
    return [action for key in keys if (action := data.actions.by_key(key))]


def _sent(action: Action, reader: Reader) -> So:
    shown = sign(action.kind, action.state)
    waits = action.state in WAITING
    return So(
        at=action.due_at if waits else action.ended_at or action.created_at,
        icon="mail" if action.kind.endswith("_mail") and not waits else shown.icon,
        tone=shown.tone,
        what=reader.words.gettext(KINDS[action.kind]),
        how=reader.words.gettext(shown.word),
        why=reader.because(action.reason) if action.state in _TO_EXPLAIN else "",
        coming=waits,
    )
