"""Whose object it is: its links name the home of the store that wrote them."""

from typing import Any

import pytest

from app.domain.snapshots import ObjectKind, Refresh
from app.platforms.base import Foreign, Received
from app.platforms.woocommerce.normalise import normalise
from app.platforms.woocommerce.origin import other_home

from .captures import capture, topic

HOME = "https://shop.example"


def linked(href: Any) -> dict[str, Any]:
    return {"id": 7, "_links": {"self": [{"href": href}]}}


@pytest.mark.parametrize(
    ("data", "home"),
    [
        (linked("https://shop.example/wp-json/wc/v3/orders/7"), None),
        (linked("http://www.shop.example/sk/wp-json/wc/v3/orders/7"), None),
        (linked("https://shop.example/index.php/wp-json/wc/v3/orders/7"), None),
        (linked("https://shop.example/index.php?rest_route=/wc/v3/orders/7"), None),
        (linked("https://copy.example/wp-json/wc/v3/orders/7"), "https://copy.example"),
        (linked("https://shop.example/old/wp-json/wc/v3/orders/7"), "https://shop.example/old"),
        (linked("https://copy.example/index.php?rest_route=/x"), "https://copy.example"),
        (linked("urn:something"), None),
        (linked("https://copy.example:99999/wp-json/wc/v3/orders/7"), None),
        (linked("https://[/wp-json/wc/v3/orders/7"), None),
        (linked(None), None),
        ({"id": 7}, None),
        ({"id": 7, "_links": []}, None),
        ([1], None),
        ("text", None),
    ],
)
def test_the_home_that_an_object_names(data: Any, home: str | None) -> None:
    assert other_home(data, HOME) == home


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("order-create-paid-0-order.created", ObjectKind.ORDER),
        ("product-update-0-product.updated", ObjectKind.PRODUCT),
        ("customer-create-0-customer.created", ObjectKind.CUSTOMER),
    ],
)
def test_what_a_copy_sent_is_only_asked_about(name: str, kind: ObjectKind) -> None:
    body = capture(name)["body"].encode()
    said = normalise(Received(topic(name), body, None, HOME))
    assert isinstance(said, Foreign)
    assert said.home == "http://127.0.0.1:8088"
    assert said.about == Refresh(kind, said.about.platform_id)
