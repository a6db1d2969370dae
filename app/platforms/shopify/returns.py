"""Returns. Shopify has its own: ours is written there, and follows what becomes of it there.

No mutation here takes a key that would make a repeat harmless. Our reference stands in the
customer's note of every line, so a request whose answer was lost is found again; steps are only
taken from the state that was read, and refused by Shopify from any other. The customer is told by
us: Shopify is asked not to.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any

from app.domain.errors import Bug, Refused
from app.domain.ids import PlatformId
from app.domain.returns import ReturnReason, ReturnState
from app.domain.snapshots import ObjectKind
from app.platforms.base import Fetched, RemoteReturn, ReturnSpec
from app.platforms.shopify.client import Client
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.ids import gid
from app.platforms.shopify.orders import fetched, found_or_none, next_cursor
from app.platforms.shopify.return_words import (
    DECLINE_NOTE_LENGTH,
    HANDLES,
    OTHER,
    cut,
    marked,
    state_of,
    unmarked,
)
from app.platforms.shopify.user_errors import codes_of, raise_for_user_errors

# Of returnRequest: pieces that were claimed meanwhile, or that were never sent.
_NOT_RETURNABLE = dict.fromkeys(
    ("INVALID", "INVALID_STATE", "NOT_FOUND", "CREATION_FAILED"), "not_returnable"
)
_MOVED_ON = frozenset({"INVALID_STATE", "NOT_FOUND"})


class _Step(Enum):
    APPROVE = "return_approve"
    DECLINE = "return_decline"
    CANCEL = "return_cancel"
    CLOSE = "return_close"


# (what it is there, what it shall be) → the next step. Shopify has no word for received goods.
_NEXT: Mapping[tuple[ReturnState, ReturnState], _Step] = MappingProxyType(
    {
        (ReturnState.REQUESTED, ReturnState.APPROVED): _Step.APPROVE,
        (ReturnState.REQUESTED, ReturnState.RECEIVED): _Step.APPROVE,
        (ReturnState.REQUESTED, ReturnState.DECLINED): _Step.DECLINE,
        (ReturnState.REQUESTED, ReturnState.CANCELLED): _Step.CANCEL,
        (ReturnState.APPROVED, ReturnState.CANCELLED): _Step.CANCEL,
        (ReturnState.REQUESTED, ReturnState.REFUNDED): _Step.APPROVE,
        (ReturnState.REQUESTED, ReturnState.CLOSED): _Step.APPROVE,
        (ReturnState.APPROVED, ReturnState.REFUNDED): _Step.CLOSE,
        (ReturnState.APPROVED, ReturnState.CLOSED): _Step.CLOSE,
    }
)
# What it shall be → what is as good there.
_REACHED: Mapping[ReturnState, tuple[ReturnState, ...]] = MappingProxyType(
    {
        ReturnState.REQUESTED: (ReturnState.REQUESTED,),
        ReturnState.HELD: (ReturnState.REQUESTED,),
        ReturnState.APPROVED: (ReturnState.APPROVED,),
        ReturnState.RECEIVED: (ReturnState.APPROVED, ReturnState.CLOSED),
        ReturnState.DECLINED: (ReturnState.DECLINED,),
        ReturnState.CANCELLED: (ReturnState.CANCELLED,),
        ReturnState.REFUNDED: (ReturnState.CLOSED,),
        ReturnState.CLOSED: (ReturnState.CLOSED,),
    }
)


@dataclass(slots=True)
class _Pieces:
    """What of one order line is in one parcel, as far as it can still be returned."""

    line_id: PlatformId
    global_id: str
    left: int


class Returns:
    """ReturnsPort on Shopify."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def find(self, spec: ReturnSpec) -> RemoteReturn | None:
        """By Shopify's id, else the order's return whose notes hold our reference."""
        if spec.ref is None:
            return self._find_by_reference(spec)
        state = self._state(spec.ref)
        return RemoteReturn(spec.ref, state) if state else None

    def request(self, spec: ReturnSpec) -> RemoteReturn:
        """A return in state REQUESTED, all of it or nothing.

        Raises Refused("not_returnable") if some of it was not sent or is in another return.
        """
        given = {
            "orderId": gid("Order", spec.order_id),
            "returnLineItems": self._requested_lines(spec),
        }
        payload = self._client.mutate("return_request", {"input": given})
        raise_for_user_errors(payload, "return_request", _NOT_RETURNABLE)
        made = payload.node("return")
        return RemoteReturn(made.gid(), state_of(made))

    def bring(self, spec: ReturnSpec) -> None:
        """Step by step to what the spec says.

        Raises Refused("return_moved_on") if it is gone, or elsewhere by somebody else's doing.
        """
        remote = self.find(spec)
        if remote is None:
            raise _moved_on()
        state = remote.state
        while state not in _REACHED[spec.state]:
            step = _NEXT.get((state, spec.state))
            if step is None:
                raise _moved_on()
            state = self._take(step, remote.ref, spec, state)

    def fetch(self, return_id: PlatformId) -> Fetched | None:
        """The whole return; None if it is gone."""
        whole: dict[str, Any] | None = None
        cursor: str | None = None
        while True:
            variables = {"id": gid("Return", return_id), "after": cursor}
            answer = self._client.query("return", variables)
            found = found_or_none(answer, "return")
            if found is None:
                return None
            lines = found["returnLineItems"]
            earlier = whole["returnLineItems"]["nodes"] if whole else []
            whole = {**found, "returnLineItems": {"nodes": [*earlier, *lines["nodes"]]}}
            cursor = next_cursor(Fields(lines, "returnLineItems"))
            if cursor is None:
                return fetched(ObjectKind.RETURN, whole, _digest(whole))

    def _state(self, ref: PlatformId) -> ReturnState | None:
        answer = self._client.query("return_state", {"id": gid("Return", ref)})
        found = answer.fields().node_or_none("return")
        return state_of(found) if found else None

    def _find_by_reference(self, spec: ReturnSpec) -> RemoteReturn | None:
        cursor: str | None = None
        while True:
            variables = {"id": gid("Order", spec.order_id), "after": cursor}
            order = self._client.query("order_returns", variables).fields().node_or_none("order")
            if order is None:
                return None
            page = order.node("returns")
            for node in page.nodes("nodes"):
                if _has_reference(node, spec.reference):
                    return RemoteReturn(node.gid(), state_of(node))
            cursor = next_cursor(page)
            if cursor is None:
                return None

    def _take(
        self, step: _Step, ref: PlatformId, spec: ReturnSpec, before: ReturnState
    ) -> ReturnState:
        """One step; returns the state after it. Where somebody was faster, the state that they
        made, if that is another one than `before`.
        """
        payload = self._client.mutate(step.value, _variables(step, ref, spec))
        if not _MOVED_ON & set(codes_of(payload)):
            raise_for_user_errors(payload, step.value)
            return state_of(payload.node("return"))
        now = self._state(ref)
        if now is None or now is before:
            raise _moved_on()
        return now

    def _requested_lines(self, spec: ReturnSpec) -> list[dict[str, Any]]:
        """Each line of ours as pieces of the parcels that brought it, the first parcel first."""
        pieces = list(self._returnable(spec.order_id))
        reasons = self._reason_ids({line.reason for line in spec.lines})
        lines: list[dict[str, Any]] = []
        for line in spec.lines:
            missing = line.quantity
            for piece in pieces:
                taken = min(missing, piece.left) if piece.line_id == line.line_id else 0
                if taken > 0:
                    piece.left, missing = piece.left - taken, missing - taken
                    lines.append(
                        {
                            "fulfillmentLineItemId": piece.global_id,
                            "quantity": taken,
                            "returnReasonDefinitionId": reasons[HANDLES[line.reason]],
                            "customerNote": marked(spec.reference, line.note),
                        }
                    )
            if missing:
                raise Refused(
                    "not_returnable",
                    "The shop has not sent that many of this item, or they are in another return.",
                )
        return lines

    def _returnable(self, order_id: PlatformId) -> "Iterator[_Pieces]":
        cursor: str | None = None
        while True:
            variables = {"orderId": gid("Order", order_id), "after": cursor}
            page = self._client.query("returnable", variables).fields()
            parcels = page.node("returnableFulfillments")
            for parcel in parcels.nodes("nodes"):
                for item in self._returnable_items(parcel):
                    piece = item.node("fulfillmentLineItem")
                    line_id = piece.node("lineItem").gid()
                    yield _Pieces(line_id, piece.text("id"), item.count("quantity"))
            cursor = next_cursor(parcels)
            if cursor is None:
                return

    def _returnable_items(self, parcel: Fields) -> Iterator[Fields]:
        items = parcel.node("returnableFulfillmentLineItems")
        yield from items.nodes("nodes")
        while cursor := next_cursor(items):
            variables = {"id": parcel.text("id"), "after": cursor}
            more = self._client.query("returnable_lines", variables).fields()
            rest = more.node_or_none("returnableFulfillment")
            if rest is None:  # claimed by somebody else in between
                return
            items = rest.node("returnableFulfillmentLineItems")
            yield from items.nodes("nodes")

    def _reason_ids(self, reasons: set[ReturnReason]) -> Mapping[str, str]:
        """Handle → global id in Shopify's library; a reason that left the library is "other"."""
        wanted = {HANDLES[reason] for reason in reasons}
        answer = self._client.query("return_reasons", {"handles": sorted(wanted | {OTHER})})
        library = answer.fields().node("returnReasonDefinitions")
        known = {node.text("handle"): node.text("id") for node in library.nodes("nodes")}
        if OTHER not in known:
            raise Bug("Shopify's library of return reasons has no other-reason.")
        return {handle: known.get(handle, known[OTHER]) for handle in wanted}


def _variables(step: _Step, ref: PlatformId, spec: ReturnSpec) -> dict[str, Any]:
    number = gid("Return", ref)
    if step is _Step.APPROVE:
        return {"input": {"id": number, "notifyCustomer": False}}
    if step is not _Step.DECLINE:
        return {"id": number}
    declined: dict[str, Any] = {
        "id": number,
        "declineReason": _decline_reason(spec),
        "notifyCustomer": False,
    }
    if words := spec.answer.strip():
        declined["declineNote"] = cut(words, DECLINE_NOTE_LENGTH)
    return {"input": declined}


def _decline_reason(spec: ReturnSpec) -> str:
    if spec.final_sale:
        return "FINAL_SALE"
    return "RETURN_PERIOD_ENDED" if spec.period_over else "OTHER"


def _has_reference(node: Fields, reference: str) -> bool:
    lines = node.node("returnLineItems").nodes("nodes")
    return any(unmarked(line.text_or_none("customerNote"))[0] == reference for line in lines)


def _moved_on() -> Refused:
    return Refused("return_moved_on", "The store's return was changed there meanwhile.")


def _digest(whole: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()[:32]
