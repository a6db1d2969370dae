"""Buying and renewing tokens, against the twin."""

from datetime import timedelta

import pytest
from shopify_twin import CLIENT_ID, CLIENT_SECRET, SHOP, Twin, now

from app.domain.clocks import WallClock
from app.domain.errors import MerchantMustFix, OperatorMustFix, Retryable
from app.platforms.base import Connection, Store
from app.platforms.shopify.id_token import verify_id_token
from app.platforms.shopify.platform import Shopify
from app.platforms.shopify.scopes import missing_scopes


def test_a_merchants_visit_buys_an_expiring_pair_with_all_scopes(
    twin: Twin, platform: Shopify
) -> None:
    text = twin.id_token()
    identity = verify_id_token(text, CLIENT_ID, [CLIENT_SECRET], now())
    assert identity.shop_domain == SHOP
    pair = platform.tokens.exchange(identity.shop_domain, text)
    assert timedelta(minutes=59) < pair.expires_at - now() <= timedelta(hours=1)
    assert timedelta(days=89) < pair.refresh_expires_at - now() <= timedelta(days=90)
    assert missing_scopes(pair.scopes) == ()


def test_a_refresh_rotates_the_pair(twin: Twin, platform: Shopify) -> None:
    first = platform.tokens.exchange(SHOP, twin.id_token())
    second = platform.tokens.refresh(SHOP, first.refresh_token)
    assert second.access_token != first.access_token
    assert second.refresh_token != first.refresh_token
    # The answer may have been lost: the previous refresh token still works.
    assert platform.tokens.refresh(SHOP, first.refresh_token)


def test_an_unknown_refresh_token_is_the_merchants_to_mend(platform: Shopify) -> None:
    with pytest.raises(MerchantMustFix) as told:
        platform.tokens.refresh(SHOP, "shprt_unknown")
    assert told.value.problem == "store_token_expired"


def test_an_old_id_token_is_asked_for_again(twin: Twin, platform: Shopify) -> None:
    with pytest.raises(Retryable):
        platform.tokens.exchange(SHOP, twin.id_token(seconds=-120))


def test_a_wrong_client_secret_is_the_operators_to_mend(twin: Twin) -> None:
    wrong = Shopify(CLIENT_ID, ["wrong"], WallClock(), origin=twin.url)
    with pytest.raises(OperatorMustFix):
        wrong.tokens.exchange(SHOP, twin.id_token())


def test_an_unknown_shop_is_closed(twin: Twin, platform: Shopify) -> None:
    with pytest.raises(MerchantMustFix) as told:
        platform.tokens.refresh("nobody.myshopify.com", "shprt_x")
    assert told.value.problem == "store_closed"


def test_an_expired_access_token_is_renewed_without_anybody_noticing(
    twin: Twin, store: Store
) -> None:
    twin.do("expire-access-tokens")
    assert store.info().currency == "EUR"


def test_an_uninstalled_shop_refuses_us(twin: Twin, platform: Shopify) -> None:
    pair = platform.tokens.exchange(SHOP, twin.id_token())
    twin.do("uninstall")
    store = platform.open(Connection(SHOP, token=lambda _: pair.access_token))
    with pytest.raises(MerchantMustFix) as told:
        store.info()
    assert told.value.problem == "store_token_refused"
