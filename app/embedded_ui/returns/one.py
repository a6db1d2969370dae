"""One return: what came back and why, what the rules say, what can be done now."""

from dataclasses import dataclass
from urllib.parse import quote

from flask import request
from flask.typing import ResponseReturnValue

from app.db.returns import ReturnRow
from app.db.tenant import ShopData
from app.domain.money import Money
from app.domain.return_words import REASONS
from app.domain.returns import ReturnKind, ReturnReason
from app.embedded_ui.activity.listing import full_name, number
from app.embedded_ui.activity.timeline import RETURN_SIGNS
from app.embedded_ui.returns.pages import Shown, blueprint, found
from app.embedded_ui.returns.story import story_of
from app.embedded_ui.returns.trace import trace_of
from app.embedded_ui.returns.words import is_settled, who
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import Reader, Sign, page, reader_of
from app.http import current_deps
from app.i18n import N_
from app.platforms.base import Connection
from app.services.returns.deciding import LONGEST_ANSWER, Failure
from app.services.returns.looking import Looked

_SUBJECT = N_("Your withdrawal %(name)s")


@dataclass(frozen=True, slots=True)
class Item:
    """Some of one bought line; `note` is the customer's own words."""

    title: str
    variant: str
    quantity: int
    reason: str
    note: str
    value: Money
    picture: str | None


@dataclass(frozen=True, slots=True)
class Other:
    """Another return of the same customer."""

    row: ReturnRow
    sign: Sign


@blueprint.get("/<int:return_id>")
@merchant_page
def one(merchant: MerchantSession, return_id: int) -> ResponseReturnValue:
    """The return as it stands."""
    return show(merchant, found(merchant, return_id))


def show(
    merchant: MerchantSession,
    looked: Looked,
    *,
    failure: Failure | None = None,
    unsent: str = "",
) -> str:
    """The page. `failure`: why a step was not taken; `unsent`: the words that were not used."""
    deps, reader, row = current_deps(), reader_of(merchant), looked.row
    with deps.db.read() as uow:
        story = story_of(ShopData(uow, merchant.shop.id), row, reader)
    platform = deps.platforms[merchant.shop.platform]
    version, settings = looked.ruled_with or (None, None)
    return page(
        "returns/one.html",
        reader,
        looked=looked,
        row=row,
        shown=Shown(row.id, row.revision),
        who=full_name(looked.person),
        number=number(looked.order.number) if looked.order else "",
        order_url=platform.order_url(Connection(merchant.shop.domain), row.order_id)
        if row.order_id
        else None,
        sign=_sign(row, reader),
        withdrawal=row.kind is ReturnKind.WITHDRAWAL,
        items=_items(looked, reader),
        kept=_kept(looked),
        trace=trace_of(row.ruling, settings, reader, merchant.shop.currency)
        if row.ruling
        else None,
        ruled_at=version.created_at if version else None,
        rules_off=bool(row.ruling and not row.ruling.settings_version),
        by=who(row, merchant, reader.words),
        settled=is_settled(row.state),
        others=[Other(other, _sign(other, reader)) for other in looked.others],
        story=story,
        mail_to=_mail_to(looked, reader),
        failure=failure or (Failure.MOVED_ON if request.args.get("done") == "moved-on" else None),
        unsent=unsent,
        longest=LONGEST_ANSWER,
    )


def _sign(row: ReturnRow, reader: Reader) -> Sign:
    tone, icon, word = RETURN_SIGNS[row.state]
    return Sign(tone, icon, reader.words.gettext(word))


def _items(looked: Looked, reader: Reader) -> list[Item]:
    bought = looked.order.lines if looked.order else ()
    pictures = {line.line_id: line.image_url for line in bought}
    return [
        Item(
            title=line.title,
            variant=line.variant or "",
            quantity=line.quantity,
            reason=""
            if line.reason is ReturnReason.NOT_ASKED
            else reader.words.gettext(REASONS[line.reason]),
            note=looked.words.notes.get(line.line_id, ""),
            value=line.value,
            picture=_safe(pictures.get(line.line_id)),
        )
        for line in looked.lines
    ]


def _safe(url: str | None) -> str | None:
    """What the policy of our pages lets through."""
    return url if url and url.startswith("https://") else None


def _kept(looked: Looked) -> tuple[int, int]:
    """How many pieces come back, and of how many that were bought."""
    bought = sum(line.quantity for line in looked.order.lines) if looked.order else 0
    return sum(line.quantity for line in looked.lines), bought


def _mail_to(looked: Looked, reader: Reader) -> str | None:
    """An address that opens the merchant's own mail program; for what matched no order."""
    if looked.row.order_id or not looked.words.email:
        return None
    subject = reader.words.gettext(_SUBJECT, name=looked.row.name)
    return f"mailto:{quote(looked.words.email)}?subject={quote(subject)}"
