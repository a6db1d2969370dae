"""Only what Shopify signed with one of our secrets gets through, whatever the bytes are."""

import base64
import hmac
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.base import Delivery, Endpoint, RawRequest, Refusal
from app.platforms.shopify.shop_domain import valid_shop_domain
from app.platforms.shopify.verify import verify

SECRETS = ("current-secret", "previous-secret")
ENDPOINT = Endpoint(secrets=SECRETS)


def sign(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, sha256)).decode()


def request(body: bytes = b"{}", **changes: str | None) -> RawRequest:
    headers = {
        "x-shopify-hmac-sha256": sign(body, SECRETS[0]),
        "x-shopify-topic": "orders/paid",
        "x-shopify-shop-domain": "demo.myshopify.com",
        "x-shopify-webhook-id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        "x-shopify-triggered-at": "2026-11-23T10:00:00.123456Z",
    }
    for name, value in changes.items():
        header = f"x-shopify-{name.replace('_', '-')}"
        if value is None:
            del headers[header]
        else:
            headers[header] = value
    return RawRequest(headers, body)


def test_a_signed_delivery_is_accepted_with_its_key_shop_and_time() -> None:
    assert verify(request(b'{"id": 1}'), ENDPOINT) == Delivery(
        topic="orders/paid",
        dedupe_key="b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
        body=b'{"id": 1}',
        shop_domain="demo.myshopify.com",
        triggered_at=datetime(2026, 11, 23, 10, 0, 0, 123456, tzinfo=UTC),
    )


@given(rest=st.binary(), secret=st.sampled_from(SECRETS))
def test_any_bytes_signed_with_either_secret_are_accepted_unchanged(
    rest: bytes, secret: str
) -> None:
    body = b"{" + rest
    outcome = verify(request(body, hmac_sha256=sign(body, secret)), ENDPOINT)
    assert isinstance(outcome, Delivery)
    assert outcome.body == body


@given(body=st.binary(), signature=st.text())
def test_no_text_in_the_signature_header_passes_or_fails_loudly(
    body: bytes, signature: str
) -> None:
    outcome = verify(request(body, hmac_sha256=signature), ENDPOINT)
    assert isinstance(outcome, Refusal)
    assert outcome.code in ("signature_missing", "signature_wrong")


@given(body=st.binary(min_size=1), data=st.data())
def test_a_changed_body_is_refused(body: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(body) - 1))
    flip = data.draw(st.integers(1, 255))
    altered = body[:at] + bytes([body[at] ^ flip]) + body[at + 1 :]
    outcome = verify(request(altered, hmac_sha256=sign(body, SECRETS[0])), ENDPOINT)
    assert outcome == Refusal("signature_wrong")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"hmac_sha256": None}, "signature_missing"),
        ({"hmac_sha256": "ÄÖÜ"}, "signature_missing"),
        ({"hmac_sha256": "not base64!"}, "signature_missing"),
        ({"hmac_sha256": sign(b"{}", "somebody else's")}, "signature_wrong"),
        ({"hmac_sha256": sign(b"{}", "")}, "signature_wrong"),
        ({"shop_domain": None}, "shop_domain_invalid"),
        ({"shop_domain": "evil.com/"}, "shop_domain_invalid"),
        ({"shop_domain": "demo.myshopify.com\n"}, "shop_domain_invalid"),
        ({"topic": None}, "topic_missing"),
        ({"webhook_id": None}, "webhook_id_missing"),
        ({"topic": "x" * 101}, "topic_malformed"),
        ({"topic": "orders/paid\x85\x9b31m"}, "topic_malformed"),
        ({"topic": "gone/order"}, "topic_malformed"),
        ({"topic": "graphql/order"}, "topic_malformed"),
        ({"webhook_id": "x" * 101}, "webhook_id_malformed"),
        ({"webhook_id": "é"}, "webhook_id_malformed"),
    ],
)
def test_each_refusal_has_its_own_code(changes: dict[str, str | None], code: str) -> None:
    assert verify(request(**changes), ENDPOINT) == Refusal(code)


def test_without_configured_secrets_nothing_passes() -> None:
    for secrets in ((), ("",)):
        outcome = verify(request(b"{}", hmac_sha256=sign(b"{}", "")), Endpoint(secrets))
        assert outcome == Refusal("signature_wrong")


@pytest.mark.parametrize("header", [None, "yesterday", "2026-11-23T10:00:00"])
def test_a_missing_or_odd_time_does_not_lose_the_delivery(header: str | None) -> None:
    outcome = verify(request(triggered_at=header), ENDPOINT)
    assert isinstance(outcome, Delivery)
    assert outcome.triggered_at is None


@pytest.mark.parametrize(
    ("name", "accepted"),
    [
        ("demo.myshopify.com", "demo.myshopify.com"),
        ("Demo-1.MyShopify.com", "demo-1.myshopify.com"),
        ("demo.myshopify.com.evil.com", None),
        ("evil.com/demo.myshopify.com", None),
        ("https://demo.myshopify.com", None),
        ("demo", None),
        ("-demo.myshopify.com", None),
        ("demo.myshopify.com ", None),
        ("user@demo.myshopify.com", None),
        ("demo.myshopify.com:443", None),
        ("", None),
        (None, None),
    ],
)
def test_shop_domains(name: str | None, accepted: str | None) -> None:
    assert valid_shop_domain(name) == accepted
