"""Only a token that the admin issued for our app, for this minute, opens a merchant page."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platforms.shopify.id_token import InvalidIdToken, MerchantIdentity, verify_id_token

CLIENT_ID = "client-id"
SECRETS = ("shpss_" + "1" * 32, "shpss_" + "2" * 32)
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SHOP = "demo.myshopify.com"
CLAIMS: dict[str, Any] = {
    "iss": f"https://{SHOP}/admin",
    "dest": f"https://{SHOP}",
    "aud": CLIENT_ID,
    "sub": "42",
    "exp": int(NOW.timestamp()) + 60,
    "nbf": int(NOW.timestamp()),
    "iat": int(NOW.timestamp()),
    "jti": "f8912129-1af6-4cad-9ca3-76b0f7621087",
    "sid": "aaea182f2732d44c23057c0fea584021a4485b2bd25d3eb7fd349313ad24c685",
}


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(
    claims: dict[str, Any], secret: str = SECRETS[0], header: dict[str, Any] | None = None
) -> str:
    head = _b64(json.dumps(header or {"alg": "HS256", "typ": "JWT"}).encode())
    body = _b64(json.dumps(claims).encode())
    signature = hmac.digest(secret.encode(), f"{head}.{body}".encode(), sha256)
    return f"{head}.{body}.{_b64(signature)}"


def verified(text: str, now: datetime = NOW) -> MerchantIdentity:
    return verify_id_token(text, CLIENT_ID, SECRETS, now)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_merchants_token_tells_shop_and_user(secret: str) -> None:
    assert verified(token(CLAIMS, secret)) == MerchantIdentity(
        shop_domain=SHOP,
        user_id="42",
        sid=CLAIMS["sid"],
        expires_at=NOW + timedelta(seconds=60),
    )


@pytest.mark.parametrize("late", [-10, 0, 60, 69])
def test_ten_seconds_of_leeway(late: int) -> None:
    assert verified(token(CLAIMS), NOW + timedelta(seconds=late)).shop_domain == SHOP


@pytest.mark.parametrize(("late", "code"), [(-11, "not_yet_valid"), (70, "expired")])
def test_outside_of_its_time_it_is_refused(late: int, code: str) -> None:
    with pytest.raises(InvalidIdToken) as refused:
        verified(token(CLAIMS), NOW + timedelta(seconds=late))
    assert refused.value.code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"iss": "https://other.myshopify.com/admin"}, "other_issuer"),
        ({"iss": f"https://{SHOP}"}, "other_issuer"),
        ({"iss": None}, "other_issuer"),
        ({"dest": SHOP}, "no_shop"),  # as customer-account tokens have it
        ({"dest": "https://evil.com", "iss": "https://evil.com/admin"}, "no_shop"),
        ({"dest": "https://Demo.myshopify.com"}, "no_shop"),
        ({"dest": None}, "no_shop"),
        ({"aud": "another-app"}, "other_audience"),
        ({"aud": [CLIENT_ID]}, "other_audience"),
        ({"aud": None}, "other_audience"),
        ({"exp": None}, "no_time"),
        ({"exp": True}, "no_time"),
        ({"exp": 10**30}, "no_time"),
        ({"nbf": None}, "no_time"),
        ({"sub": None}, "no_merchant_user"),
        ({"sub": "gid://shopify/Customer/42"}, "no_merchant_user"),
        ({"sub": 42}, "no_merchant_user"),
        ({"sid": None}, "no_session"),
        ({"sid": ""}, "no_session"),
    ],
)
def test_each_claim_is_required_and_checked(changes: dict[str, Any], code: str) -> None:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not None}
    with pytest.raises(InvalidIdToken) as refused:
        verified(token(claims))
    assert refused.value.code == code


def test_a_buyers_extension_token_is_refused() -> None:
    buyer = {name: CLAIMS[name] for name in ("aud", "exp", "nbf", "iat", "jti")}
    buyer |= {"dest": SHOP, "sub": "gid://shopify/Customer/42"}
    with pytest.raises(InvalidIdToken):
        verified(token(buyer))


@pytest.mark.parametrize("alg", ["none", "HS512", "RS256"])
def test_no_other_algorithm(alg: str) -> None:
    text = token(CLAIMS, header={"alg": alg, "typ": "JWT"})
    for altered in (text, text.rsplit(".", 1)[0] + "."):
        with pytest.raises(InvalidIdToken):
            verified(altered)


@given(data=st.data())
def test_no_altered_token_passes(data: st.DataObject) -> None:
    text = token(CLAIMS)
    at = data.draw(st.integers(0, len(text) - 1))
    char = data.draw(st.characters(codec="ascii"))
    altered = text[:at] + char + text[at + 1 :]
    try:
        identity = verified(altered)
    except InvalidIdToken:
        return
    # Base64 has spare bits in its last character: those change no byte of the signature.
    assert altered == text or _same_bytes(altered, text)
    assert identity == verified(text)


@given(st.text() | st.binary().map(lambda data: _b64(data) + "." + _b64(data) + "." + _b64(data)))
def test_no_invented_token_passes_or_crashes(text: str) -> None:
    with pytest.raises(InvalidIdToken):
        verified(text)


@given(secret=st.text().filter(lambda secret: secret not in SECRETS))
def test_no_other_secret_passes(secret: str) -> None:
    with pytest.raises(InvalidIdToken):
        verified(token(CLAIMS, secret))


def test_a_huge_token_is_refused_before_it_is_decoded() -> None:
    with pytest.raises(InvalidIdToken):
        verified(token(CLAIMS | {"jti": "x" * 10_000}))


def _same_bytes(one: str, other: str) -> bool:
    def decoded(text: str) -> list[bytes]:
        return [base64.urlsafe_b64decode(part + "==") for part in text.split(".")]

    return decoded(one) == decoded(other)
