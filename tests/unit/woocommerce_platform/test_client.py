import base64
import hmac
from datetime import UTC, datetime, timedelta
from threading import Event
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clocks import WallClock
from app.domain.errors import MerchantMustFix, Retryable
from app.platforms.answers import read_capped
from app.platforms.woocommerce import client as client_module
from app.platforms.woocommerce.client import StoreClient, StoreRefusal
from app.platforms.woocommerce.signing import oauth_url
from tests.clocks import FixedClock

from .fake_store import JSON, running, self_signed

KEYS = ("ck_key", "cs_secret")


@pytest.fixture
def store():
    with running() as fake:
        yield fake


def client_of(fake, **options):
    settings = {"user_agent": "Afterglow/1", "wall": WallClock(), "allow_loopback": True} | options
    return StoreClient(fake.url, KEYS, **settings)


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(client_module.time, "sleep", lambda _seconds: None)


def reply(fake, *replies):
    """Answer these one after the other; the last one stays."""
    left = list(replies)
    fake.answer = lambda _seen: left.pop(0) if len(left) > 1 else left[0]


def test_an_answer_tells_data_total_and_the_stores_clock(store):
    reply(store, (200, JSON | {"X-WP-Total": "7"}, [{"id": 1}]))
    answer = client_of(store).get("orders", {"page": "1"})
    assert answer.rows() == [{"id": 1}]
    assert answer.total == 7
    assert abs(answer.store_now - WallClock().now()) < timedelta(seconds=5)
    assert store.seen[0].headers["user-agent"] == "Afterglow/1"
    assert store.seen[0].path == "/wp-json/wc/v3/orders"


def woo(code, status):
    return (status, JSON, {"code": code, "message": "no", "data": {"status": status}})


PAGE = {"Content-Type": "text/html"}
FAILURES = {
    "removed key": (woo("woocommerce_rest_cannot_view", 401), "store_key_refused"),
    "read-only key": (woo("woocommerce_rest_authentication_error", 401), "store_key_refused"),
    "user demoted": (woo("woocommerce_rest_cannot_create", 403), "store_key_refused"),
    "firewall page": ((403, PAGE, b"<html>denied"), "store_firewall"),
    "password on the folder": ((401, PAGE, b"<html>log in"), "store_firewall"),
    "plugin closes REST": (woo("rest_cannot_access", 401), "store_firewall"),
    "bot challenge": ((503, PAGE | {"cf-mitigated": "challenge"}, b"<html>"), "store_firewall"),
    "ModSecurity": ((406, PAGE, b"<html>Not Acceptable!"), "store_firewall"),
    "method not let through": ((405, PAGE, b"<html>"), "store_firewall"),
    "proxy's limit": ((413, PAGE, b"<html>"), "store_firewall"),
    "refused without a word": ((400, JSON, {"message": "no"}), "store_firewall"),
    "firewall's number": ((412, JSON, {"code": 949110}), "store_firewall"),
    "no WooCommerce": (woo("rest_no_route", 404), "store_rest_missing"),
    "no permalinks": ((404, PAGE, b"<html>"), "store_rest_missing"),
    "page instead of data": ((200, PAGE, b"<html>soon"), "store_not_json"),
    "PHP notice first": ((200, JSON, b"<b>Notice</b>{}"), "store_not_json"),
    "other shape": ((200, JSON, {"orders": []}), "store_not_json"),
    "moved": ((301, {"Location": "https://new.example/wp-json/"}, b""), "store_moved"),
    "moved with body": ((308, {"Location": "/x"}, b"{}"), "store_moved"),
}


@pytest.mark.parametrize(("answer", "problem"), FAILURES.values(), ids=FAILURES)
def test_what_only_the_merchant_can_mend(store, answer, problem):
    reply(store, answer)
    with pytest.raises(MerchantMustFix) as raised:
        client_of(store).get("orders").rows()
    assert raised.value.problem == problem
    assert len(store.seen) == 1


@pytest.mark.parametrize(
    ("answer", "wait"),
    [
        ((429, {"Retry-After": "30"}, b""), timedelta(seconds=30)),
        ((408, PAGE, b"<html>"), None),
        ((503, {"Retry-After": "999999"}, b""), timedelta(hours=1)),
        ((503, {"Retry-After": "soon"}, b""), None),
        ((500, JSON, {"code": "internal_server_error"}), None),
        ((520, PAGE, b"<html>"), None),
        ((0, {}, b""), None),
    ],
)
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_what_passes_by_itself(store, answer, wait, method):
    reply(store, answer)
    arguments = ("orders", {"a": "b"})
    with pytest.raises(Retryable) as raised:
        getattr(client_of(store), method)(*arguments)
    assert raised.value.retry_after == wait


def test_only_reads_are_repeated(store):
    reply(store, (502, {}, b""), (0, {}, b""), (200, JSON, {"id": 1}))
    assert client_of(store).get("orders/1").object() == {"id": 1}
    assert len(store.seen) == 3
    reply(store, (502, {}, b""), (200, JSON, {}))
    with pytest.raises(Retryable):
        client_of(store).post("coupons", {})
    assert len(store.seen) == 4


def test_a_read_is_given_up_after_three_tries(store):
    reply(store, (504, {}, b""))
    with pytest.raises(Retryable):
        client_of(store).get("orders")
    assert len(store.seen) == 3


def test_a_refusal_keeps_woocommerces_own_word(store):
    reply(store, woo("woocommerce_rest_coupon_code_already_exists", 400))
    with pytest.raises(StoreRefusal) as raised:
        client_of(store).post("coupons", {})
    assert raised.value.code == "woocommerce_rest_coupon_code_already_exists"
    assert raised.value.status == 400


def test_a_redirect_is_never_followed(store):
    reply(store, (302, {"Location": f"{store.url}/elsewhere"}, b""))
    with pytest.raises(MerchantMustFix) as raised:
        client_of(store).get("orders")
    assert [seen.path for seen in store.seen] == ["/wp-json/wc/v3/orders"]
    assert raised.value.params == {"host": "127.0.0.1"}


def test_an_endless_answer_is_cut_off(store, monkeypatch):
    monkeypatch.setattr(read_capped, "__defaults__", (1000,))
    reply(store, (200, JSON, b"[" + b"1," * 1000))
    with pytest.raises(Retryable, match="too large"):
        client_of(store).get("orders")


def test_a_store_that_says_nothing_is_left_after_the_time_out(store, monkeypatch):
    monkeypatch.setattr(client_module, "TIMEOUTS", (1, 0.05))

    def late(_seen):
        Event().wait(0.3)
        return (200, JSON, {})

    store.answer = late
    with pytest.raises(Retryable, match="in time"):
        client_of(store).get("orders")


def test_http_is_refused_without_the_development_switch(store):
    with pytest.raises(MerchantMustFix) as raised:
        client_of(store, allow_loopback=False).get("orders")
    assert raised.value.problem == "store_not_https"
    assert store.seen == []


def test_nobody_there_is_retryable():
    class Gone:
        url = "http://127.0.0.1:1"

    with pytest.raises(Retryable):
        client_of(Gone()).get("orders")


@pytest.fixture
def tls_store(tmp_path):
    certificate = self_signed(tmp_path)
    with running(certificate) as fake:
        yield fake, certificate


def trusting(fake, certificate):
    client = client_of(fake)
    client._session.verify = str(certificate)
    return client


def test_a_certificate_that_nobody_signed(tls_store):
    fake, _ = tls_store
    with pytest.raises(MerchantMustFix) as raised:
        client_of(fake).get("orders")
    assert raised.value.problem == "store_certificate"


def test_a_certificate_for_another_name(tmp_path):
    certificate = self_signed(tmp_path, "other.example")
    with running(certificate) as fake, pytest.raises(MerchantMustFix) as raised:
        trusting(fake, certificate).get("orders")
    assert raised.value.problem == "store_certificate"


def way(seen):
    if "authorization" in seen.headers:
        return "basic"
    return "query" if "consumer_key" in seen.query else "oauth"


@pytest.mark.parametrize("works", ["basic", "query", "oauth"])
def test_the_key_is_shown_in_the_way_that_the_host_lets_through_and_that_is_kept(tls_store, works):
    fake, certificate = tls_store
    refused = woo("woocommerce_rest_cannot_view", 401)
    fake.answer = lambda seen: (200, JSON, []) if way(seen) == works else refused
    client = trusting(fake, certificate)
    client.get("orders")
    client.post("orders", {})
    tried = ["basic", "query", "oauth"]
    assert [way(seen) for seen in fake.seen] == [*tried[: tried.index(works) + 1], works]


def test_a_key_that_stops_working_is_not_sent_in_other_ways(tls_store):
    fake, certificate = tls_store
    client = trusting(fake, certificate)
    client.get("orders")
    reply(fake, woo("woocommerce_rest_cannot_view", 401))
    with pytest.raises(MerchantMustFix):
        client.get("orders")
    assert [way(seen) for seen in fake.seen] == ["basic", "basic"]


def test_a_refused_key_is_tried_in_all_ways_before_it_is_blamed(tls_store):
    fake, certificate = tls_store
    reply(fake, woo("woocommerce_rest_cannot_view", 401))
    with pytest.raises(MerchantMustFix) as raised:
        trusting(fake, certificate).get("orders")
    assert raised.value.problem == "store_key_refused"
    assert [way(seen) for seen in fake.seen] == ["basic", "query", "oauth"]


def test_a_refusal_that_passes_costs_a_fresh_client_no_way_of_showing_the_key(tls_store):
    fake, certificate = tls_store
    client = trusting(fake, certificate)
    reply(fake, (401, PAGE, b"<html>in a moment"))
    with pytest.raises(MerchantMustFix):
        client.get("orders")
    reply(fake, (200, JSON, []))
    client.get("orders")
    assert [way(seen) for seen in fake.seen] == ["basic", "query", "oauth", "basic"]


def test_two_first_requests_at_once_do_not_take_a_way_from_each_other(tls_store):
    fake, certificate = tls_store
    client = trusting(fake, certificate)
    others = iter(["products"])

    def answer(seen):
        if way(seen) == "query":
            return (200, JSON, [])
        for path in others:  # another thread's, while the first one waits for this answer
            client.get(path)
        return woo("woocommerce_rest_cannot_view", 401)

    fake.answer = answer
    client.get("orders")
    client.post("orders", {})
    tried = [(way(seen), seen.path.rpartition("/")[2]) for seen in fake.seen]
    assert tried == [
        ("basic", "orders"),
        ("basic", "products"),
        ("query", "products"),
        ("query", "orders"),
        ("query", "orders"),
    ]


VALUES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@given(st.dictionaries(st.sampled_from(["after", "search", "page", "_fields"]), VALUES))
def test_a_signed_address_sends_exactly_the_parameters_and_signs_them(params):
    clock = FixedClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
    url = oauth_url("GET", "https://shop.example/sub/wp-json/wc/v3/orders", params, KEYS, clock)
    sent = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    assert {k: v for k, v in sent.items() if not k.startswith("oauth_")} == params
    assert sent["oauth_timestamp"] == "1795435200"
    assert sent["oauth_signature"] == expected_signature(sent)


def expected_signature(sent):
    """RFC 5849 as WooCommerce applies it: values are decoded once more before they are encoded."""
    pairs = sorted(
        (quote(k, safe=""), quote(unquote(v), safe=""))
        for k, v in sent.items()
        if k != "oauth_signature"
    )
    normal = "&".join(f"{k}={v}" for k, v in pairs)
    url = "http://shop.example/sub/wp-json/wc/v3/orders"
    base = "&".join(("GET", quote(url, safe=""), quote(normal, safe="")))
    return base64.b64encode(hmac.digest(b"cs_secret&", base.encode(), "sha256")).decode()


def test_nonces_do_not_repeat():
    clock = FixedClock(datetime(2026, 11, 23, 12, tzinfo=UTC))
    urls = {oauth_url("GET", "http://shop.example/x", {}, KEYS, clock) for _ in range(200)}
    assert len(urls) == 200
