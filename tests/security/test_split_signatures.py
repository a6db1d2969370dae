"""Texts that are signed from several parts: cut elsewhere, they are not what was signed."""

import hashlib
import hmac
from itertools import pairwise

import pytest

from app.db.shops import Shops
from tests.http.merchant_shop import MerchantShop
from tests.security.signing import call, call_headers, link_plugin, mac
from tests.support import CLIENT_SECRET


@pytest.fixture(autouse=True)
def _linked(shop: MerchantShop) -> None:
    link_plugin(shop)


def return_link(shop: MerchantShop, **parts: str) -> int:
    given = {"s": shop.shop.public_ref, **parts}
    return shop.app.test_client().get("/plugin/return", query_string=given).status_code


def test_a_return_link_cut_elsewhere_opens_nothing(shop: MerchantShop) -> None:
    ref, time = shop.shop.public_ref, str(int(shop.clock.now().timestamp()))
    signature = mac(f"return|{ref}|4100|{time}")
    assert return_link(shop, o="4100", t=time, h=signature) == 303
    whole = f"{ref}|4100|{time}"
    bars = [n for n, char in enumerate(whole) if char == "|"]
    places = [*bars, *range(0, len(whole), 3)]
    for first, second in pairwise(sorted(set(places))):
        parts = whole[:first], whole[first + 1 : second], whole[second + 1 :]
        if parts != (ref, "4100", time):
            cut = dict(zip(("s", "o", "t"), parts, strict=True))
            assert return_link(shop, **cut, h=signature) == 400, cut
    for cut in (
        {"o": f"4100|{time}", "t": ""},
        {"o": "", "t": f"4100|{time}"},
        {"o": "410", "t": f"0{time}"},
        {"o": f"4100{time[0]}", "t": time[1:]},
        {"o": f"4100|{time}|4101", "t": time},
    ):
        assert return_link(shop, **cut, h=signature) == 400, cut


def test_a_signature_for_one_kind_of_text_is_none_for_another(shop: MerchantShop) -> None:
    """Return links, calls and tokens are signed with one secret."""
    ref, time = shop.shop.public_ref, str(int(shop.clock.now().timestamp()))
    headers = call_headers(shop, "GET", "/plugin/v1/status")
    assert return_link(shop, o="4100", t=time, h=headers["X-Afterglow-Signature"]) == 400
    link = mac(f"return|{ref}|4100|{time}")
    answer = shop.app.test_client().get(
        "/plugin/v1/status", headers={**headers, "X-Afterglow-Signature": link}
    )
    assert answer.status_code == 401
    token = f"eyJhbGciOiJIUzI1NiJ9.e30.{link}"
    assert shop.app.test_client().post("/plugin/open", data={"token": token}).status_code == 403


def test_a_call_is_signed_for_one_method_address_and_body(shop: MerchantShop) -> None:
    headers = call_headers(shop, "GET", "/plugin/v1/status?lang=tr")
    for method, target, body in (
        ("GET", "/plugin/v1/status?lang=sk", b""),
        ("GET", "/plugin/v1/status?", b""),
        ("GET", "/plugin/v1/status?lang=tr&lang=sk", b""),
        ("GET", "/plugin/v1/status?lang=%74r", b""),
        ("HEAD", "/plugin/v1/status?lang=tr", b""),
        ("POST", "/plugin/v1/gone", b"{}"),
        ("POST", "/plugin/v1/switch", b'{"what": "pause"}'),
    ):
        answer = shop.app.test_client().open(target, method=method, headers=headers, data=body)
        assert (answer.status_code, answer.text) == (401, ""), target
    with shop.deps.db.read() as uow:
        now = Shops(uow).get(shop.shop.id)
    assert (now.connected, now.paused_at) == (True, None)


def test_a_call_counts_once_and_a_refused_one_not_at_all(shop: MerchantShop) -> None:
    client = shop.app.test_client()
    headers = call_headers(shop, "GET", "/plugin/v1/status")
    forged = {**headers, "X-Afterglow-Signature": "0" * 64}
    assert client.get("/plugin/v1/status", headers=forged).status_code == 401
    assert client.get("/plugin/v1/status", headers=headers).status_code == 200
    assert client.get("/plugin/v1/status", headers=headers).status_code == 401
    assert call(client, shop, "GET", "/plugin/v1/status").status_code == 200


def proxied(**params: str) -> str:
    """What Shopify's app proxy signs: sorted, `name=value`, nothing between."""
    text = "".join(f"{name}={params[name]}" for name in sorted(params))
    return hmac.new(CLIENT_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def admin_signed(**params: str) -> str:
    """What the admin signs: the same with an ampersand between."""
    text = "&".join(f"{name}={params[name]}" for name in sorted(params))
    return hmac.new(CLIENT_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def test_no_route_takes_signed_parameters_for_a_session(shop: MerchantShop) -> None:
    """There is no app proxy; with its parameters, or the admin's, whole or split anew, nobody gets
    further than without. (A customer who is logged in there may choose parameters, so that a
    signature over the joined text says nothing: `shop=a` + `b=c` is `shop=ab=c`.)
    """
    params = {
        "shop": "cinar-breza.myshopify.com",
        "path_prefix": "/apps/afterglow",
        "logged_in_customer_id": "7",
        "timestamp": str(int(shop.clock.now().timestamp())),
    }
    split = {**params, "logged_in_customer_id": "", "path_prefix": "/apps/afterglowx"}
    for given in (
        {**params, "signature": proxied(**params)},
        {**split, "signature": proxied(**params)},
        {**params, "hmac": admin_signed(**params)},
        {**params, "hmac": admin_signed(**params), "id_token": "x", "session": "y"},
    ):
        stranger = shop.app.test_client()
        for path in ("/", "/app/", "/app/activity", "/app/orders/4100", "/shopify/app/returns"):
            answer = stranger.get(path, query_string=given)
            assert answer.status_code in (200, 303), path  # the shell, or to sign in
            assert "Žofia" not in answer.text, path
            assert "#4100" not in answer.text, path
            assert "Set-Cookie" not in answer.headers, path
        for path in ("/app/pause", "/app/disconnect", "/app/shop/export"):
            assert stranger.post(path, query_string=given).status_code in (200, 303), path
    with shop.deps.db.read() as uow:
        assert Shops(uow).get(shop.shop.id).paused_at is None
