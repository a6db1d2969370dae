"""Targets: bodies of deliveries become snapshots that can be stored, or are refused."""

import json
from collections.abc import AsyncIterator, Coroutine
from functools import cache
from pathlib import Path
from typing import Any

from app.db.codec import order_doc, order_from, person_doc, person_from, product_doc, product_from
from app.db.models import customers, events, orders, products, refresh
from app.domain.errors import BadPayload
from app.domain.events import facts_of
from app.domain.snapshots import (
    ControlMessage,
    CustomerSnapshot,
    OrderSnapshot,
    Person,
    ProductSnapshot,
    Refresh,
    Snapshot,
)
from app.platforms.base import Foreign, Ignored, Received, Unknown
from app.platforms.shopify import normalise as _shopify
from app.platforms.shopify.normalise import RULES
from app.platforms.woocommerce import normalise as _woocommerce
from app.platforms.woocommerce.normalise import READERS
from app.platforms.woocommerce.topics import IGNORED
from app.webhooks.body import Bodies, BodyCutOff, BodyTooLarge
from tests.fuzz.dice import Dice
from tests.fuzz.examples import GRAPHQL, WOOCOMMERCE_REST
from tests.fuzz.mutation import MARK, mutated_json

FIXTURES = Path(__file__).parent.parent / "fixtures"
SHOPIFY_TOPICS = (*RULES, "themes/publish")
WOOCOMMERCE_TOPICS = (*READERS, *IGNORED, "theme.updated")
SHOP = "cinar-breza.myshopify.com"


@cache
def shopify_bodies() -> tuple[tuple[str, Any], ...]:
    """Topic and body of every example."""
    read = [json.loads(path.read_text()) for path in sorted((FIXTURES / "shopify").glob("*.json"))]
    return (*((one["topic"], one["body"]) for one in read), *GRAPHQL)


@cache
def woocommerce_bodies() -> tuple[tuple[str, Any], ...]:
    """The same of WooCommerce; pings have none."""
    found = list(WOOCOMMERCE_REST)
    for path in sorted((FIXTURES / "woocommerce").glob("*.json")):
        one = json.loads(path.read_text())
        headers = {name.lower(): value for name, value in one.get("headers", ())}
        topic = headers.get("x-wc-webhook-topic")
        if topic and str(one["body"]).startswith("{"):
            found.append((topic, json.loads(one["body"])))
    return tuple(found)


def normalise_shopify(data: bytes) -> None:
    """Every topic, with every example."""
    _normalise(data, shopify_bodies(), SHOPIFY_TOPICS, _shopify.normalise)


def normalise_woocommerce(data: bytes) -> None:
    """Every topic, with every example."""
    _normalise(data, woocommerce_bodies(), WOOCOMMERCE_TOPICS, _woocommerce.normalise)


def seeds(bodies: tuple[tuple[str, Any], ...]) -> list[bytes]:
    """An input for each example as it is, and one that is no JSON."""
    return [*(bytes([0, number % 256, number // 256]) for number in range(len(bodies))), b"\2\0{"]


def _normalise(data: bytes, bodies: Any, topics: Any, normalise: Any) -> None:
    dice = Dice(data)
    how = dice.below(3)  # the example's own topic, any topic, any bytes
    number = int.from_bytes(dice.some(2), "little")
    topic, body = bodies[number % len(bodies)]
    if how:
        topic = topics[number % len(topics)]
    written = dice.rest() if how == 2 else mutated_json(dice, body)
    try:
        said = normalise(Received(topic, written, None, SHOP, "EUR"))
    except BadPayload as error:
        _tells_no_value(error)
        return
    if isinstance(said, Foreign):
        said = (said.about,)
    if not isinstance(said, Ignored | Unknown):
        for snapshot in said:
            _can_be_stored(snapshot)


def _tells_no_value(error: BadPayload) -> None:
    assert MARK not in str(error), f"the error tells a value: {error}"


def _can_be_stored(snapshot: Snapshot) -> None:
    match snapshot:
        case OrderSnapshot():
            assert order_from(_through_json(order_doc(snapshot)), snapshot.person) == snapshot
            _fits(orders.c.platform_id, snapshot.order_id)
            _fits(orders.c.number, snapshot.number)
            _fits(orders.c.currency, snapshot.total.currency)
            _is_number(snapshot.total.minor)
            _is_number(sum(refund.amount.minor for refund in snapshot.refunds))
            _is_person(snapshot.person, snapshot.locale, snapshot.country)
            for fact in facts_of(snapshot):
                _fits(events.c.key, fact.key)
                _through_json(fact.data())
        case ProductSnapshot():
            assert product_from(_through_json(product_doc(snapshot))) == snapshot
            _fits(products.c.platform_id, snapshot.product_id)
        case CustomerSnapshot():
            _is_person(snapshot.person, snapshot.locale, snapshot.country)
        case ControlMessage(customer=Person() as customer):
            _is_person(customer, None, None)
        case Refresh():
            _fits(refresh.c.platform_id, snapshot.platform_id)


def _is_person(person: Person, locale: str | None, country: str | None) -> None:
    assert person_from(_through_json(person_doc(person))) == person
    _fits(customers.c.locale, locale)
    _fits(customers.c.country, country)


def _through_json(doc: dict[str, Any]) -> Any:
    """As PostgreSQL takes it: no half characters, no NUL, no numbers that are none."""
    text = json.dumps(doc, ensure_ascii=False, allow_nan=False)
    text.encode()
    assert "\\u0000" not in text
    return json.loads(text)


def _fits(column: Any, value: str | None) -> None:
    """PostgreSQL refuses what is longer than its column; SQLite would keep it."""
    assert len(value or "") <= column.type.length, f"{column} is too narrow for {value!r}"
    assert "\0" not in (value or ""), column
    (value or "").encode()


def _is_number(minor: int) -> None:
    assert abs(minor) < 2**63


async def _pieces(content: bytes, dice: Dice) -> AsyncIterator[bytes]:
    """What it holds, in pieces of odd sizes."""
    while content:
        count = 1 + dice.below(300)
        yield content[:count]
        content = content[count:]


LENGTHS = ("", "0", "-1", "+5", "5", "64", "65", "1000", "1e3", "٣", "9" * 30, " 5", "5 ", "0x5")


def body_reader(data: bytes) -> None:
    """Whatever length is told, never more than the limit is kept, nothing is made up, and what was
    counted against all together is given back.
    """
    dice = Dice(data)
    limit = dice.below(128)
    declared = dice.pick(LENGTHS) if dice.below(2) else dice.text()
    content = dice.some(dice.below(600))
    bodies = Bodies(limit, all_at_once=limit)
    try:
        body = _run(bodies.read(_pieces(content, dice), declared))
    except BodyTooLarge:
        number = declared.isascii() and declared.isdigit()
        endless = number and len(declared) > 18  # no number that anybody means, whatever its value
        assert endless or (number and int(declared) > limit) or len(content) > limit
    except BodyCutOff:
        assert len(content) < int(declared) <= limit
    else:
        assert len(body) <= limit
        assert content.startswith(body)
    assert _run(bodies.read(_whole(b"x" * limit), None)) == b"x" * limit


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _run(reading: Coroutine[Any, Any, bytes]) -> bytes:
    """Nothing here waits for anything, so no event loop is needed."""
    try:
        reading.send(None)
    except StopIteration as end:
        whole: bytes = end.value
        return whole
    raise AssertionError("it waits")
