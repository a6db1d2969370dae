"""Where one return stands, what to do next, and keeping the items after all."""

from zoneinfo import ZoneInfo

from flask import Response, request

from app.channels.links import Purpose
from app.customer_pages.frame import (
    blueprint,
    go,
    here,
    limit,
    link_to,
    no_such_link,
    page,
    read_link,
    shop_of,
    speak,
)
from app.customer_pages.returns import order_pictures
from app.db.shops import Shop
from app.db.tenant import ShopData
from app.domain.return_words import REASONS
from app.domain.returns import UNDECIDED, ReturnKind, ReturnState
from app.http import current_deps, page_language
from app.i18n import Translator
from app.pipeline.returns.terms import (
    cost_of,
    declined_because,
    right_to_withdraw,
    send_back_by,
    settings_now,
)
from app.services.preferences import masked
from app.services.returns import asking, standing
from app.services.returns.standing import Standing

_RATE = "20/hour"
_CANCELLABLE = UNDECIDED | {ReturnState.APPROVED}


@blueprint.get("/return-status/<token>")
def return_status(token: str) -> Response:
    """Where it stands."""
    shop, found = _open(token)
    return _page(shop, found, just_sent="sent" in request.args)


@blueprint.post("/return-status/<token>")
def return_status_now(token: str) -> Response:
    """The customer keeps the items."""
    shop, found = _open(token)
    if not limit(_RATE, found.row.public_ref):
        return page("too_often.html", shop, 429)
    if not _cancellable(shop, found) or not asking.cancel(
        current_deps(), shop.id, found.row.public_ref
    ):
        _, found = _open(token)
        return _page(shop, found, 409, too_late=found.row.state is not ReturnState.CANCELLED)
    return go(here())


def _open(token: str) -> tuple[Shop, Standing]:
    data = read_link(Purpose.RETURN_STATUS, token)
    shop = shop_of(data.get("s", ""))
    found = standing.find(current_deps(), shop.id, data.get("r", ""))
    if found is None:
        no_such_link()
    speak(found.row.locale, found.order.locale if found.order else None, shop.language)
    return shop, found


def _cancellable(shop: Shop, found: Standing) -> bool:
    """A withdrawal that arrived has its effect: taking it back is between customer and shop."""
    row = found.row
    return shop.connected and row.kind is ReturnKind.RETURN and row.state in _CANCELLABLE


def _page(
    shop: Shop,
    found: Standing,
    status: int = 200,
    *,
    just_sent: bool = False,
    too_late: bool = False,
) -> Response:
    deps, row, order = current_deps(), found.row, found.order
    zone, withdrawal = ZoneInfo(shop.timezone), row.kind is ReturnKind.WITHDRAWAL
    with deps.db.read() as uow:
        settings = settings_now(ShopData(uow, shop.id))
    email = found.words.email or (order.person.email if order else None)
    name = found.words.name or _name(found)
    place = {"s": shop.public_ref, "o": order.order_id} if order else None
    period = right_to_withdraw(order, shop, deps.business.now())
    return page(
        "return_status.html",
        shop,
        status,
        row=row,
        lines=found.lines,
        words=found.words,
        state=row.state,
        withdrawal=withdrawal,
        order_number=order.number if order else found.words.order_number,
        name=name,
        masked=masked(email) if email else None,
        zone=zone,
        just_sent=just_sent,
        too_late=too_late,
        pictures=order_pictures(order, found.products) if order else {},
        reason_words=REASONS,
        cost=cost_of(settings, row, found.lines, shop),
        send_to=settings.send_back_to or shop.postal_address or "",
        send_by=send_back_by(shop, row) if withdrawal else None,
        declined=declined_because(row, Translator(page_language()), zone),
        may_withdraw=period is not None and not withdrawal,
        withdraw_until=period.last_day if period else None,
        cancellable=_cancellable(shop, found),
        action=here(),
        order_url=link_to(Purpose.RETURN, place) if place and shop.connected else None,
        **(
            {"withdraw_url": link_to(Purpose.RETURN, place, "/withdraw"), "return_url": None}
            if place and shop.connected
            else {}
        ),
    )


def _name(found: Standing) -> str:
    person = found.order.person if found.order else None
    return " ".join(x for x in (person.first_name, person.last_name) if x) if person else ""
