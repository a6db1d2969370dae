"""An order's deliveries as they came, behind a link for support."""

from flask import abort, url_for
from flask.typing import ResponseReturnValue

from app.db.session import UnitOfWork
from app.db.tenant import ShopData
from app.domain.ids import PlatformId
from app.embedded_ui.activity.listing import blueprint, number
from app.embedded_ui.activity.parked import Parked, readable
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import page, reader_of
from app.http import current_deps
from app.services.personal_data import Marks, marks

_LOOKED_THROUGH = 200  # bodies are sealed, so each has to be opened
_SHOWN = 5


@blueprint.get("/orders/<order_id>/received")
@merchant_page
def received(merchant: MerchantSession, order_id: PlatformId) -> ResponseReturnValue:
    """The newest deliveries that name the order."""
    deps, reader = current_deps(), reader_of(merchant)
    with deps.db.read() as uow:
        data = ShopData(uow, merchant.shop.id)
        known = data.orders.get(order_id) or abort(404)
        shown, searched = _named_in(uow, data, marks([], [order_id]))
    return page(
        "received.html",
        reader,
        deliveries=shown,
        searched=searched,
        number=number(known.order.number),
        back=url_for("activity.order", order_id=order_id),
        days=deps.settings.raw_body_days,
    )


def _named_in(uow: UnitOfWork, data: ShopData, wanted: Marks) -> tuple[list[Parked], int]:
    """Deliveries that name what is wanted, and how many were looked through."""
    rows = data.reports.delivered(_LOOKED_THROUGH)
    shown: list[Parked] = []
    for searched, row in enumerate(rows, 1):
        body = uow.keyring.open_body(row.sealed_body) if row.sealed_body else b""
        if wanted.shown_in(body):
            shown.append(Parked(row.topic, row.received_at, row.note, readable(body)))
        if len(shown) == _SHOWN:
            return shown, searched
    return shown, len(rows)
