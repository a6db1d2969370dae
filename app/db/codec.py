"""Snapshots to and from stored documents.

An order is kept as one clear document (facts) and one sealed one (the person), so that rules can
be run without decrypting anybody's name.
"""

from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter

from app.domain.returns import Ruling
from app.domain.snapshots import OrderSnapshot, Person, ProductSnapshot

_orders = TypeAdapter(OrderSnapshot)
_persons = TypeAdapter(Person)
_products = TypeAdapter(ProductSnapshot)
_rulings = TypeAdapter(Ruling)
NOBODY = Person()


def order_doc(order: OrderSnapshot) -> dict[str, Any]:
    """The clear part: everything but the person."""
    anonymous = replace(order, person=NOBODY)
    doc: dict[str, Any] = _orders.dump_python(anonymous, mode="json", exclude_defaults=True)
    return doc


def order_from(doc: Any, person: Person | None = None) -> OrderSnapshot:
    """The snapshot again, with the person if it was opened."""
    order = _orders.validate_python(doc)
    return replace(order, person=person) if person else order


def order_from_text(text: str) -> OrderSnapshot:
    """The same from the document's text: less than half the time, for reading thousands."""
    return _orders.validate_json(text)


def person_doc(person: Person) -> dict[str, Any]:
    """A person as JSON, to be sealed."""
    doc: dict[str, Any] = _persons.dump_python(person, mode="json", exclude_none=True)
    return doc


def person_from(doc: Any) -> Person:
    """The person again."""
    return _persons.validate_python(doc)


def product_doc(product: ProductSnapshot) -> dict[str, Any]:
    """A product as JSON."""
    doc: dict[str, Any] = _products.dump_python(product, mode="json", exclude_defaults=True)
    return doc


def product_from(doc: Any) -> ProductSnapshot:
    """The product again."""
    return _products.validate_python(doc)


def product_from_text(text: str) -> ProductSnapshot:
    """The product again, from the document's text."""
    return _products.validate_json(text)


def ruling_doc(ruling: Ruling) -> dict[str, Any]:
    """A decision with its trace as JSON. The parameters of reasons are read-only mappings."""
    doc: dict[str, Any] = _rulings.dump_python(ruling, mode="json", fallback=dict, warnings=False)
    return doc


def ruling_from(doc: Any) -> Ruling:
    """The decision again."""
    return _rulings.validate_python(doc)
