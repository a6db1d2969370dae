"""REST answers of the twin: who may ask, and the traps a client must survive."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests_oauthlib import OAuth1
from woocommerce_shop import Shop, shop

HTTPS = {"X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def running() -> Iterator[Shop]:
    with shop(demo=True) as started:
        yield started


def code(response: requests.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def bought(running: Shop, **wishes: Any) -> dict[str, Any]:
    """An order through the storefront."""
    wishes = {"email": "jan@example.com", "items": [{"sku": "PES-EGE"}]} | wishes
    return running.control("orders", wishes)


def test_basic_and_query_keys_work_over_https_only(running: Shop) -> None:
    url = f"{running.url}/wp-json/wc/v3/orders"
    pair = (running.key["consumer_key"], running.key["consumer_secret"])
    query = {"consumer_key": pair[0], "consumer_secret": pair[1]}
    refused = (401, "woocommerce_rest_cannot_view")
    assert code(requests.get(url, auth=pair, timeout=10)) == refused
    assert code(requests.get(url, params=query, timeout=10)) == refused
    assert requests.get(url, auth=pair, headers=HTTPS, timeout=10).status_code == 200
    assert requests.get(url, params=query, headers=HTTPS, timeout=10).status_code == 200
    unknown = requests.get(url, auth=("ck_x", "cs_x"), headers=HTTPS, timeout=10)
    assert code(unknown) == refused
    wrong = requests.get(url, auth=(pair[0], "cs_x"), headers=HTTPS, timeout=10)
    assert wrong.json()["message"] == "Consumer secret is invalid."


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timestamp": "100"}, "Invalid timestamp."),
        ({"signature_method": "PLAINTEXT"}, "Invalid signature - signature method is invalid."),
    ],
)
def test_oauth_says_what_is_wrong(running: Shop, options: dict[str, str], message: str) -> None:
    key = running.key
    auth = OAuth1(key["consumer_key"], key["consumer_secret"], signature_type="query", **options)
    response = requests.get(f"{running.url}/wp-json/wc/v3/orders", auth=auth, timeout=10)
    assert (response.status_code, response.json()["message"]) == (401, message)


def test_oauth_takes_sha256_and_refuses_a_replay(running: Shop) -> None:
    key = running.key
    auth = OAuth1(
        key["consumer_key"],
        key["consumer_secret"],
        signature_type="query",
        signature_method="HMAC-SHA256",
        nonce="once",
    )
    url = f"{running.url}/wp-json/wc/v3/orders"
    assert requests.get(url, auth=auth, timeout=10).status_code == 200
    replay = requests.get(url, auth=auth, timeout=10)
    assert replay.json()["message"] == "Invalid nonce - nonce has already been used."


def test_a_read_key_cannot_write(running: Shop) -> None:
    reader = Shop(running.url, running.control("keys", {"permissions": "read"}), running.receiver)
    assert reader.rest("GET", "orders").status_code == 200
    refusal = reader.rest("POST", "coupons", json={"code": "x"})
    assert refusal.json()["message"] == "The API key provided does not have write permissions."


def test_routes_by_query_and_the_index_are_found(running: Shop) -> None:
    front = requests.get(running.url, timeout=10)
    assert front.headers["Link"] == f'<{running.url}/wp-json/>; rel="https://api.w.org/"'
    index = requests.get(f"{running.url}/", params={"rest_route": "/"}, timeout=10).json()
    assert "wc/v3" in index["namespaces"]
    assert (index["home"], index["timezone_string"]) == (running.url, "Europe/Bratislava")


def test_pages_carry_totals_and_links(running: Shop) -> None:
    response = running.rest("GET", "products", params={"per_page": 4, "_fields": "id,name"})
    assert (response.headers["X-WP-Total"], response.headers["X-WP-TotalPages"]) == ("6", "2")
    assert 'page=2>; rel="next"' in response.headers["Link"]
    assert set(response.json()[0]) == {"id", "name"}
    too_many = running.rest("GET", "products", params={"per_page": 101})
    assert code(too_many) == (400, "rest_invalid_param")


def test_a_time_with_an_offset_is_misread_when_dates_are_gmt(running: Shop) -> None:
    order = bought(running)
    before = "2020-01-01T00:00:00"
    exact = order["date_created_gmt"]

    def found(**params: str) -> bool:
        listed = running.rest("GET", "orders", params={"include": order["id"], **params})
        return bool(listed.json())

    assert found(modified_after=before, dates_are_gmt="true")
    assert found(before=f"{exact[:-1]}9", dates_are_gmt="true") or exact[-1] == "9"
    # An hour or two of summer or winter time are added to the UTC time that was meant.
    assert found(before=f"{exact}Z", dates_are_gmt="true")
    assert not found(before=f"{exact}Z")


def test_refund_traps(running: Shop) -> None:
    order = bought(running, payment_method="cod")
    path = f"orders/{order['id']}/refunds"
    through_gateway = running.rest("POST", path, json={"amount": "1.00"})
    assert code(through_gateway) == (500, "woocommerce_rest_cannot_create_order_refund")
    number = running.rest("POST", path, json={"amount": 1.0, "api_refund": False})
    assert code(number) == (400, "rest_invalid_param")
    too_much = running.rest("POST", path, json={"amount": "999", "api_refund": False})
    assert too_much.json()["message"] == "Invalid refund amount."
    whole = running.rest("POST", path, json={"amount": order["total"], "api_refund": False})
    assert whole.status_code == 201
    assert running.rest("GET", f"orders/{order['id']}").json()["status"] == "refunded"


def test_cash_on_delivery_is_paid_only_when_completed(running: Shop) -> None:
    order = bought(running, payment_method="cod")
    assert (order["status"], order["date_paid"]) == ("processing", None)
    for move in ("fulfil", "deliver"):
        assert running.control(f"orders/{order['id']}/{move}")["date_paid"] is None
    assert running.control(f"orders/{order['id']}/complete")["date_paid"] is not None


def test_coupon_traps(running: Shop) -> None:
    made = running.post(
        "coupons",
        {
            "code": "DIKY-1",
            "amount": "10",
            "discount_type": "percent",
            "usage_limit": 1,
            "date_expires": "2027-01-31",
            "date_expires_gmt": "2030-01-01T00:00:00",
            "email_restrictions": ["Jan@Example.com", "broken"],
        },
    )
    assert made["code"] == "diky-1"
    assert made["email_restrictions"] == ["jan@example.com"]
    assert made["date_expires_gmt"] == "2027-01-30T23:00:00"
    again = running.rest("POST", "coupons", json={"code": "diky-1", "amount": "5"})
    assert code(again) == (400, "woocommerce_rest_coupon_code_already_exists")
    found = running.rest("GET", "coupons", params={"code": "Diky-1"}).json()
    assert [coupon["id"] for coupon in found] == [made["id"]]
    percent = {"code": "much", "amount": "150", "discount_type": "percent"}
    assert running.post("coupons", percent)["amount"] == "0.00"


def test_a_coupon_is_used_once_and_only_by_its_owner(running: Shop) -> None:
    limits = {"usage_limit": 1, "email_restrictions": ["own@example.com"]}
    running.post("coupons", {"code": "own", "amount": "10", "discount_type": "percent", **limits})
    wishes = {"items": [{"sku": "PES-EGE"}], "coupon": "OWN"}
    url = f"{running.url}/_twin/orders"
    stranger = requests.post(url, json=wishes | {"email": "other@example.com"}, timeout=10)
    assert code(stranger) == (400, "woocommerce_rest_invalid_coupon")
    order = bought(running, email="Own@example.com", coupon="OWN")
    assert order["coupon_lines"][0]["discount"] == "2.49"
    second = requests.post(url, json=wishes | {"email": "own@example.com"}, timeout=10)
    assert code(second) == (400, "woocommerce_rest_invalid_coupon")
    coupon = running.rest("GET", "coupons", params={"code": "own"}).json()[0]
    assert (coupon["usage_count"], coupon["used_by"]) == (1, ["own@example.com"])


def test_reviews_of_buyers_are_verified_and_duplicates_refused(running: Shop) -> None:
    order = bought(running, email="rev@example.com")
    product = order["line_items"][0]["product_id"]
    review = {
        "product_id": product,
        "review": "Krásna.\n\nSchne <b>rýchlo</b>.",
        "reviewer": "Ján",
        "reviewer_email": "rev@example.com",
        "rating": 6,
    }
    made = running.post("products/reviews", review)
    assert (made["verified"], made["rating"], made["review"]) == (True, 6, review["review"])
    again = running.rest("POST", "products/reviews", json=review)
    assert code(again) == (409, "woocommerce_rest_comment_duplicate")
    shown = running.rest("GET", "products/reviews", params={"product": product}).json()
    assert shown[0]["review"] == "<p>Krásna.</p>\n<p>Schne <b>rýchlo</b>.</p>\n"
    odd = review | {"reviewer_email": "no address", "review": "Other"}
    assert running.post("products/reviews", odd)["reviewer_email"] == ""
    page = requests.get(f"{running.url}/product/pestemal-ege/", timeout=10).text
    assert "verified owner" in page
    assert "Schne &lt;b&gt;" in page


def test_unknown_things_and_bad_json_get_wordpress_errors(running: Shop) -> None:
    assert code(running.rest("GET", "orders/999999")) == (
        404,
        "woocommerce_rest_shop_order_invalid_id",
    )
    assert code(running.rest("GET", "nothing")) == (404, "rest_no_route")
    headers = {"Content-Type": "application/json"}
    url = f"{running.url}/wp-json/wc/v3/orders"
    broken = requests.post(url, data="{", headers=headers, timeout=10)
    assert code(broken) == (400, "rest_invalid_json")


def test_consent_and_language_are_order_meta(running: Shop) -> None:
    order = bought(running, consent=True, language="tr")
    meta = {entry["key"]: entry["value"] for entry in order["meta_data"]}
    assert meta["_wc_other/afterglow/marketing-consent"] == "1"
    assert meta["wpml_language"] == "tr"


def test_single_settings_are_told_and_unknown_ones_refused(running: Shop) -> None:
    sender = running.rest("GET", "settings/email/woocommerce_email_from_address").json()
    assert sender["value"] == "eva@luka-lale.example"
    reviews = running.rest("GET", "settings/products/woocommerce_enable_reviews").json()
    assert reviews["value"] == "yes"
    unknown = running.rest("GET", "settings/products/woocommerce_nothing")
    assert code(unknown) == (404, "rest_setting_setting_invalid")
    no_group = running.rest("GET", "settings/nothing")
    assert code(no_group) == (404, "rest_setting_setting_group_invalid")
