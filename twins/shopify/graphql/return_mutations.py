"""The returns API: what apps and the admin send, with Shopify's user errors."""

from collections.abc import Callable
from typing import Any

from twins.common.state import Document
from twins.shopify import returns
from twins.shopify.errors import ActionError
from twins.shopify.formats import number_of
from twins.shopify.graphql.order_objects import return_object
from twins.shopify.graphql.values import Value, user_error
from twins.shopify.orders import find_order
from twins.shopify.return_facts import REASONS
from twins.shopify.returns import ReturnRefused, Wanted
from twins.shopify.shop import Shop

_HANDLES = {number: handle for handle, (number, _name, _word) in REASONS.items()}
_OLD_WORDS = {word.upper(): handle for handle, (_n, _name, word) in reversed(REASONS.items())}


def _answer(shop: Shop, root: tuple[str, ...], act: Callable[[], Document]) -> Value:
    """Run an action; what it refuses becomes a user error below the input's name."""
    try:
        found = act()
    except ReturnRefused as error:
        return {
            "return": None,
            "userErrors": [user_error(str(error), [*root, *error.path], error.code)],
        }
    except ActionError as error:  # the order is not there
        return {"return": None, "userErrors": [user_error(str(error), [*root], "NOT_FOUND")]}
    order = find_order(shop, found["order_id"])
    return {"return": return_object(shop, order, found), "userErrors": []}


def _lines(given: list[dict[str, Any]]) -> list[Wanted]:
    return [
        Wanted(
            parcel_line_id=number_of("FulfillmentLineItem", line["fulfillmentLineItemId"]) or 0,
            quantity=line["quantity"],
            reason=_reason(line),
            customer_note=line.get("customerNote"),
            reason_note=line.get("returnReasonNote") or "",
        )
        for line in given
    ]


def _reason(line: dict[str, Any]) -> str:
    chosen = line.get("returnReasonDefinitionId")
    number = number_of("ReturnReasonDefinition", chosen) if chosen else None
    return _HANDLES.get(number or 0) or _OLD_WORDS.get(line.get("returnReason") or "", "")


def _order_number(given: dict[str, Any]) -> int:
    return number_of("Order", given["orderId"]) or 0


def _request(shop: Shop, input: dict[str, Any]) -> Value:  # noqa: A002 -- GraphQL's name
    wanted = _lines(input["returnLineItems"])
    return _answer(
        shop, ("input",), lambda: returns.request_return(shop, _order_number(input), wanted)
    )


def _create(shop: Shop, returnInput: dict[str, Any]) -> Value:  # noqa: N803 -- GraphQL's name
    wanted = _lines(returnInput["returnLineItems"])
    return _answer(
        shop,
        ("returnInput",),
        lambda: returns.create_return(shop, _order_number(returnInput), wanted),
    )


def _approve(shop: Shop, input: dict[str, Any]) -> Value:  # noqa: A002 -- GraphQL's name
    number, notify = number_of("Return", input["id"]), bool(input.get("notifyCustomer"))
    return _answer(shop, ("input",), lambda: returns.approve_return(shop, number, notify=notify))


def _decline(shop: Shop, input: dict[str, Any]) -> Value:  # noqa: A002 -- GraphQL's name
    number, notify = number_of("Return", input["id"]), bool(input.get("notifyCustomer"))
    reason, note = input["declineReason"], input.get("declineNote")
    return _answer(
        shop,
        ("input",),
        lambda: returns.decline_return(shop, number, reason, note, notify=notify),
    )


def _cancel(shop: Shop, id: str, **_more: Any) -> Value:  # noqa: A002 -- GraphQL's name
    return _answer(shop, (), lambda: returns.cancel_return(shop, number_of("Return", id)))


def _close(shop: Shop, id: str) -> Value:  # noqa: A002 -- GraphQL's name
    return _answer(shop, (), lambda: returns.close_return(shop, number_of("Return", id)))


def _reopen(shop: Shop, id: str) -> Value:  # noqa: A002 -- GraphQL's name
    return _answer(shop, (), lambda: returns.reopen_return(shop, number_of("Return", id)))


def _process(shop: Shop, input: dict[str, Any]) -> Value:  # noqa: A002 -- GraphQL's name
    number = number_of("Return", input["returnId"])
    pieces = _pieces(input.get("returnLineItems"), "id")
    refund = bool((input.get("financialTransfer") or {}).get("issueRefund"))
    return _answer(
        shop, ("input",), lambda: returns.process_return(shop, number, pieces, refund=refund)
    )


def _remove(
    shop: Shop,
    returnId: str,  # noqa: N803 -- GraphQL's name
    returnLineItems: list[dict[str, Any]] | None = None,  # noqa: N803 -- GraphQL's name
    **_more: Any,
) -> Value:
    number, pieces = number_of("Return", returnId), _pieces(returnLineItems, "returnLineItemId")
    return _answer(shop, (), lambda: returns.remove_from_return(shop, number, pieces))


def _pieces(given: list[dict[str, Any]] | None, key: str) -> dict[int, int]:
    return {number_of("ReturnLineItem", line[key]) or 0: line["quantity"] for line in given or []}


RETURN_MUTATIONS: dict[str, Callable[..., Value]] = {
    "returnRequest": _request,
    "returnCreate": _create,
    "returnApproveRequest": _approve,
    "returnDeclineRequest": _decline,
    "returnCancel": _cancel,
    "returnClose": _close,
    "returnReopen": _reopen,
    "returnProcess": _process,
    "removeFromReturn": _remove,
}
