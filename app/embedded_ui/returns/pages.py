"""What all pages of returns share."""

from dataclasses import dataclass

from flask import Blueprint, abort, request, url_for

from app.domain.ids import ReturnId
from app.embedded_ui.activity.listing import LARGEST_ID
from app.embedded_ui.session import MerchantSession
from app.http import current_deps
from app.services.returns.looking import Looked, look

blueprint = Blueprint("returns", __name__, url_prefix="/app/returns")

MOST_AT_ONCE = 100  # a page has 50 rows


@dataclass(frozen=True, slots=True)
class Shown:
    """A return as a page showed it: what is decided names it with its revision."""

    id: ReturnId
    revision: int

    def __str__(self) -> str:
        return f"{self.id}:{self.revision}"


def found(merchant: MerchantSession, return_id: int) -> Looked:
    """A return of this shop, or 404."""
    if return_id > LARGEST_ID:
        abort(404)
    return look(current_deps(), merchant.shop.id, ReturnId(return_id)) or abort(404)


def shown(texts: list[str]) -> list[Shown]:
    """What forms and addresses name with `str(Shown)`; what cannot be read is left out."""
    known = []
    for text in dict.fromkeys(texts[:MOST_AT_ONCE]):
        return_id, _, revision = text.partition(":")
        if _is_id(return_id) and _is_id(revision):
            known.append(Shown(ReturnId(int(return_id)), int(revision)))
    return known


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def back_to(default: str) -> str:
    """Where a form came from: the queue with its filter, or elsewhere."""
    if request.form.get("back") == "queue":
        return url_for("returns.queue", q=request.form.get("q") or None)
    return default
