"""Token exchange, refresh and what uninstalling does to tokens."""

from __future__ import annotations

from collections.abc import Iterator

import jwt
import pytest
from shopify_kit import CLIENT_ID, SECRET, SHOP, Merchant, running_shop

from twins.shopify.config import Limits


@pytest.fixture
def merchant() -> Iterator[Merchant]:
    with running_shop() as merchant:
        yield merchant


def refresh(merchant: Merchant, token: str) -> tuple[int, dict[str, object]]:
    return merchant.oauth(grant_type="refresh_token", refresh_token=token)


def test_exchange_gives_an_expiring_pair(merchant: Merchant) -> None:
    status, answer = merchant.exchange()
    assert status == 200
    assert answer["expires_in"] == 3600
    assert answer["refresh_token_expires_in"] == 7_776_000
    assert "write_discounts" in answer["scope"].split(",")
    merchant.token = answer["access_token"]
    assert merchant.graphql("shop")["shop"]["myshopifyDomain"] == f"{SHOP}.myshopify.com"


def test_only_expiring_offline_tokens_are_given(merchant: Merchant) -> None:
    status, answer = merchant.exchange(expiring="0")
    assert (status, answer["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("change", ["expired", "foreign audience", "other secret", "other shop"])
def test_bad_id_tokens_are_refused(merchant: Merchant, change: str) -> None:
    claims = jwt.decode(merchant.id_token(), SECRET, ["HS256"], audience=CLIENT_ID)
    secret = SECRET
    match change:
        case "expired":
            claims["exp"] = claims["iat"] - 1
        case "foreign audience":
            claims["aud"] = "somebody-else"
        case "other secret":
            secret = "another-secret-of-at-least-32-bytes!"
        case "other shop":
            claims["dest"] = "https://other.myshopify.com"
    token = jwt.encode(claims, secret, "HS256")
    status, answer = merchant.exchange(subject_token=token)
    assert (status, answer["error"]) == (400, "invalid_subject_token")


def test_wrong_client_secret_is_refused(merchant: Merchant) -> None:
    status, answer = merchant.exchange(client_secret="wrong")
    assert (status, answer["error"]) == (400, "invalid_client")


def test_previous_refresh_token_works_until_the_new_one_is_used(merchant: Merchant) -> None:
    first = merchant.exchange()[1]["refresh_token"]
    lost = refresh(merchant, first)[1]["refresh_token"]  # imagine that this answer got lost
    status, second = refresh(merchant, first)
    assert status == 200
    assert refresh(merchant, str(lost))[1]["error"] == "invalid_grant"
    third = refresh(merchant, str(second["refresh_token"]))
    assert third[0] == 200
    status, answer = refresh(merchant, first)
    assert (status, answer["error"]) == (400, "invalid_grant")


def test_expired_access_token_is_401(merchant: Merchant) -> None:
    merchant.connect()
    merchant.act("expire-access-tokens")
    status, answer, _ = merchant.raw_graphql("{ shop { id } }")
    assert status == 401
    assert answer["errors"].startswith("[API] Invalid API key or access token")


def test_lifetimes_run_on_wall_time() -> None:
    with running_shop(Limits(access_token_seconds=0)) as merchant:
        merchant.connect()
        assert merchant.raw_graphql("{ shop { id } }")[0] == 401


def test_uninstalling_revokes_and_reinstalling_allows(merchant: Merchant) -> None:
    merchant.connect()
    pair = merchant.exchange()[1]
    merchant.act("uninstall")
    assert merchant.raw_graphql("{ shop { id } }")[0] == 401
    assert refresh(merchant, pair["refresh_token"])[1]["error"] == "invalid_client"
    assert merchant.exchange()[0] == 400
    assert merchant.app.topics == ["app/uninstalled"]
    merchant.order()
    assert merchant.app.topics == ["app/uninstalled"]
    merchant.act("install")
    merchant.connect()
    assert merchant.graphql("installation")["currentAppInstallation"]["accessScopes"]
