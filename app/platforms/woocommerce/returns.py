"""Our returns on the orders of a store: WooCommerce's core has none, so ours is the truth.

Two traces are left on the order. A private note is for people. One metadata row per return is for
programs, and for us to find again: `_afterglow_return_RMA-1004`. Each return has a key of its own
because wc/v3 cannot keep two rows under one: a write by key alone deletes all but the first (core's
`WC_Data::update_meta_data`), and one row for all would lose what another worker wrote between our
reading and writing it.

The row is written last, so where it says what we want, the note is there too. What the customer
wrote stays with us: from the store nobody could erase it for them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.domain.errors import Refused
from app.domain.ids import PlatformId
from app.domain.returns import ReturnReason, ReturnState
from app.platforms.base import Fetched, RemoteReturn, ReturnSpec, ReturnSpecLine
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.markup import as_markup

KEY = "_afterglow_return_"

# Of these no word may be the beginning of another: notes are told apart by them.
_STATES: Mapping[ReturnState, str] = {
    ReturnState.REQUESTED: "requested",
    ReturnState.HELD: "waits for your decision",
    ReturnState.APPROVED: "approved",
    ReturnState.DECLINED: "declined",
    ReturnState.RECEIVED: "received",
    ReturnState.REFUNDED: "refunded",
    ReturnState.CLOSED: "closed",
    ReturnState.CANCELLED: "cancelled by the customer",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """The metadata row of one return; `id` is None before it was written."""

    id: int | None
    value: Mapping[str, Any]
    store_now: datetime | None

    @property
    def state(self) -> ReturnState | None:
        """What it says; None where it is not there, or somebody wrote something else into it."""
        return next((s for s in ReturnState if s.value == self.value.get("state")), None)

    def says(self, wanted: Mapping[str, Any]) -> bool:
        """Whether it is so already, whenever it was written."""
        return {**self.value, "updated": ""} == {**wanted, "updated": ""}


class Returns:
    """ReturnsPort of WooCommerce."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def find(self, spec: ReturnSpec) -> RemoteReturn | None:
        """What the order says of it."""
        try:
            state = self._row(spec).state
        except StoreRefusal as refusal:
            if _is_gone(refusal):
                return None
            raise
        return RemoteReturn(spec.reference, state) if state else None

    def request(self, spec: ReturnSpec) -> RemoteReturn:
        """Leave it on the order, unless it is there already: then that is what stands.

        Raises Refused("not_returnable") if the order was deleted for good.
        """
        with _gone_means("not_returnable"):
            row = self._row(spec)
            if row.state is None:
                self._write(spec, row)
            return RemoteReturn(spec.reference, row.state or spec.state)

    def bring(self, spec: ReturnSpec) -> None:
        """Leave the new state on the order.

        Raises Refused("return_moved_on") if the order was deleted for good.
        """
        with _gone_means("return_moved_on"):
            row = self._row(spec)
            if not row.says(_value(spec, row)):
                self._write(spec, row)

    def fetch(self, return_id: PlatformId) -> Fetched | None:  # noqa: ARG002 - none to read
        """None: the store has no returns of its own."""
        return None

    def _row(self, spec: ReturnSpec) -> _Row:
        answer = self._client.get(f"orders/{spec.order_id}", {"_fields": "id,meta_data"})
        key = KEY + spec.reference
        for meta in answer.object().get("meta_data") or ():
            if meta.get("key") == key and isinstance(meta.get("value"), dict):
                return _Row(meta.get("id"), meta["value"], answer.store_now)
        return _Row(None, {}, answer.store_now)

    def _write(self, spec: ReturnSpec, row: _Row) -> None:
        self._tell(spec, with_lines=row.state is None)
        meta: dict[str, Any] = {"key": KEY + spec.reference, "value": _value(spec, row)}
        if row.id is not None:
            meta["id"] = row.id
        self._client.post(f"orders/{spec.order_id}", {"meta_data": [meta]})

    def _tell(self, spec: ReturnSpec, *, with_lines: bool) -> None:
        """Add the note, unless the last one about this return says the same."""
        path = f"orders/{spec.order_id}/notes"
        ours = f"Afterglow {spec.reference}: "
        notes = self._client.get(path, {"type": "internal", "_fields": "id,note"}).rows()
        about = [note for note in notes if str(note.get("note")).startswith(ours)]
        last = max(about, key=lambda note: int(note["id"]), default=None)
        headline = f"{ours}{spec.kind.value} {_STATES[spec.state]}"
        if last and last["note"].startswith(headline):
            return
        text = headline + _details(spec, with_lines=with_lines)
        self._client.post(path, {"note": as_markup(text), "customer_note": False})


def _value(spec: ReturnSpec, row: _Row) -> dict[str, Any]:
    return {
        "reference": spec.reference,
        "state": spec.state.value,
        "kind": spec.kind.value,
        "lines": [
            {"id": line.line_id, "quantity": line.quantity, "reason": line.reason.value}
            for line in spec.lines
        ],
        "updated": row.store_now.isoformat() if row.store_now else "",
    }


def _details(spec: ReturnSpec, *, with_lines: bool) -> str:
    why = [
        text
        for holds, text in (
            (spec.period_over, "the time to return is over"),
            (spec.final_sale, "the goods cannot be returned"),
        )
        if holds
    ]
    parts = [
        f" ({', '.join(why)})" if why else "",
        f": {', '.join(_line(line) for line in spec.lines)}" if with_lines and spec.lines else "",
        f". Answer to the customer: {spec.answer}" if spec.answer else "",
    ]
    return "".join(parts)


def _line(line: ReturnSpecLine) -> str:
    goods = f"{line.quantity} × {line.title}"
    if line.reason is ReturnReason.NOT_ASKED:
        return goods
    return f"{goods} ({line.reason.value.replace('_', ' ')})"


def _is_gone(refusal: StoreRefusal) -> bool:
    """404 when read; a write to an order that is gone is a 400."""
    return refusal.status == 404 or refusal.code == "woocommerce_rest_shop_order_invalid_id"


@contextmanager
def _gone_means(code: str) -> Iterator[None]:
    try:
        yield
    except StoreRefusal as refusal:
        if _is_gone(refusal):
            raise Refused(code, "The order was deleted in the store.") from refusal
        raise
