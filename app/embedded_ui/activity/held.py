"""What a restored backup may do twice: each row with its order, to let go or to cancel."""

from dataclasses import dataclass
from datetime import datetime

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.automations.words import KINDS
from app.db import continuity
from app.db.actions import RESTORED
from app.db.tenant import ShopData
from app.domain.ids import ActionId, PlatformId
from app.embedded_ui.activity.listing import LARGEST_ID, blueprint, full_name, number
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import page, reader_of
from app.http import current_deps
from app.services import held

PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """One line, in the reader's language."""

    id: ActionId
    what: str
    who: str
    order_id: PlatformId | None
    number: str
    due: datetime
    late: bool  # its useful time is over: letting it go ends it


@blueprint.get("/held")
@merchant_page
def held_rows(merchant: MerchantSession) -> ResponseReturnValue:
    """The next ones, and what deciding means."""
    reader, after = reader_of(merchant), request.args.get("after", type=int)
    if after is not None and not 0 <= after <= LARGEST_ID:
        abort(404)
    with current_deps().db.read() as uow:
        data = ShopData(uow, merchant.shop.id)
        found = data.actions.held(PAGE + 1, after=ActionId(after) if after else None)
        total = data.actions.held_count()
        names = data.reports.names([row.order_id for row in found if row.order_id])
        restoration = continuity.latest(uow)
    rows = []
    for action in found[:PAGE]:
        named = names.get(action.order_id or "")
        rows.append(
            Row(
                id=action.id,
                what=reader.words.gettext(KINDS[action.kind]),
                who=full_name(named.person) if named else "",
                order_id=action.order_id if named else None,
                number=number(named.number) if named else "",
                due=action.due_at,
                late=bool(action.useful_until and action.useful_until < reader.now),
            )
        )
    return page(
        "held.html",
        reader,
        rows=rows,
        total=total,
        restoration=restoration,
        further=url_for("activity.held_rows", after=rows[-1].id) if len(found) > PAGE else None,
    )


@blueprint.get("/held/all/<word>")
@merchant_page
def ask_all(merchant: MerchantSession, word: str) -> ResponseReturnValue:
    """What letting all go, or cancelling all, means."""
    _known(word)
    with current_deps().db.read() as uow:
        total = ShopData(uow, merchant.shop.id).actions.held_count()
    if not total:
        return redirect(url_for("activity.held_rows"))
    return page("held_all.html", reader_of(merchant), word=word, total=total)


@blueprint.post("/held/all/<word>")
@merchant_page
def decide_all(merchant: MerchantSession, word: str) -> ResponseReturnValue:
    """One word for all of them."""
    _known(word)
    held.decide_all(current_deps(), merchant.shop.id, go=word == "go")
    return redirect(url_for("activity.held_rows", done=f"all-{word}"), 303)


@blueprint.post("/held/<int:action_id>/<word>")
@merchant_page
def decide(merchant: MerchantSession, action_id: int, word: str) -> ResponseReturnValue:
    """One word for one of them."""
    _known(word)
    deps, shop_id = current_deps(), merchant.shop.id
    if action_id > LARGEST_ID:
        abort(404)
    with deps.db.read() as uow:
        action = ShopData(uow, shop_id).actions.get(ActionId(action_id))
    if action is None:
        abort(404)
    act = held.let_go if word == "go" else held.withdraw
    done = action.problem == RESTORED and act(deps, shop_id, action.id)
    return redirect(url_for("activity.held_rows", done=word if done else "too-late"), 303)


def _known(word: str) -> None:
    if word not in ("go", "cancel"):
        abort(404)
