"""The WooCommerce twin as a process: key grant, memory, business time, faults."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
import requests
from woocommerce_shop import Shop, shop

CAPTURE = Path(__file__).parents[1] / "fixtures" / "woocommerce" / "wc-auth-callback.json"


@pytest.fixture
def running() -> Iterator[Shop]:
    with shop(demo=True) as started:
        yield started


def approve_link(running: Shop, browser: requests.Session, **changes: str) -> str:
    """Log in and return the address behind the Approve button."""
    query = {
        "app_name": "Afterglow",
        "scope": "read_write",
        "user_id": "tenant-42",
        "return_url": "http://127.0.0.1:9/back?a=1",
        "callback_url": f"{running.receiver.url}/cb?state=abc",
    } | changes
    url = f"{running.url}/wc-auth/v1/authorize"
    grant = browser.get(url, params=query, timeout=10)
    if "/login" in grant.url:
        grant = browser.post(grant.url, timeout=10)
    found = re.search(r'href="(/wc-auth/v1/access_granted[^"]+)"', grant.text)
    assert found, grant.text
    return running.url + found[1].replace("&amp;", "&")


def test_grant_posts_the_keys_as_captured_and_returns(running: Shop) -> None:
    with requests.Session() as browser:
        link = approve_link(running, browser)
        answer = browser.get(link, allow_redirects=False, timeout=10)
        again = browser.get(link, allow_redirects=False, timeout=10)
    expected = "http://127.0.0.1:9/back?a=1&success=1&user_id=tenant-42"
    assert answer.headers["Location"] == expected
    first, second = running.receiver.take()
    captured = json.loads(CAPTURE.read_text())
    assert [pair[0] for pair in first.headers] == [pair[0] for pair in captured["headers"]]
    assert first.path == "/cb?state=abc"
    ours, theirs = json.loads(first.body), json.loads(captured["body"])
    assert {k: type(v) for k, v in ours.items()} == {k: type(v) for k, v in theirs.items()}
    assert ours["user_id"] == "tenant-42"
    assert dict(first.headers)["User-Agent"] == f"WordPress/6.9.7; {running.url}"
    assert again.status_code == 302
    assert json.loads(second.body)["consumer_key"] != ours["consumer_key"]
    granted = Shop(running.url, ours, running.receiver)
    assert granted.rest("GET", "system_status").status_code == 200


def test_anything_but_200_deletes_the_key(running: Shop) -> None:
    running.receiver.answers["/cb"] = 204
    with requests.Session() as browser:
        answer = browser.get(approve_link(running, browser), allow_redirects=False, timeout=10)
    assert answer.status_code == 401
    refused = Shop(running.url, json.loads(running.receiver.take()[0].body), running.receiver)
    assert refused.rest("GET", "orders").status_code == 401


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"callback_url": "http://shop.example/cb"}, "The callback_url needs to be over SSL"),
        ({"user_id": "0"}, "Missing parameter user_id"),
        ({"scope": "all"}, "Invalid scope all"),
        ({"callback_url": "https://shop.example/cb?a=b%20c"}, "is not a valid URL"),
    ],
)
def test_grant_refuses_what_the_real_one_refuses(
    running: Shop, changes: dict[str, str], message: str
) -> None:
    query = {
        "app_name": "A",
        "scope": "read",
        "user_id": "x",
        "return_url": "https://a.example",
        "callback_url": "https://a.example",
    }
    url = f"{running.url}/wc-auth/v1/authorize"
    answer = requests.get(url, params=query | changes, timeout=10)
    assert answer.status_code == 401
    assert message in answer.text


@pytest.mark.parametrize(
    ("sent", "arrives"), [("a&b", "a"), ("a+b/c==", "a b/c="), ("AZ-az_09", "AZ-az_09")]
)
def test_user_id_survives_only_as_base64url(running: Shop, sent: str, arrives: str) -> None:
    with requests.Session() as browser:
        approve_link(running, browser)  # logs in: each redirect of a log-in would mangle once more
        browser.get(approve_link(running, browser, user_id=sent), allow_redirects=False, timeout=10)
    assert json.loads(running.receiver.take()[0].body)["user_id"] == arrives


def test_a_restarted_store_keeps_orders_keys_and_time(tmp_path: Path) -> None:
    state = str(tmp_path / "woo.sqlite3")
    with shop(demo=True, state=state) as first:
        item = {"email": "a@example.com", "items": [{"sku": "PES-EGE"}]}
        order = first.control("orders", item)
        first.control("clock", {"offset_seconds": 864_000})
    with shop(demo=True, state=state) as second:
        again = Shop(second.url, first.key, second.receiver)
        kept = again.rest("GET", f"orders/{order['id']}").json()
        assert kept["order_key"] == order["order_key"]
        assert len(again.rest("GET", "products").json()) == 6
        clock = requests.get(f"{second.url}/_twin/clock", timeout=10).json()
        assert clock["offset_seconds"] == 864_000


def test_business_time_moves_forward_only_and_shows_in_dates(running: Shop) -> None:
    before = requests.get(running.url, timeout=10).headers["Date"]
    running.control("clock", {"offset_seconds": 86_400 * 30})
    order = running.post("orders", {})
    after = requests.get(running.url, timeout=10).headers["Date"]
    moved = parsedate_to_datetime(after) - parsedate_to_datetime(before)
    assert timedelta(days=30) <= moved < timedelta(days=30, minutes=5)
    assert order["date_created_gmt"][:10] == parsedate_to_datetime(after).date().isoformat()
    back = requests.post(f"{running.url}/_twin/clock", json={"offset_seconds": 0}, timeout=10)
    assert back.status_code == 409


def test_a_cut_connection_has_acted(running: Shop) -> None:
    running.control("faults", {"kind": "cut", "times": 1, "path": "/wp-json/wc/v3/coupons"})
    with pytest.raises(requests.ConnectionError):
        running.rest("POST", "coupons", json={"code": "once", "amount": "1"})
    again = running.rest("POST", "coupons", json={"code": "once", "amount": "1"})
    assert again.json()["code"] == "woocommerce_rest_coupon_code_already_exists"


def test_a_status_fault_answers_html_without_acting(running: Shop) -> None:
    fault = {"kind": "status", "status": 429, "retry_after": 7, "times": 1, "method": "POST"}
    running.control("faults", fault)
    limited = running.rest("POST", "coupons", json={"code": "late", "amount": "1"})
    assert (limited.status_code, limited.headers["Retry-After"]) == (429, "7")
    assert running.post("coupons", {"code": "late", "amount": "1"})["code"] == "late"


def test_a_person_can_play_through_the_pages(running: Shop) -> None:
    page = requests.get(f"{running.url}/checkout/", params={"add-to-cart": 10}, timeout=10).text
    found = re.search(r'action="/checkout/(\d+)/"', page)
    assert found
    form = {
        "email": "jan@example.com",
        "first_name": "Ján",
        "country": "SK",
        "language": "sk",
        "payment_method": "card",
    }
    placed = requests.post(f"{running.url}/checkout/{found[1]}/", data=form, timeout=10)
    assert "has been received" in placed.text
    for move, status in (("fulfil", "completed"), ("deliver", "delivered")):
        url = f"{running.url}/_twin/do/order/{found[1]}/{move}"
        assert f'class="tag">{status}' in requests.post(url, timeout=10).text
    assert requests.get(f"{running.url}/_twin/", timeout=10).status_code == 200
