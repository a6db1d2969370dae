"""One order: the answer in a sentence, then its story; and what a merchant can do with its rows."""

from dataclasses import dataclass

from flask import abort, redirect, url_for
from flask.typing import ResponseReturnValue

from app.automations.words import KINDS
from app.db.coupons import CouponRow
from app.db.orders import StoredOrder
from app.db.reviews import ReviewRow
from app.db.tenant import ShopData
from app.domain.actions import Action, ActionState
from app.domain.ids import ActionId, PlatformId
from app.domain.money import Money
from app.domain.snapshots import OrderSnapshot, Person
from app.embedded_ui.activity.known import of_order
from app.embedded_ui.activity.listing import LARGEST_ID, blueprint, full_name, number
from app.embedded_ui.activity.timeline import tell
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import page, reader_of
from app.http import current_deps
from app.platforms.base import Connection
from app.services import handling


@dataclass(frozen=True, slots=True)
class Review:
    """A review as it was written."""

    product: str
    rating: int
    text: str
    published: bool


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon that the order earned. `value`: whole percents or an amount."""

    code: str
    state: str
    value: int | Money


@blueprint.get("/orders/<order_id>")
@merchant_page
def order(merchant: MerchantSession, order_id: PlatformId) -> ResponseReturnValue:
    """The story of one order."""
    deps, reader = current_deps(), reader_of(merchant)
    with deps.db.read() as uow:
        data = ShopData(uow, merchant.shop.id)
        known = data.orders.get(order_id) or abort(404)
        person = data.orders.person(order_id)
        story = tell(of_order(data, order_id), reader)
        reviews = [_review(data, row, known.order) for row in data.reviews.of_order(order_id)]
        coupons = [_coupon(row, merchant.shop.currency) for row in data.coupons.of_order(order_id)]
    platform = deps.platforms[merchant.shop.platform]
    return page(
        "order.html",
        reader,
        order=known.order,
        number=number(known.order.number),
        who=_who(known, person),
        customer_id=known.customer_id,
        story=story,
        reviews=reviews,
        coupons=coupons,
        order_url=platform.order_url(Connection(merchant.shop.domain), order_id),
        can_cancel=handling.can_cancel,
        can_repeat=lambda action: handling.can_repeat(deps, action),
    )


@blueprint.get("/actions/<int:action_id>/cancel")
@merchant_page
def ask_cancel(merchant: MerchantSession, action_id: int) -> ResponseReturnValue:
    """What cancelling means, before it is done."""
    action = _action(merchant, action_id)
    if not handling.can_cancel(action):
        return redirect(_story_of(action))
    return _confirm(merchant, action, "cancel")


@blueprint.post("/actions/<int:action_id>/cancel")
@merchant_page
def cancel(merchant: MerchantSession, action_id: int) -> ResponseReturnValue:
    """Withdraw a row that waits."""
    action = _action(merchant, action_id)
    done = handling.cancel(current_deps(), merchant.shop.id, action.id)
    return redirect(_story_of(action, "cancelled" if done else "too-late"), 303)


@blueprint.get("/actions/<int:action_id>/repeat")
@merchant_page
def ask_repeat(merchant: MerchantSession, action_id: int) -> ResponseReturnValue:
    """What sending again means, before it is done."""
    action = _action(merchant, action_id)
    if not handling.can_repeat(current_deps(), action):
        return redirect(_story_of(action))
    return _confirm(merchant, action, "repeat")


@blueprint.post("/actions/<int:action_id>/repeat")
@merchant_page
def repeat(merchant: MerchantSession, action_id: int) -> ResponseReturnValue:
    """Do it once more, now."""
    action = _action(merchant, action_id)
    done = handling.repeat(current_deps(), merchant.shop.id, action.id)
    return redirect(_story_of(action, "repeated" if done else "too-late"), 303)


def _action(merchant: MerchantSession, action_id: int) -> Action:
    if action_id > LARGEST_ID:
        abort(404)
    with current_deps().db.read() as uow:
        action = ShopData(uow, merchant.shop.id).actions.get(ActionId(action_id))
    if action is None or not action.order_id:
        abort(404)
    return action


def _confirm(merchant: MerchantSession, action: Action, step: str) -> str:
    reader = reader_of(merchant)
    return page(
        "action.html",
        reader,
        action=action,
        what=reader.words.gettext(KINDS[action.kind]),
        step=step,
        uncertain=action.state is ActionState.UNCERTAIN,
        back=_story_of(action),
    )


def _story_of(action: Action, done: str | None = None) -> str:
    return url_for("activity.order", order_id=action.order_id, done=done)


def _who(known: StoredOrder, person: Person) -> str:
    name, email = full_name(person), person.email or ""
    parts = (name, email if email != name else "", known.order.country or "")
    return " · ".join(part for part in parts if part)


def _review(data: ShopData, row: ReviewRow, order: OrderSnapshot) -> Review:
    titles = {line.product_id: line.title for line in order.lines}
    text = data.reviews.words(row).text
    published = row.published_revision == row.revision
    return Review(titles.get(row.product_id, row.product_id), row.rating, text, published)


def _coupon(row: CouponRow, shop_currency: str) -> Coupon:
    percent, currency = row.terms.get("percent"), str(row.terms.get("currency") or shop_currency)
    value = int(percent) if percent else Money(int(row.terms["minor"]), currency)
    return Coupon(row.code, row.state, value)
