import base64
import hmac
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.base import Delivery, Endpoint, Ping, RawRequest, Refusal
from app.platforms.woocommerce.verify import sign, verify

from .captures import capture, endpoint, names, request

PINGS = [n for n in names() if n.startswith("ping-")]
SIGNED = [n for n in names() if capture(n).get("signature_matches")]
ENDPOINT = Endpoint(secrets=("current-secret",), webhook_id="7", topic="order.updated")
HEADER = "x-wc-webhook-signature"


def signed(body: bytes, secret: str = "current-secret", **headers: str) -> RawRequest:
    return RawRequest({HEADER: sign(body, secret).decode(), **headers}, body)


@pytest.mark.parametrize("name", PINGS)
def test_a_captured_ping_is_answered_and_nothing_more(name):
    assert verify(request(name), endpoint(name)) == Ping()


@pytest.mark.parametrize("name", SIGNED)
def test_a_captured_delivery_is_accepted_under_the_topic_of_our_row(name):
    answer = verify(request(name), replace(endpoint(name), topic="order.restored"))
    assert isinstance(answer, Delivery)
    assert answer.topic == "order.restored"
    assert answer.body == request(name).body


def test_every_capture_is_a_ping_a_delivery_or_signed_with_a_secret_nobody_knows():
    assert set(names()) - set(PINGS) - set(SIGNED) == {"no-secret"}
    assert verify(request("no-secret"), endpoint("no-secret")) == Refusal("signature_mismatch")


def test_entities_in_a_secret_are_decoded_once_as_wordpress_does():
    # Captured: the store held this secret as `s3cr&amp;t&lt;é&quot;&#039;&gt;`.
    name = "product-update-0-product.updated"
    stored = "s3cr&amp;t&lt;é&quot;&#039;&gt;"
    assert isinstance(verify(request(name), replace(endpoint(name), secrets=(stored,))), Delivery)
    assert sign(b"x", "&amp;lt;") == base64.b64encode(hmac.digest(b"&lt;", b"x", "sha256"))
    assert sign(b"x", "&copy") == base64.b64encode(hmac.digest(b"&copy", b"x", "sha256"))


def test_three_orders_in_one_second_share_a_delivery_id_but_no_key():
    same = [f"same-delivery-id-{n}" for n in range(3)]
    assert len({request(n).headers["x-wc-webhook-delivery-id"] for n in same}) == 1
    assert len({verify(request(n), endpoint(n)).dedupe_key for n in same}) == 3


def test_a_literal_repeat_has_the_same_key_and_fits_the_column():
    one = verify(signed(b"{}", **{"x-wc-webhook-delivery-id": "a" * 32}), ENDPOINT)
    two = verify(signed(b"{}", **{"x-wc-webhook-delivery-id": "a" * 32}), ENDPOINT)
    assert one == two
    assert len(one.dedupe_key) <= 200


@pytest.mark.parametrize("forged", ["x" * 5000, "a b", "é", "a\x00b", "a:b"])
def test_an_odd_delivery_id_is_left_out_of_the_key(forged):
    answer = verify(signed(b"{}", **{"x-wc-webhook-delivery-id": forged}), ENDPOINT)
    assert answer == verify(signed(b"{}"), ENDPOINT)


def test_the_previous_secret_still_counts():
    both = replace(ENDPOINT, secrets=("next-secret", "current-secret"))
    assert isinstance(verify(signed(b"{}"), both), Delivery)
    assert isinstance(verify(signed(b"{}", "next-secret"), both), Delivery)
    assert verify(signed(b"{}", "older"), both) == Refusal("signature_mismatch")


@pytest.mark.parametrize(
    ("headers", "body", "code"),
    [
        ({}, b'{"id":1}', "signature_missing"),
        ({}, b"webhook_id=1&x=2", "signature_missing"),
        ({}, b"webhook_id=1\n", "signature_missing"),
        ({HEADER: ""}, b'{"id":1}', "signature_mismatch"),
        ({HEADER: ""}, b"webhook_id=1", "signature_mismatch"),
        ({HEADER: "é"}, b'{"id":1}', "signature_malformed"),
        ({HEADER: "\udcff"}, b'{"id":1}', "signature_malformed"),
    ],
)
def test_what_is_refused_and_why(headers, body, code):
    assert verify(RawRequest(headers, body), ENDPOINT) == Refusal(code)


def test_without_secrets_nothing_is_accepted():
    assert verify(signed(b"{}"), replace(ENDPOINT, secrets=())) == Refusal("signature_mismatch")


@given(body=st.binary(max_size=200), secret=st.text(min_size=1, max_size=50))
def test_the_right_secret_is_accepted(body, secret):
    answer = verify(signed(body, secret), replace(ENDPOINT, secrets=(secret,)))
    assert isinstance(answer, Delivery)


@given(body=st.binary(min_size=1, max_size=200), data=st.data())
def test_any_flipped_bit_of_the_body_is_refused(body, data):
    at = data.draw(st.integers(0, len(body) * 8 - 1))
    flipped = bytearray(body)
    flipped[at // 8] ^= 1 << (at % 8)
    forged = replace(signed(body), body=bytes(flipped))
    assert verify(forged, ENDPOINT) == Refusal("signature_mismatch")


@given(body=st.binary(max_size=100), data=st.data())
def test_any_other_signature_is_refused(body, data):
    right = sign(body, "current-secret").decode()
    forged = data.draw(st.text(max_size=60).filter(lambda text: text != right))
    assert isinstance(verify(RawRequest({HEADER: forged}, body), ENDPOINT), Refusal)


@given(body=st.binary(max_size=100), secret=st.text(alphabet=st.characters(categories=["L", "N"])))
def test_any_other_secret_is_refused(body, secret):
    if secret == "current-secret":
        return
    assert verify(signed(body, secret), ENDPOINT) == Refusal("signature_mismatch")


@given(
    headers=st.dictionaries(st.sampled_from([HEADER, "x-wc-webhook-delivery-id"]), st.text()),
    body=st.binary(),
    secret=st.text(),
)
def test_no_input_raises(headers, body, secret):
    verify(RawRequest(headers, body), replace(ENDPOINT, secrets=(secret,)))
