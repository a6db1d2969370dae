"""Returns as GraphQL answers them, and the words of ours and Shopify's for the same thing."""

import json
import string
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import BadPayload
from app.domain.returns import ReturnReason, ReturnState
from app.domain.snapshots import ReturnedLine, ReturnSnapshot
from app.platforms.base import Received
from app.platforms.shopify.normalise import normalise
from app.platforms.shopify.return_words import HANDLES, cut, marked, reason_of, unmarked

ASKED = "2026-11-20T09:00:00Z"


def line(**changes: Any) -> dict[str, Any]:
    return {
        "__typename": "ReturnLineItem",
        "id": "gid://shopify/ReturnLineItem/5",
        "quantity": 2,
        "processedQuantity": 0,
        "refundedQuantity": 0,
        "customerNote": "[RMA-1004] Too heavy",
        "returnReasonNote": "",
        "returnReasonDefinition": {"handle": "changed-my-mind"},
        "fulfillmentLineItem": {"lineItem": {"id": "gid://shopify/LineItem/3"}},
    } | changes


def read(*lines: dict[str, Any], **changes: Any) -> ReturnSnapshot:
    body = {
        "id": "gid://shopify/Return/9",
        "name": "#1001-R1",
        "status": "REQUESTED",
        "createdAt": ASKED,
        "requestApprovedAt": None,
        "closedAt": None,
        "order": {"id": "gid://shopify/Order/1"},
        "returnLineItems": {"nodes": list(lines) or [line()]},
    } | changes
    body_of = Received("graphql/return", json.dumps(body).encode(), None, "demo.myshopify.com")
    (snapshot,) = normalise(body_of)
    assert isinstance(snapshot, ReturnSnapshot)
    return snapshot


def test_a_request_of_ours_come_back() -> None:
    assert read() == ReturnSnapshot(
        return_id="9",
        order_id="1",
        name="#1001-R1",
        state=ReturnState.REQUESTED,
        created_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        reference="RMA-1004",
        lines=(ReturnedLine("3", 2, ReturnReason.UNWANTED, "Too heavy"),),
    )


@pytest.mark.parametrize(
    ("status", "approved_at", "pieces", "state", "asked"),
    [
        ("REQUESTED", None, (0, 0), ReturnState.REQUESTED, True),
        ("OPEN", ASKED, (0, 0), ReturnState.APPROVED, True),
        ("OPEN", None, (0, 0), ReturnState.APPROVED, False),  # made by the merchant
        ("OPEN", ASKED, (1, 0), ReturnState.APPROVED, True),  # one of two is there
        ("OPEN", ASKED, (2, 0), ReturnState.RECEIVED, True),
        ("OPEN", ASKED, (2, 1), ReturnState.RECEIVED, True),
        ("OPEN", ASKED, (2, 2), ReturnState.REFUNDED, True),
        ("CLOSED", ASKED, (2, 0), ReturnState.CLOSED, True),
        ("CLOSED", None, (2, 1), ReturnState.REFUNDED, False),
        ("DECLINED", None, (0, 0), ReturnState.DECLINED, True),
        ("CANCELED", None, (0, 0), ReturnState.CANCELLED, True),
    ],
)
def test_where_it_stands(
    status: str,
    approved_at: str | None,
    pieces: tuple[int, int],
    state: ReturnState,
    asked: bool,
) -> None:
    processed, refunded = pieces  # of two
    found = read(
        line(processedQuantity=processed, refundedQuantity=refunded),
        status=status,
        requestApprovedAt=approved_at,
    )
    assert (found.state, found.asked) == (state, asked)


def test_a_state_that_we_do_not_know_is_not_guessed() -> None:
    with pytest.raises(BadPayload):
        read(status="IN_ORBIT")


def test_a_customers_own_request_has_no_reference() -> None:
    other = {"lineItem": {"id": "gid://shopify/LineItem/4"}}
    found = read(
        line(customerNote="It is RMA-1004 for me"),
        line(customerNote=None, fulfillmentLineItem=other),
    )
    assert found.reference is None
    assert [item.note for item in found.lines] == ["It is RMA-1004 for me", None]


def test_the_merchants_note_stands_in_where_the_customer_wrote_none() -> None:
    found = read(line(customerNote=None, returnReasonNote="Broken handle"))
    assert found.lines[0].note == "Broken handle"


def test_a_line_that_nothing_bought_belongs_to_is_left_out() -> None:
    unverified = {"__typename": "UnverifiedReturnLineItem"}
    found = read(line(**unverified), line())
    assert len(found.lines) == 1


@pytest.mark.parametrize(
    ("handle", "reason"),
    [
        ("cups-too-small", ReturnReason.TOO_SMALL),
        ("band-too-big", ReturnReason.TOO_LARGE),
        ("color", ReturnReason.LOOKS_DIFFERENT),
        ("damaged-or-defective", ReturnReason.DEFECTIVE),
        ("battery-life", ReturnReason.OTHER),
        ("unknown", ReturnReason.OTHER),
        (None, ReturnReason.OTHER),
    ],
)
def test_reasons_of_others(handle: str | None, reason: ReturnReason) -> None:
    assert reason_of(handle) is reason


def test_our_reasons_come_back_where_shopify_has_a_word_for_them() -> None:
    lost = {reason for reason in ReturnReason if reason_of(HANDLES[reason]) is not reason}
    assert lost == {ReturnReason.DAMAGED, ReturnReason.NOT_ASKED}


@given(st.text(string.printable + "é\u0301👩‍👩‍👧🇸🇰👍🏽ışğ", max_size=400))
def test_a_note_keeps_the_limit_the_reference_and_the_beginning_of_the_words(words: str) -> None:
    note = marked("RMA-100412", words)
    assert len(note) <= 300
    reference, kept = unmarked(note)
    assert reference == "RMA-100412"
    assert words.strip().startswith((kept or "").removesuffix("…"))
    if len(words.strip()) <= 280:
        assert (kept or "") == words.strip()


@pytest.mark.parametrize(
    ("text", "length", "shown"),
    [
        ("short", 5, "short"),
        ("a long word", 7, "a long…"),
        ("cafe\u0301s", 5, "caf…"),  # not "cafe" without its accent
        ("ok 👩‍👩‍👧 x", 6, "ok…"),
        ("hi 🇸🇰🇹🇷", 5, "hi…"),
        ("so 👍🏽!", 5, "so…"),
    ],
)
def test_nothing_is_cut_in_the_middle_of_a_character(text: str, length: int, shown: str) -> None:
    assert cut(text, length) == shown
    assert len(cut(text, length)) <= length
