"""Returns: webhook bodies, of five shapes and without a version, only say which one to read."""

from collections.abc import Iterator

from app.domain.returns import ReturnState
from app.domain.snapshots import ObjectKind, Refresh, ReturnedLine, ReturnSnapshot
from app.platforms.base import Ignored
from app.platforms.shopify.fields import Fields
from app.platforms.shopify.return_words import reason_of, state_of, unmarked


def rest_return(body: Fields) -> Refresh | Ignored:
    """`returns/*`. The order is not read for it: a change of the order has its own topics, and a
    return is decided on a fresh picture of it. `returns/update` has no number, only the global id;
    of `returns/process` no body is documented.
    """
    number = body.id_or_none("id")
    if number is None and "admin_graphql_api_id" in body:
        number = body.gid("admin_graphql_api_id")
    if number is None:
        return Ignored("names no return; polling sees that its order changed")
    return Refresh(ObjectKind.RETURN, number)


def graphql_return(body: Fields) -> ReturnSnapshot:
    """operations/return.graphql. Lines that Shopify cannot tie to something bought are left out."""
    nodes = list(body.node("returnLineItems").nodes("nodes"))
    lines = [_line(node) for node in nodes if node.text("__typename") == "ReturnLineItem"]
    state = state_of(body)
    references = [reference for _, reference in lines if reference]
    return ReturnSnapshot(
        return_id=body.gid(),
        order_id=body.node("order").gid(),
        name=body.text("name"),
        state=_refined(state, nodes),
        created_at=body.time("createdAt"),
        asked=_was_asked(body, state),
        reference=references[0] if references else None,
        closed_at=body.time_or_none("closedAt"),
        lines=tuple(_by_order_line([line for line, _ in lines])),
    )


def _line(node: Fields) -> tuple[ReturnedLine, str | None]:
    reference, words = unmarked(node.text_or_none("customerNote"))
    definition = node.node_or_none("returnReasonDefinition")
    line = ReturnedLine(
        line_id=node.node("fulfillmentLineItem").node("lineItem").gid(),
        quantity=node.count("quantity"),
        reason=reason_of(definition.text("handle") if definition else None),
        note=words or node.text_or_none("returnReasonNote"),
    )
    return line, reference


def _by_order_line(pieces: list[ReturnedLine]) -> Iterator[ReturnedLine]:
    """Shopify names pieces of each parcel; those of one order line are one item."""
    for line_id in dict.fromkeys(piece.line_id for piece in pieces):
        own = [piece for piece in pieces if piece.line_id == line_id]
        notes = dict.fromkeys(piece.note for piece in own if piece.note)
        yield ReturnedLine(
            line_id, sum(piece.quantity for piece in own), own[0].reason, "\n".join(notes) or None
        )


def _was_asked(body: Fields, state: ReturnState) -> bool:
    """A return that the merchant made was never approved, as it began approved. One that was
    cancelled without an approval may have been either: taken for a request.
    """
    begun_approved = state in (ReturnState.APPROVED, ReturnState.CLOSED)
    return not begun_approved or body.time_or_none("requestApprovedAt") is not None


def _refined(state: ReturnState, nodes: list[Fields]) -> ReturnState:
    """Goods that were checked in and money that went back do not show in Shopify's own status."""
    pieces = sum(node.count("quantity") for node in nodes)
    refunded = sum(node.count("refundedQuantity") for node in nodes)
    if state is ReturnState.CLOSED and refunded:
        return ReturnState.REFUNDED
    if state is not ReturnState.APPROVED or not pieces:
        return state
    if refunded >= pieces:
        return ReturnState.REFUNDED
    checked_in = sum(node.count("processedQuantity") for node in nodes)
    return ReturnState.RECEIVED if checked_in >= pieces else state
