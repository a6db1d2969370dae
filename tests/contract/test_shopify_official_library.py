"""Shopify's own library (shopifyapp) as an independent opinion on our verification.

Both must say yes to what is genuine. Where the library is laxer, the test names the gap, so that
an update of the library that closes one shows here. Its clock is the machine's, hence the frozen
time.
"""

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import jwt
import pytest
import time_machine
from shopify_app import ShopifyApp

from app.platforms.base import Delivery, Endpoint, RawRequest, Refusal
from app.platforms.shopify.id_token import InvalidIdToken, MerchantIdentity, verify_id_token
from app.platforms.shopify.verify import verify

FIXTURES = Path(__file__).parents[1] / "fixtures/shopify"
BODIES = sorted(path.name for path in FIXTURES.glob("*.json"))
CLIENT_ID = "0123456789abcdef0123456789abcdef"
CURRENT, PREVIOUS = "shpss_" + "c" * 32, "shpss_" + "p" * 32
LIBRARY = ShopifyApp(CLIENT_ID, CURRENT, PREVIOUS)
SHOP = "demo.myshopify.com"
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": f"https://{SHOP}/admin",
    "dest": f"https://{SHOP}",
    "aud": CLIENT_ID,
    "sub": "42",
    "exp": SECONDS + 60,
    "nbf": SECONDS,
    "iat": SECONDS,
    "jti": "f8912129-1af6-4cad-9ca3-76b0f7621087",
    "sid": "aaea182f2732d44c23057c0fea584021a4485b2bd25d3eb7fd349313ad24c685",
}


@pytest.fixture(autouse=True)
def _frozen() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


# webhooks


def signature(body: bytes, secret: str) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, sha256)).decode()


def delivery(body: bytes, signed: str | None, shop: str = SHOP) -> dict[str, str]:
    headers = {
        "X-Shopify-Topic": "orders/paid",
        "X-Shopify-Shop-Domain": shop,
        "X-Shopify-Webhook-Id": "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043",
    }
    return headers if signed is None else headers | {"X-Shopify-Hmac-SHA256": signed}


def ours(body: bytes, headers: dict[str, str]) -> Delivery | Refusal:
    lower = {name.lower(): value for name, value in headers.items()}
    return verify(RawRequest(lower, body), Endpoint((CURRENT, PREVIOUS)))


def theirs(body: bytes, headers: dict[str, str]) -> Any:
    return LIBRARY.verify_webhook_req(
        {"method": "POST", "url": "/", "headers": headers, "body": body.decode()}
    )


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("secret", [CURRENT, PREVIOUS])
def test_both_accept_each_known_body_under_either_secret(name: str, secret: str) -> None:
    fixture = json.loads((FIXTURES / name).read_text())
    body = json.dumps(fixture["body"], ensure_ascii=False).encode()
    headers = delivery(body, signature(body, secret))
    accepted, opinion = ours(body, headers), theirs(body, headers)
    assert opinion.ok
    assert isinstance(accepted, Delivery)
    assert accepted.shop_domain == f"{opinion.shop}.myshopify.com"


@pytest.mark.parametrize(
    "signed",
    [None, "", signature(b"{}", "somebody-else"), signature(b"[]", CURRENT), "bm90IGEgbWFj"],
)
def test_both_refuse_what_is_not_signed_by_the_app(signed: str | None) -> None:
    headers = delivery(b"{}", signed)
    assert not theirs(b"{}", headers).ok
    assert isinstance(ours(b"{}", headers), Refusal)


def test_gap_a_signature_that_is_not_ascii_is_refused_where_the_library_breaks() -> None:
    headers = delivery(b"{}", "ÄÖÜ")
    with pytest.raises(TypeError):
        theirs(b"{}", headers)
    assert ours(b"{}", headers) == Refusal("signature_missing")


def test_gap_the_shop_in_the_unsigned_header_must_be_one() -> None:
    headers = delivery(b"{}", signature(b"{}", CURRENT), shop="evil.com/")
    assert theirs(b"{}", headers).shop == "evil.com/"
    assert ours(b"{}", headers) == Refusal("shop_domain_invalid")


def test_gap_bytes_that_are_no_text_are_verified_here_and_cannot_be_there() -> None:
    body = b'{"note": "\xff"}'
    headers = delivery(body, signature(body, CURRENT))
    request = {"method": "POST", "url": "/", "headers": headers, "body": body}
    opinion = LIBRARY.verify_webhook_req(request)  # it takes text only
    assert (opinion.ok, opinion.log.code) == (False, "configuration_error")
    assert isinstance(ours(body, headers), Delivery)


# ID tokens


def token(secret: str = CURRENT, **changes: Any) -> str:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    return jwt.encode(claims, secret, algorithm="HS256")


def our_identity(text: str) -> MerchantIdentity:
    return verify_id_token(text, CLIENT_ID, (CURRENT, PREVIOUS), NOW)


def their_opinion(text: str) -> Any:
    request = {
        "method": "GET",
        "url": "https://app.example.com/shopify",
        "headers": {"Authorization": f"Bearer {text}"},
        "body": "",
    }
    return LIBRARY.verify_app_home_req(request, "/patch")


@pytest.mark.parametrize("secret", [CURRENT, PREVIOUS])
def test_both_read_the_same_shop_and_user_from_a_merchants_token(secret: str) -> None:
    identity, opinion = our_identity(token(secret)), their_opinion(token(secret))
    assert opinion.ok
    assert (identity.shop_domain, identity.user_id) == (
        f"{opinion.shop}.myshopify.com",
        opinion.user_id,
    )


@pytest.mark.parametrize(
    "text",
    [
        token("another-secret-of-thirty-two-bytes-or-more"),
        token(aud="another-app"),
        token(exp=SECONDS - 11),
        token(nbf=SECONDS + 11),
        token()[:-4] + "AAAA",
        "not.a.token",
    ],
    ids=["secret", "audience", "expired", "early", "altered", "nonsense"],
)
def test_both_refuse_a_token_that_is_forged_foreign_or_out_of_time(text: str) -> None:
    assert not their_opinion(text).ok
    with pytest.raises(InvalidIdToken):
        our_identity(text)


@pytest.mark.parametrize("late", [-10, 9])
def test_both_allow_ten_seconds_of_difference_between_clocks(late: int) -> None:
    text = token(nbf=SECONDS - late, exp=SECONDS - late)
    assert their_opinion(text).ok
    assert our_identity(text).shop_domain == SHOP


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        # the documented token of a customer account extension: a buyer's, signed with our secret
        ({"iss": None, "sid": None, "dest": SHOP, "sub": "gid://shopify/Customer/42"}, "no_shop"),
        ({"exp": None}, "no_time"),
        ({"iss": "https://other.myshopify.com/admin"}, "other_issuer"),
        ({"iss": None}, "other_issuer"),
        ({"dest": "https://evil.com", "iss": "https://evil.com/admin"}, "no_shop"),
        ({"sub": "gid://shopify/Customer/42"}, "no_merchant_user"),
        ({"sid": None}, "no_session"),
    ],
    ids=["customer account", "no exp", "wrong iss", "no iss", "wrong dest", "no staff", "no sid"],
)
def test_gap_claims_that_the_library_does_not_ask_for(changes: dict[str, Any], code: str) -> None:
    text = token(**changes)
    assert their_opinion(text).ok
    with pytest.raises(InvalidIdToken) as refused:
        our_identity(text)
    assert refused.value.code == code
