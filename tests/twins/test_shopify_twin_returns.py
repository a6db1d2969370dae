"""Returns in the twin: what can come back, which states follow each other, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any

import pytest
from shopify_kit import ROOT, SHOP, Merchant, running_shop

BEYOND = (ROOT / "twins/shopify/graphql/beyond_the_app.graphql").read_text()
CHANGED_MY_MIND = "gid://shopify/ReturnReasonDefinition/2"


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with running_shop() as merchant:
        merchant.connect()
        yield merchant


def gid(kind: str, number: int) -> str:
    return f"gid://shopify/{kind}/{number}"


def sent_order(merchant: Merchant, **given: Any) -> dict[str, Any]:
    order = merchant.order(**given)
    merchant.act("fulfill", order_id=order["id"])
    return order


def left(merchant: Merchant, order: dict[str, Any]) -> dict[str, int]:
    """Line id → pieces that can still be returned."""
    found: dict[str, int] = {}
    page = merchant.graphql("returnable", orderId=gid("Order", order["id"]))
    for parcel in page["returnableFulfillments"]["nodes"]:
        for line in parcel["returnableFulfillmentLineItems"]["nodes"]:
            line_id = line["fulfillmentLineItem"]["lineItem"]["id"].rpartition("/")[2]
            found[line_id] = found.get(line_id, 0) + line["quantity"]
    return found


def parcel_line(merchant: Merchant, order: dict[str, Any]) -> str:
    page = merchant.graphql("returnable", orderId=gid("Order", order["id"]))
    first = page["returnableFulfillments"]["nodes"][0]["returnableFulfillmentLineItems"]
    return str(first["nodes"][0]["fulfillmentLineItem"]["id"])


def asked(merchant: Merchant, order: dict[str, Any], **line: Any) -> dict[str, Any]:
    given = {
        "fulfillmentLineItemId": line.pop("id", None) or parcel_line(merchant, order),
        "quantity": 1,
        "returnReasonDefinitionId": CHANGED_MY_MIND,
    } | line
    lines = {"orderId": gid("Order", order["id"]), "returnLineItems": [given]}
    return dict(merchant.graphql("return_request", input=lines)["returnRequest"])


def only_error(payload: dict[str, Any]) -> tuple[str, list[str]]:
    assert payload["return"] is None
    (error,) = payload["userErrors"]
    return error["code"], error["field"]


def test_what_was_not_sent_cannot_come_back(merchant: Merchant) -> None:
    order = merchant.order()
    assert left(merchant, order) == {}
    pot = order["lines"][0]["id"]
    merchant.act("fulfill", order_id=order["id"], lines={pot: 1})
    assert left(merchant, order) == {str(pot): 1}


def test_pieces_are_claimed_until_it_is_declined_or_cancelled(merchant: Merchant) -> None:
    order = sent_order(merchant)
    pot, soap = (str(line["id"]) for line in order["lines"])
    first = merchant.act("request-return", order_id=order["id"], lines={pot: 1})
    assert left(merchant, order) == {pot: 1, soap: 1}
    merchant.act("decline-return", return_id=first["id"])
    assert left(merchant, order) == {pot: 2, soap: 1}
    second = merchant.act("create-return", order_id=order["id"])
    assert left(merchant, order) == {}
    assert "one line item" in merchant.refused("create-return", order_id=order["id"])
    merchant.act("cancel-return", return_id=second["id"])
    assert left(merchant, order) == {pot: 2, soap: 1}


def test_refunded_pieces_cannot_come_back_and_are_counted_once(merchant: Merchant) -> None:
    order = sent_order(merchant)
    pot, soap = (str(line["id"]) for line in order["lines"])
    merchant.act("refund", order_id=order["id"], lines={pot: 1})
    made = merchant.act("create-return", order_id=order["id"], lines={soap: 1})
    merchant.act("process-return", return_id=made["id"], refund=True)
    assert left(merchant, order) == {pot: 1}
    read = merchant.graphql("order", id=gid("Order", order["id"]))["order"]
    assert [refund["return"] for refund in read["refunds"]] == [
        None,
        {"id": gid("Return", made["id"])},
    ]


def test_the_orders_return_status_follows(merchant: Merchant) -> None:
    order = sent_order(merchant)

    def status() -> str:
        read = merchant.graphql("order", id=gid("Order", order["id"]))["order"]
        return str(read["returnStatus"])

    assert status() == "NO_RETURN"
    pot = str(order["lines"][0]["id"])
    first = merchant.act("request-return", order_id=order["id"], lines={pot: 1})
    assert status() == "RETURN_REQUESTED"
    merchant.act("decline-return", return_id=first["id"])
    assert status() == "NO_RETURN"
    made = merchant.act("create-return", order_id=order["id"], lines={pot: 1})
    assert status() == "IN_PROGRESS"
    merchant.act("close-return", return_id=made["id"])
    assert status() == "RETURNED"
    merchant.act("reopen-return", return_id=made["id"])
    assert status() == "IN_PROGRESS"


@pytest.mark.parametrize(
    ("line", "code", "field"),
    [
        ({"quantity": 3}, "INVALID", "quantity"),
        ({"quantity": 0}, "INVALID", "quantity"),
        ({"id": "gid://shopify/FulfillmentLineItem/1"}, "NOT_FOUND", "fulfillmentLineItemId"),
        ({"returnReasonDefinitionId": None}, "BLANK", "returnReason"),
        ({"customerNote": "x" * 301}, "TOO_LONG", "customerNote"),
    ],
)
def test_impossible_requests(
    merchant: Merchant, line: dict[str, Any], code: str, field: str
) -> None:
    order = sent_order(merchant)
    refused = asked(merchant, order, **line)
    assert only_error(refused) == (code, ["input", "returnLineItems", "0", field])
    assert merchant.send("GET", f"/_twin/shops/{SHOP}/returns")[1] == []


def test_a_request_of_the_same_pieces_twice(merchant: Merchant) -> None:
    order = sent_order(merchant, items=[{"product": "olive-soap"}])
    line = parcel_line(merchant, order)
    made = asked(merchant, order, id=line)["return"]
    assert (made["status"], made["name"]) == ("REQUESTED", f"{order['name']}-R1")
    assert only_error(asked(merchant, order, id=line))[0] == "INVALID"


def test_decisions_are_made_once(merchant: Merchant) -> None:
    order = sent_order(merchant)
    number = asked(merchant, order)["return"]["id"]
    approved = merchant.graphql("return_approve", input={"id": number})["returnApproveRequest"]
    assert approved["return"]["status"] == "OPEN"
    assert approved["return"]["requestApprovedAt"]
    again = merchant.graphql("return_approve", input={"id": number})["returnApproveRequest"]
    assert only_error(again) == ("INVALID_STATE", ["input", "id"])
    given = {"id": number, "declineReason": "OTHER"}
    declined = merchant.graphql("return_decline", input=given)["returnDeclineRequest"]
    assert only_error(declined) == ("INVALID_STATE", ["input", "id"])
    unknown = {"id": gid("Return", 1)}
    missing = merchant.graphql("return_approve", input=unknown)["returnApproveRequest"]
    assert only_error(missing) == ("NOT_FOUND", ["input", "id"])


def test_a_declines_note_has_a_limit(merchant: Merchant) -> None:
    number = asked(merchant, sent_order(merchant))["return"]["id"]
    given = {"id": number, "declineReason": "FINAL_SALE", "declineNote": "x" * 501}
    refused = merchant.graphql("return_decline", input=given)["returnDeclineRequest"]
    assert only_error(refused) == ("TOO_LONG", ["input", "declineNote"])
    given["declineNote"] = "x" * 500
    declined = merchant.graphql("return_decline", input=given)["returnDeclineRequest"]["return"]
    assert declined["decline"] == {"reason": "FINAL_SALE", "note": "x" * 500}


def test_what_was_checked_in_cannot_be_cancelled(merchant: Merchant) -> None:
    order = sent_order(merchant)
    made = merchant.act("create-return", order_id=order["id"])
    number = gid("Return", made["id"])
    merchant.act("process-return", return_id=made["id"])
    refused = merchant.graphql("return_cancel", id=number)["returnCancel"]
    assert only_error(refused) == ("INVALID_STATE", ["id"])
    for _ in range(2):  # closing a closed one changes nothing
        closed = merchant.graphql("return_close", id=number)["returnClose"]
        assert closed["return"]["status"] == "CLOSED"
    merchant.drain()
    assert len(merchant.app.of("returns/close")) == 1


def test_other_apps_create_process_reopen_and_remove(merchant: Merchant) -> None:
    order = sent_order(merchant)
    line = {
        "fulfillmentLineItemId": parcel_line(merchant, order),
        "quantity": 2,
        "returnReason": "UNWANTED",
    }
    created = _beyond(
        merchant,
        "ReturnCreate",
        returnInput={"orderId": gid("Order", order["id"]), "returnLineItems": [line]},
    )["returnCreate"]["return"]
    assert (created["status"], created["returnLineItems"]["nodes"][0]["quantity"]) == ("OPEN", 2)
    number, piece = created["id"], created["returnLineItems"]["nodes"][0]["id"]
    removal = [{"returnLineItemId": piece, "quantity": 1}]
    removed = _beyond(merchant, "RemoveFromReturn", returnId=number, returnLineItems=removal)
    assert removed["removeFromReturn"]["userErrors"] == []
    checked = {"returnId": number, "returnLineItems": [{"id": piece, "quantity": 1}]}
    processed = _beyond(merchant, "ReturnProcess", input=checked)["returnProcess"]
    assert processed["return"]["status"] == "OPEN"
    (node,) = merchant.graphql("return", id=number)["return"]["returnLineItems"]["nodes"]
    assert (node["quantity"], node["processedQuantity"], node["refundedQuantity"]) == (1, 1, 0)
    merchant.graphql("return_close", id=number)
    reopened = _beyond(merchant, "ReturnReopen", id=number)["returnReopen"]
    assert reopened["return"]["status"] == "OPEN"


def _beyond(merchant: Merchant, operation: str, **variables: Any) -> Any:
    """Run one of the operations that only others send."""
    headers = {"Host": f"{SHOP}.myshopify.com", "X-Shopify-Access-Token": merchant.token}
    one = next(o for o in BEYOND.split("\n\n") if f"mutation {operation}(" in o)
    body = {"query": one, "variables": variables}
    _, answer, _ = merchant.send("POST", "/admin/api/2026-10/graphql.json", body, headers)
    assert "errors" not in answer, answer
    return answer["data"]


def test_returns_need_their_scope(merchant: Merchant) -> None:
    order = sent_order(merchant)
    merchant.act("scopes", scopes=["read_orders"])
    query = "query ($id: ID!) { return(id: $id) { id } }"
    answer = merchant.raw_graphql(query, id=gid("Return", order["id"]))[1]
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"


def test_a_customer_asks_on_the_order_status_page(merchant: Merchant) -> None:
    order = sent_order(merchant)
    page = f"/store/{SHOP}/storefront/orders/{order['token']}"
    assert "Request a return" in merchant.send("GET", page)[1]
    line = order["lines"][0]["id"]
    form = f"line={line}&quantity=2&reason=too-big&note=Wider+than+my+shelf"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _ = _post_form(merchant, f"{page}/returns", form, headers)
    assert status == 303
    (made,) = merchant.send("GET", f"/_twin/shops/{SHOP}/returns")[1]
    (asked_for,) = made["lines"]
    assert (made["status"], asked_for["quantity"], asked_for["reason"]) == (
        "requested",
        2,
        "too-big",
    )
    assert "requested" in merchant.send("GET", page)[1]
    status, text = _post_form(merchant, f"{page}/returns", form, headers)
    assert status == 409
    assert "invalid quantity" in text
    admin = merchant.send("GET", f"/store/{SHOP}/orders/{order['id']}")[1]
    assert "Wider than my shelf" in admin
    assert "approve-return" in admin


def _post_form(
    merchant: Merchant, path: str, form: str, headers: dict[str, str]
) -> tuple[int, str]:
    connection = HTTPConnection(merchant.twin.url.removeprefix("http://"), timeout=10)
    connection.request("POST", path, form, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text
