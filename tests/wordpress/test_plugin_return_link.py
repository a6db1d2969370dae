"""From the order in the store to its returns page: by a link that the store signed, for a day."""

import re
from html import unescape
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from app.channels.links import Purpose
from app.platforms.woocommerce.plugin_signatures import return_signature
from tests.http.installing import Installation
from tests.support import switch_on
from tests.wordpress.plugin_shop import connect, secrets_of, shop

ORDER = {
    "email": "zofia@example.sk",
    "country": "SK",
    "payment_method": "card",
    "items": [{"sku": "MUG", "quantity": 1}],
}


@pytest.fixture
def bought(connected: Installation) -> str:
    """The address of a paid order in My account."""
    client = connected.harness.deps.open_store(shop(connected)).orders._client  # type: ignore[attr-defined]
    client.post("products", {"name": "Mug", "sku": "MUG", "regular_price": "9.00"})
    answer = requests.post(f"{connected.store}/_twin/orders", json=ORDER, timeout=10)
    answer.raise_for_status()
    order = answer.json()
    return f"{connected.store}/my-account/view-order/{order['id']}/?key={order['order_key']}"


def offer_returns(site: Installation) -> None:
    switch_on(site.harness, shop(site).id, "returns_approval")
    site.harness.deps.dispatch(("link_plugin", (shop(site).id,)))
    site.harness.run_jobs()


def links(page: str) -> list[str]:
    html = requests.get(page, timeout=20).text
    return [unescape(u) for u in re.findall(r'href="([^"]*/plugin/return[^"]*)"', html)]


def follow(address: str) -> requests.Response:
    headers = {"Accept": "text/html"}
    return requests.get(address, headers=headers, allow_redirects=False, timeout=10)


def test_returns_must_be_on(connected: Installation, bought: str) -> None:
    assert links(bought) == []
    offer_returns(connected)
    assert len(links(bought)) == 2


def test_it_leads_to_the_orders_returns_page(connected: Installation, bought: str) -> None:
    offer_returns(connected)
    address = links(bought)[0]
    answer = follow(address)
    assert answer.status_code == 303
    token = urlsplit(answer.headers["Location"]).path.rpartition("/")[2]
    order_id = parse_qs(urlsplit(address).query)["o"][0]
    named = connected.harness.deps.links.read(Purpose.RETURN, token)
    assert named == {"s": shop(connected).public_ref, "o": order_id}


def test_it_is_signed_for_one_order_of_one_store_and_a_day(
    connected: Installation, bought: str
) -> None:
    offer_returns(connected)
    address = links(bought)[0]
    given = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    refused = [
        given | {"o": "2"},
        given | {"s": "unknown"},
        given | {"t": str(int(given["t"]) + 1)},
        given | {"h": "0" * 64},
        given | {"h": ""},
        {},
    ]
    base = f"{connected.url}/plugin/return"
    for query in refused:
        answer = follow(f"{base}?{urlencode(query)}")
        assert answer.status_code == 400, query
        assert "zofia" not in answer.text.lower()
    connected.harness.wall.advance(hours=23)
    assert follow(address).status_code == 303
    connected.harness.wall.advance(hours=2)
    assert follow(address).status_code == 400


def test_a_former_connections_link_is_refused(connected: Installation, bought: str) -> None:
    offer_returns(connected)
    address, (secret,) = links(bought)[0], secrets_of(connected)
    connect(connected)
    assert follow(address).status_code == 400
    query = {name: value[0] for name, value in parse_qs(urlsplit(address).query).items()}
    assert query["h"] == return_signature(secret, query["s"], query["o"], query["t"])
