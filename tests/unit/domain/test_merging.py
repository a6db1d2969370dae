"""Deliveries come late, twice and in any order; the picture of the order ends the same."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.domain.merging import (
    lacks_facts,
    merge_delivery,
    merge_fulfilment,
    merge_order,
    merge_product,
    merge_refund,
)
from app.domain.money import Money
from app.domain.snapshots import (
    DeliverySnapshot,
    FulfilmentSnapshot,
    OrderSnapshot,
    Person,
    ProductSnapshot,
    RefundSnapshot,
)

Part = OrderSnapshot | FulfilmentSnapshot | RefundSnapshot | DeliverySnapshot

T0 = datetime(2026, 11, 2, 9, tzinfo=UTC)
MOMENTS = st.integers(0, 5).map(lambda hours: T0 + timedelta(hours=hours))
SOMETIMES = st.none() | MOMENTS


def order(**changes: object) -> OrderSnapshot:
    bare = OrderSnapshot("1", "#1", T0, "open", T0, Money(5000, "EUR"), Person())
    return replace(bare, **changes)  # type: ignore[arg-type]


def parcel(
    number: int, version: datetime, arrivals: dict[datetime, datetime]
) -> FulfilmentSnapshot:
    """A parcel as the store showed it at a time: the same id and time, the same content."""
    return FulfilmentSnapshot(
        fulfilment_id=str(number),
        order_id="1",
        created_at=T0 + timedelta(minutes=number % 2),
        cancelled=version.hour % 3 == number,
        delivered_at=arrivals.get(version),
        version=version,
        lines={"10": version.hour},
    )


def refund(number: int, *, told: bool) -> RefundSnapshot:
    """Some bodies name a refund without its time and lines."""
    amount = Money(100 + number, "EUR")
    if not told:
        return RefundSnapshot(str(number), "1", None, amount)
    return RefundSnapshot(str(number), "1", T0 + timedelta(hours=number), amount, {"10": 1})


@st.composite
def histories(draw: st.DrawFn) -> list[Part]:
    """Everything that stores send about one order; versions of a thing are all different."""
    arrivals = draw(st.dictionaries(MOMENTS, MOMENTS))
    parcels = st.lists(st.integers(0, 2), unique=True)
    refunds = st.lists(st.tuples(st.integers(0, 2), st.booleans()), unique_by=lambda r: r[0])
    parts: list[Part] = []
    for version in draw(st.lists(MOMENTS, min_size=1, max_size=4, unique=True)):
        dated = draw(st.booleans())
        shown = [parcel(n, version, arrivals) for n in draw(parcels)]
        parts.append(
            order(
                version=version,
                status=f"at {version.hour}",
                paid=draw(st.booleans()),
                paid_at=draw(SOMETIMES),
                delivered_at=draw(SOMETIMES),
                fulfilments=tuple(p if dated else replace(p, version=None) for p in shown),
                refunds=tuple(refund(n, told=told) for n, told in draw(refunds)),
            )
        )
    for number in draw(parcels):
        parts += [parcel(number, v, arrivals) for v in draw(st.lists(MOMENTS, max_size=3))]
        parts += [DeliverySnapshot("1", str(number), at) for at in draw(st.lists(MOMENTS))]
    parts += [refund(n, told=True) for n, _ in draw(refunds)]
    return parts


def fold(parts: Iterable[Part]) -> OrderSnapshot:
    """As the pipeline does it; what cannot be placed yet comes again once more is known."""
    known: OrderSnapshot | None = None
    postponed: list[Part] = []
    for part in parts:
        merged = merge(known, part)
        if merged is None:
            postponed.append(part)
        known = merged or known
    while postponed:  # one of them may be what another waits for
        left = []
        for part in postponed:
            merged = merge(known, part)
            known = merged or known
            if merged is None:
                left.append(part)
        if len(left) == len(postponed):
            break
        postponed = left
    assert known is not None
    return known


def merge(known: OrderSnapshot | None, part: Part) -> OrderSnapshot | None:
    if isinstance(part, OrderSnapshot):
        return merge_order(known, part)
    if known is None:
        return None
    if isinstance(part, FulfilmentSnapshot):
        return merge_fulfilment(known, part)
    if isinstance(part, RefundSnapshot):
        return merge_refund(known, part)
    return merge_delivery(known, part)


@given(data=st.data(), parts=histories())
def test_any_sequence_with_repeats_ends_the_same(data: st.DataObject, parts: list[Part]) -> None:
    repeats = data.draw(st.lists(st.sampled_from(parts)))
    shuffled = data.draw(st.permutations([*parts, *repeats]))
    assert fold(shuffled) == fold(parts)


@given(parts=histories())
def test_a_repeat_of_the_final_picture_changes_nothing(parts: list[Part]) -> None:
    final = fold(parts)
    assert merge_order(final, final) == final
    assert merge_order(None, final) == final


def test_an_older_picture_does_not_undo_a_newer_one() -> None:
    newer = order(version=T0 + timedelta(hours=2), status="completed")
    older = order(version=T0 + timedelta(hours=1), status="processing")
    assert merge_order(newer, older).status == "completed"


def test_the_time_of_payment_survives_a_body_that_does_not_tell_it() -> None:
    paid = order(paid=True, paid_at=T0)
    shipped = order(version=T0 + timedelta(hours=1), paid=True)
    assert merge_order(paid, shipped).paid_at == T0
    assert not lacks_facts(merge_order(paid, shipped))


def test_the_arrival_of_an_unknown_parcel_asks_for_a_refresh() -> None:
    assert merge_delivery(order(), DeliverySnapshot("1", "7", T0)) is None


def test_a_refund_named_by_the_order_is_completed_by_its_own_body() -> None:
    named = merge_order(None, order(refunds=(refund(1, told=False),)))
    assert lacks_facts(named)
    assert merge_refund(named, refund(1, told=True)).refunds == (refund(1, told=True),)
    again = merge_order(merge_refund(named, refund(1, told=True)), named)
    assert not lacks_facts(again)


def test_a_partial_picture_of_a_product_keeps_what_was_read() -> None:
    read = ProductSnapshot(
        "7", "Shirt", None, categories=("Shirts",), regular_prices={"4": Money(2200, "EUR")}
    )
    renamed = ProductSnapshot("7", "T-shirt", None, tags=("new",), partial=True)
    kept = replace(renamed, categories=read.categories, regular_prices=read.regular_prices)
    assert merge_product(read, renamed) == kept
    dearer = replace(renamed, regular_prices={"4": Money(2500, "EUR")})
    assert merge_product(read, dearer).regular_prices == dearer.regular_prices
    assert merge_product(None, renamed) == renamed


def test_a_whole_picture_of_a_product_ends_a_sale() -> None:
    read = ProductSnapshot("7", "Shirt", None, regular_prices={"4": Money(2200, "EUR")})
    assert merge_product(read, ProductSnapshot("7", "Shirt", None)).regular_prices == {}
