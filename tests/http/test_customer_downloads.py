"""The merchant's download of a data request, and the pages without a signed link."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from app.channels.links import Purpose
from app.domain.colour import contrast
from tests.http.customer_shop import NOW, CustomerShop, customer_shop

CONTENT = json.dumps({"orders": ["#4187"], "name": "Žofia"}).encode()


@pytest.fixture
def shop(database_url: str) -> Iterator[CustomerShop]:
    with customer_shop(database_url) as found:
        yield found


def export_link(shop: CustomerShop, days: int) -> str:
    with shop.write() as data:
        expires = NOW + timedelta(days=days)
        token = data.privacy.add_export("customer-77.json", CONTENT, NOW, expires)
    return shop.link(Purpose.EXPORT, {"t": token})


@pytest.mark.both_databases
def test_the_file_comes_as_it_was_stored(shop: CustomerShop) -> None:
    answer = shop.client.get(export_link(shop, 30))
    assert answer.status_code == 200
    assert answer.data == CONTENT
    assert answer.mimetype == "application/json"
    assert answer.headers["Content-Disposition"] == "attachment; filename=customer-77.json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_an_expired_file_is_gone(shop: CustomerShop) -> None:
    answer = shop.client.get(export_link(shop, 0))
    assert answer.status_code == 410
    assert b"orders" not in answer.data
    assert "The file is gone" in answer.text


def test_an_altered_link_opens_nothing(shop: CustomerShop) -> None:
    link = export_link(shop, 30)
    assert shop.client.get(link[:-1]).status_code == 400
    assert shop.client.get(shop.link(Purpose.EXPORT, {"t": "guess"})).status_code == 410
    assert shop.client.get(shop.link(Purpose.EXPORT, {})).status_code == 410


def test_colours_are_the_shops_and_cached_for_good(shop: CustomerShop) -> None:
    ref = shop.shop.public_ref
    page = shop.client.get(shop.preferences_link())
    assert f"/c/{ref}/colour.css?v=8a2f3c" in page.text
    style = shop.client.get(f"/c/{ref}/colour.css?v=8a2f3c")
    assert style.mimetype == "text/css"
    assert "--shop: #8a2f3c" in style.text
    assert "immutable" in style.headers["Cache-Control"]
    stale = shop.client.get(f"/c/{ref}/colour.css?v=ffffff")
    assert stale.headers["Cache-Control"] == "no-store"
    assert shop.client.get("/c/nobody/colour.css").status_code == 400


@pytest.mark.parametrize("colour", ["#ffd400", "not a colour", None, "red;} body{display:none"])
def test_any_colour_ends_in_a_legible_one(database_url: str, colour: str | None) -> None:
    with customer_shop(database_url, colour=colour) as shop:
        style = shop.client.get(f"/c/{shop.shop.public_ref}/colour.css").text
    assert "display" not in style
    shown = style.split("--shop: ")[1][:7]
    assert contrast(shown, "#ffffff") >= 4.5


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Only somebody who bought"), ("tr", "satın alanlar"), ("sk", "Len ten, kto vec kúpil")],
)
def test_how_reviews_are_handled_can_be_read(shop: CustomerShop, language: str, words: str) -> None:
    page = shop.client.get(f"/c/{shop.shop.public_ref}/reviews?lang={language}")
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    assert words in page.text
    assert "Çınar &amp; Breza" in page.text
    assert shop.client.get("/c/nobody/reviews").status_code == 400
