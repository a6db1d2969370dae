"""All about returning one order, behind a signed link: what can be sent back, asking for it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, request

from app.automations.returns_approval.prospects import Cost
from app.channels.links import Purpose
from app.customer_pages.frame import (
    blueprint,
    go,
    here,
    limit,
    link_to,
    page,
    pictures_of,
    read_link,
    shop_of,
    speak,
)
from app.customer_pages.return_form import Form, empty, sent
from app.db.shops import Shop
from app.domain.ids import PlatformId
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.return_words import REASONS, to_customer, why_not
from app.domain.returns import ReturnOutcome, ReturnState
from app.domain.snapshots import OrderSnapshot, ProductSnapshot
from app.domain.withdrawal import known_arrival
from app.http import current_deps, page_language
from app.i18n import N_, Translator
from app.i18n.reasons import told
from app.services.returns import asking
from app.services.returns.asking import Closed, Portal, Refusal
from app.services.returns.standing import withdrawal_of

_LARGEST_FORM = 1_000_000  # bytes: an order of sixty items with the longest notes
_RATE = "20/hour"


@blueprint.get("/return/<token>")
def return_items(token: str) -> Response:
    """Until when, which items, at what cost; and what was asked for so far."""
    shop, portal = _open(token)
    if isinstance(portal, Closed):
        return _closed(shop, portal)
    return _form(shop, portal, empty(portal))


@blueprint.post("/return/<token>")
def return_items_now(token: str) -> Response:
    """Filled in: shown once more with what it leads to. Sent: kept, then where it stands."""
    request.max_content_length = request.max_form_memory_size = _LARGEST_FORM
    shop, portal = _open(token)
    if isinstance(portal, Closed):
        return _closed(shop, portal)
    form, step = sent(portal, request.form), request.form.get("do", "review")
    if step == "change":
        form.errors.clear()
        return _form(shop, portal, form)
    if form.errors:
        return _form(shop, portal, form, 422)
    if step != "send":
        return _review(shop, portal, form)
    if _differs(portal, form):
        return _review(shop, portal, form, 409)
    if not limit(_RATE, f"{shop.public_ref}:{portal.order.order_id}"):  # however many links
        return _review(shop, portal, form, 429)
    row = asking.submit(current_deps(), shop.id, portal.order.order_id, form.wishes())
    if isinstance(row, Refusal):
        return _overtaken(shop, token)
    place = {"s": shop.public_ref, "r": row.public_ref}
    return go(link_to(Purpose.RETURN_STATUS, place, sent="1"))


def _open(token: str) -> tuple[Shop, Portal | Closed]:
    data = read_link(Purpose.RETURN, token)
    shop = shop_of(data.get("s", ""))
    portal = asking.find(current_deps(), shop.id, data.get("o", ""))
    speak(portal.order.locale if isinstance(portal, Portal) else None, shop.language)
    return shop, portal


def _differs(portal: Portal, form: Form) -> bool:
    """Whether it would lead to something else than the customer was shown before sending it.

    Who sends without having looked was shown nothing.
    """
    shown = request.form.get("foreseen")
    return bool(shown) and shown != asking.foresee(portal, form.wishes()).mark


def _overtaken(shop: Shop, token: str) -> Response:
    """Somebody was faster, as in another tab: the same form against what is left now."""
    _, portal = _open(token)
    if isinstance(portal, Closed):
        return _closed(shop, portal)
    return _form(shop, portal, sent(portal, request.form), 409, overtaken=True)


def _form(
    shop: Shop, portal: Portal, form: Form, status: int = 200, *, overtaken: bool = False
) -> Response:
    zone, prospects = ZoneInfo(shop.timezone), portal.prospects
    before = _declined_before(portal)
    days = [each.until for each in prospects.lines if each.until and each.line_id not in before]
    period = prospects.withdrawal if prospects.can_withdraw else None
    arrived = known_arrival(portal.order)
    return page(
        "return_items.html",
        shop,
        status,
        form=form,
        error_count=len(form.errors),
        overtaken=overtaken,
        action=here(),
        order_number=portal.order.number,
        delivered_on=_day(arrived, zone),
        until=_day(max(days), zone) if days else None,
        different_days=len(set(days)) > 1,
        days={
            each.line_id: _day(each.until, zone)
            for each in prospects.lines
            if each.line_id not in before
        },
        why_not={
            each.line_id: _why_not(portal, each.line_id, each.why_not, zone)
            for each in prospects.lines
            if each.why_not
        },
        declined_before=before,
        reason_words=REASONS,
        cost=prospects.cost,
        free_for=[REASONS[reason] for reason in prospects.reasons if reason in prospects.free_for],
        withdraw_until=period.last_day if period else None,
        can_withdraw=prospects.can_withdraw and withdrawal_of(portal.returns) is None,
        known=_known(shop, portal),
        **_shared(shop, portal),
    )


def _review(shop: Shop, portal: Portal, form: Form, status: int = 200) -> Response:
    seen = asking.foresee(portal, form.wishes())
    zone = ZoneInfo(shop.timezone)
    declined = seen.outcome is ReturnOutcome.DECLINE
    shown = request.form.get("foreseen", "") if request.form.get("do") == "send" else ""
    return page(
        "return_review.html",
        shop,
        status,
        form=form,
        too_often=status == 429,
        foreseen=seen.mark,
        other_outcome=bool(shown) and shown.split(" ", 1)[0] != seen.outcome,
        other_money=bool(shown) and shown.split(" ", 1)[1:] != seen.mark.split(" ", 1)[1:],
        action=here(),
        order_number=portal.order.number,
        reason_words=REASONS,
        outcome=seen.outcome,
        declined=_told(to_customer(seen.outcome, seen.reason), seen.reason, zone)
        if declined
        else "",
        worth=seen.worth,
        back=_back(seen.worth, seen.cost),
        cost=seen.cost,
        **_shared(shop, portal),
    )


def _back(worth: Money, cost: Cost) -> Money:
    return Money(max(0, worth.minor - (cost.fee.minor if cost.fee else 0)), worth.currency)


def _shared(shop: Shop, portal: Portal) -> dict[str, Any]:
    place = {"s": shop.public_ref, "o": portal.order.order_id}
    return {
        "pictures": order_pictures(portal.order, portal.context.products),
        "withdraw_url": link_to(Purpose.RETURN, place, "/withdraw"),
        "return_url": None,
    }


def order_pictures(
    order: OrderSnapshot, products: Mapping[PlatformId, ProductSnapshot]
) -> dict[str, str | None]:
    """A picture for each line, where there is one."""
    found = {line.line_id: products.get(line.product_id or "") for line in order.lines}
    return pictures_of(
        {
            line.line_id: (product.image_url if product else None) or line.image_url
            for line in order.lines
            for product in [found[line.line_id]]
        }
    )


def _known(shop: Shop, portal: Portal) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "state": row.state,
            "kind": row.kind,
            "day": _day(row.requested_at, ZoneInfo(shop.timezone)),
            "titles": [line.title for line in portal.lines.get(row.id, ())],
            "url": link_to(Purpose.RETURN_STATUS, {"s": shop.public_ref, "r": row.public_ref}),
        }
        for row in reversed(portal.returns)
    ]


def _declined_before(portal: Portal) -> dict[PlatformId, str]:
    """Items that the rules declined, with the name of that return."""
    return {
        line.line_id: row.name
        for row in portal.returns
        if row.state is ReturnState.DECLINED and row.decided_by == "rules"
        for line in portal.lines.get(row.id, ())
    }


def _why_not(portal: Portal, line_id: PlatformId, reason: Reason, zone: ZoneInfo) -> str:
    """Why an item cannot be chosen; what is in a return already is told with its name."""
    if reason.code is ReasonCode.GOODS_NOT_LEFT:
        for row in portal.returns:
            if row.open and any(line.line_id == line_id for line in portal.lines.get(row.id, ())):
                text = N_("This item is part of a return already (%(return)s).")
                return Translator(page_language()).gettext(text, **{"return": row.name})
    return _told(why_not(reason), reason, zone)


def _told(text: Any, reason: Reason, zone: ZoneInfo) -> str:
    return told(text, reason, Translator(page_language()), zone)


def _day(moment: datetime | None, zone: ZoneInfo) -> date | None:
    return moment.astimezone(zone).date() if moment else None


def _closed(shop: Shop, closed: Closed) -> Response:
    return page("return_closed.html", shop, 410, closed=closed)
