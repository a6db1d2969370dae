"""Settings of returns, what customers may expect, and words; decisions are in the table."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ValidationError

from app.automations.base import Context
from app.automations.returns_approval import (
    ReturnsApprovalSettings,
    cost_of,
    kind_of,
    prospects,
)
from app.automations.returns_approval.prospects import Cost
from app.automations.returns_approval.rules import RULES
from app.automations.returns_approval.settings import WayBack, rule_names
from app.automations.returns_approval.words import TITLES, title_of
from app.db.codec import ruling_doc, ruling_from
from app.domain.decisions import Proceed
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.return_words import REASONS, to_customer, why_not
from app.domain.returns import ReturnKind, ReturnOutcome, ReturnReason, ReturnState
from app.domain.snapshots import OrderSnapshot
from app.i18n import Language, Translator
from app.i18n.reasons import told
from tests.unit.automations.returned import (
    RETURNS,
    decided,
    past,
    product,
    request,
    rules,
    settings,
)
from tests.unit.automations.world import (
    action,
    context,
    day,
    delivered,
    eur,
    line,
    order,
    paid_event,
    parcel,
)

BRATISLAVA = ZoneInfo("Europe/Bratislava")
SHOP_PAYS, CUSTOMER_PAYS = Cost(WayBack.SHOP), Cost(WayBack.CUSTOMER)


def noon(year: int, month: int, number: int) -> datetime:
    return datetime(year, month, number, 12, tzinfo=UTC)


def world(
    now: float, own: ReturnsApprovalSettings, placed: OrderSnapshot | None = None, **more: Any
) -> Context:
    products = {f"product-{n}": product(n) for n in (1, 2)}
    facts = {"products": products, **more}
    return context(day(now), own, order=placed or delivered(), **facts)


# settings


def test_it_works_without_being_configured_and_approves_a_plain_return() -> None:
    assert decided(request(), world(13, ReturnsApprovalSettings())).outcome == "approve"


def test_nothing_is_planned_from_events() -> None:
    seen = world(4, ReturnsApprovalSettings())
    assert RETURNS.decide(paid_event(), seen) == ()
    assert RETURNS.recheck(action(), seen) == Proceed()


@pytest.mark.parametrize("schema", RULES.values(), ids=RULES)
def test_every_field_of_a_rule_explains_itself(schema: type[BaseModel]) -> None:
    assert schema()
    for name, field in schema.model_fields.items():
        if name == "kind":
            continue
        extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        choices = extra.get("choices", {})
        assert isinstance(choices, dict)
        for text in (field.title, field.description, *choices.values()):
            assert isinstance(text, str), name
            assert text, name
            assert Translator("tr").gettext(text) != text
            assert Translator("sk").gettext(text) != text


@pytest.mark.parametrize(
    ("wrong", "where"),
    [
        ({"rules": [{"kind": "window", "days": 0}]}, ("rules", 0, "window", "days")),
        ({"rules": [{"kind": "window", "days": 731}]}, ("rules", 0, "window", "days")),
        ({"rules": [{"kind": "sale", "outcome": "approve"}]}, ("rules", 0, "sale", "outcome")),
        ({"rules": [{"kind": "value", "amount": -1}]}, ("rules", 0, "value", "amount")),
        ({"rules": [{"kind": "value", "outcome": "maybe"}]}, ("rules", 0, "value", "outcome")),
        (
            {"rules": [{"kind": "country", "countries": "Slovakia"}]},
            ("rules", 0, "country", "countries", 0),
        ),
        (
            {"rules": [{"kind": "reasons", "reasons": ["bored"]}]},
            ("rules", 0, "reasons", "reasons", 0),
        ),
        ({"rules": [{}] * 51}, ("rules", 0, "unknown", "kind")),
        ({"otherwise": "maybe"}, ("otherwise",)),
        ({"reasons_offered": []}, ("reasons_offered",)),
        ({"reasons_offered": ["not_asked"]}, ()),
        ({"return_fee": "-1"}, ("return_fee",)),
        ({"return_fee": "a lot"}, ("return_fee",)),
        ({"send_back_to": "x" * 2001}, ("send_back_to",)),
        ({"way_back": "by ship"}, ("way_back",)),
    ],
)
def test_settings_have_bounds(wrong: dict[str, Any], where: tuple[str | int, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**wrong)
    assert refused.value.errors()[0]["loc"] == where


def test_lists_may_be_written_with_commas() -> None:
    own = settings(
        rules=[
            {"kind": "tags", "tags": "final-sale, outlet;outlet\nlast one, "},
            {"kind": "country", "countries": "sk, tr"},
            {"kind": "reasons", "reasons": "damaged, other"},
        ],
        shop_pays_for="damaged",
    )
    tags, country, reasons = own.rules
    assert tags.model_dump()["tags"] == ("final-sale", "outlet", "last one")
    assert country.model_dump()["countries"] == ("SK", "TR")
    assert reasons.model_dump()["reasons"] == (ReturnReason.DAMAGED, ReturnReason.OTHER)
    assert own.shop_pays_for == (ReturnReason.DAMAGED,)


def test_rules_of_a_kind_are_told_apart_in_the_trace() -> None:
    own = settings(rules=[{"kind": "tags"}, {"kind": "value"}, {"kind": "tags"}, {"kind": "tags"}])
    assert rule_names(own.rules) == ("tags", "value", "tags-2", "tags-3")
    assert [kind_of(name) for name in ("tags-3", "not_sent", "otherwise")] == [
        "tags",
        "not_sent",
        "otherwise",
    ]


def test_a_decision_is_stored_with_its_trace() -> None:
    ruling = decided(request(50), world(50, ReturnsApprovalSettings()))
    assert len(ruling.findings) > 3
    assert ruling_from(json.loads(json.dumps(ruling_doc(ruling)))) == ruling


# what customers may expect


def test_beforehand_a_customer_sees_how_many_and_until_when() -> None:
    placed = delivered(lines=(line(1, quantity=3), line(2)))
    seen = world(10, ReturnsApprovalSettings(), placed, returns=(past(8, order_id="order-1"),))
    first, second = prospects(seen).lines
    assert (first.quantity, first.until, first.why_not) == (2, noon(2026, 12, 5), None)
    assert second.quantity == 1


def test_the_period_of_the_law_is_never_cut_short() -> None:
    short = rules({"kind": "window", "days": 3})
    assert prospects(world(4, short)).lines[0].until == noon(2026, 11, 19)
    abroad = delivered(country="US")
    assert prospects(world(4, short, abroad)).lines[0].until == noon(2026, 11, 8)
    unknown = order(fulfilments=(parcel(),))
    [line_of] = prospects(world(40, short, unknown)).lines
    assert (line_of.quantity, line_of.until) == (1, None)


@pytest.mark.parametrize(
    ("now", "own", "placed", "why"),
    [
        (50, ReturnsApprovalSettings(), delivered(), ReasonCode.WINDOW_ARRIVED_OVER),
        (
            20,
            ReturnsApprovalSettings(),
            delivered(lines=(line(is_gift_card=True),)),
            ReasonCode.GIFT_CARD,
        ),
        (5, ReturnsApprovalSettings(), delivered(cancelled_at=day(4)), ReasonCode.ORDER_CANCELLED),
        (5, ReturnsApprovalSettings(), order(trashed=True), ReasonCode.ORDER_REMOVED),
    ],
)
def test_beforehand_a_customer_sees_why_not(
    now: float, own: ReturnsApprovalSettings, placed: OrderSnapshot, why: ReasonCode
) -> None:
    [seen] = prospects(world(now, own, placed)).lines
    assert seen.quantity == 0
    assert seen.why_not
    assert seen.why_not.code is why


def test_what_can_be_returned_for_one_reason_can_be_chosen() -> None:
    own = rules(
        {"kind": "reasons", "outcome": "approve", "reasons": ["defective"]},
        {"kind": "window", "days": 14},
    )
    [seen] = prospects(world(60, own)).lines
    assert (seen.quantity, seen.until, seen.why_not) == (1, None, None)


def test_a_limit_for_many_does_not_forbid_one() -> None:
    own = rules({"kind": "value", "outcome": "decline", "amount": 25})
    dear = delivered(lines=(line(quantity=4, total=eur(80)),), country="US")
    assert prospects(world(20, own, dear)).lines[0].quantity == 4


def test_an_item_that_came_back_cannot_be_chosen_again() -> None:
    returned = (past(8, order_id="order-1", state=ReturnState.REFUNDED),)
    [seen] = prospects(world(10, ReturnsApprovalSettings(), returns=returned)).lines
    assert seen.quantity == 0
    assert seen.why_not
    assert why_not(seen.why_not) == "This item has come back or is part of a return already."


def test_while_the_rules_are_off_nothing_is_refused_beforehand() -> None:
    seen = prospects(world(50, ReturnsApprovalSettings()), rules_decide=False)
    assert [(each.quantity, each.why_not) for each in seen.lines] == [(1, None)]


def test_the_right_to_withdraw_is_told() -> None:
    seen = prospects(world(10, ReturnsApprovalSettings()))
    assert seen.can_withdraw
    assert seen.withdrawal
    assert seen.withdrawal.last_day == datetime(2026, 11, 19, tzinfo=UTC).date()
    assert not prospects(world(18, ReturnsApprovalSettings())).can_withdraw
    nobody = prospects(world(10, ReturnsApprovalSettings(), delivered(country="US")))
    assert (nobody.withdrawal, nobody.can_withdraw) == (None, False)


@pytest.mark.parametrize(
    ("own", "kind", "reasons", "cost"),
    [
        ({}, "return", ["unwanted"], CUSTOMER_PAYS),
        ({}, "return", ["damaged"], SHOP_PAYS),
        ({}, "return", ["damaged", "unwanted"], CUSTOMER_PAYS),
        ({"way_back": "shop"}, "return", ["unwanted"], SHOP_PAYS),
        (
            {"way_back": "fee", "return_fee": "4.90"},
            "return",
            ["unwanted"],
            Cost(WayBack.FEE, Money(490, "EUR")),
        ),
        ({"way_back": "fee", "return_fee": 0}, "return", ["unwanted"], SHOP_PAYS),
        ({"way_back": "fee"}, "return", ["defective"], SHOP_PAYS),
        ({"way_back": "fee"}, "withdrawal", ["not_asked"], CUSTOMER_PAYS),
        ({"way_back": "shop"}, "withdrawal", ["not_asked"], SHOP_PAYS),
    ],
)
def test_the_way_back_is_paid_as_the_merchant_says_but_a_withdrawal_costs_no_fee(
    own: dict[str, Any], kind: str, reasons: list[str], cost: Cost
) -> None:
    chosen = [ReturnReason(reason) for reason in reasons]
    assert cost_of(settings(**own), "EUR", ReturnKind(kind), chosen, home="EUR") == cost


def test_a_fee_in_the_shops_currency_is_not_taken_off_another_one() -> None:
    own = settings(way_back="fee", return_fee=5)
    kind = ReturnKind.RETURN
    assert cost_of(own, "EUR", kind, (), home="EUR").fee == Money(500, "EUR")
    assert cost_of(own, "TRY", kind, (), home="EUR") == Cost(WayBack.SHOP)


def test_a_fee_is_kept_to_the_cent() -> None:
    own = settings(return_fee="4.99")
    assert own.return_fee == Decimal("4.99")
    assert ReturnsApprovalSettings.model_validate_json(own.model_dump_json()) == own


# words


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The time for returning this order ended on 5 December 2026."),
        ("tr", "Bu siparişin iade süresi 5 Aralık 2026 tarihinde sona erdi."),
        ("sk", "Čas na vrátenie tejto objednávky sa skončil 5. decembra 2026."),
    ],
)
def test_a_customer_reads_a_kind_short_form(language: Language, text: str) -> None:
    ruling = decided(request(50), world(50, ReturnsApprovalSettings()))
    message = to_customer(ruling.outcome, ruling.reason)
    assert told(message, ruling.reason, Translator(language), BRATISLAVA) == text


@pytest.mark.parametrize("outcome", ReturnOutcome)
@pytest.mark.parametrize("code", ReasonCode)
def test_a_customer_reads_a_whole_sentence_whatever_decided(
    code: ReasonCode, outcome: ReturnOutcome
) -> None:
    reason = Reason.of(code, item="Mug", until=day(1), country="US")
    for text in (to_customer(outcome, reason), why_not(reason)):
        for language in ("tr", "sk"):
            words = told(text, reason, Translator(language), BRATISLAVA)
            assert words
            assert words.endswith(".")
            assert words != told(text, reason, Translator("en"), BRATISLAVA)


def test_every_reason_of_a_customer_has_words() -> None:
    assert set(REASONS) == set(ReturnReason)
    assert len(set(REASONS.values())) == len(REASONS)


def test_what_limits_a_merchant_set_is_not_told_to_customers() -> None:
    secret = rules({"kind": "returns", "outcome": "decline", "count": 0})
    seen = replace(world(20, secret), returns=(past(-5),))
    ruling = decided(request(20), seen)
    assert ruling.outcome is ReturnOutcome.DECLINE
    assert to_customer(ruling.outcome, ruling.reason) == (
        "The shop’s rules do not cover this return. If you think that they should, "
        "write to the shop."
    )


def test_whatever_stands_in_a_trace_has_a_title() -> None:
    assert set(RULES) < set(TITLES)
    assert title_of("tags-2") == title_of("tags") == "Tags"
    assert title_of("photo") == "A rule of a newer release"
    for name in (*TITLES, "photo"):
        for language in ("tr", "sk"):
            assert Translator(language).gettext(title_of(name)) != title_of(name)
