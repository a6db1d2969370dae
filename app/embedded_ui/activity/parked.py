"""Deliveries that could not be read: kept as received, and read again on the merchant's wish."""

import json
from dataclasses import dataclass
from datetime import datetime

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

from app.db.reports import KeptDelivery
from app.db.session import UnitOfWork
from app.db.tenant import ShopData
from app.embedded_ui.activity.listing import blueprint
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import page, reader_of
from app.http import current_deps
from app.services import handling

_SHOWN = 20
_CHARACTERS = 20_000


@dataclass(frozen=True, slots=True)
class Parked:
    """A delivery as it came; `text` is empty once the body was dropped."""

    topic: str
    at: datetime
    note: str
    text: str


@blueprint.get("/deliveries")
@merchant_page
def deliveries(merchant: MerchantSession) -> ResponseReturnValue:
    """The newest ones, as received."""
    with current_deps().db.read() as uow:
        data = ShopData(uow, merchant.shop.id)
        shown = [_opened(uow, row) for row in data.reports.parked(_SHOWN)]
        total = data.inbox.counts().get("failed", 0)
    return page("deliveries.html", reader_of(merchant), deliveries=shown, total=total)


@blueprint.post("/deliveries")
@merchant_page
def read_again(merchant: MerchantSession) -> ResponseReturnValue:
    """Interpret them once more."""
    handling.read_again(current_deps(), merchant.shop.id)
    return redirect(url_for("activity.deliveries", done="replayed"), 303)


def _opened(uow: UnitOfWork, row: KeptDelivery) -> Parked:
    body = uow.keyring.open_body(row.sealed_body) if row.sealed_body else b""
    return Parked(row.topic, row.received_at, row.note, readable(body))


def readable(body: bytes) -> str:
    """A body for people: JSON indented, whatever else as it is, cut at a length."""
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        text = body.decode(errors="replace")
    return text[:_CHARACTERS]
