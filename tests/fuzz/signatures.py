"""Targets: what is signed holds, and nothing else does; each against an opinion of its own."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from unittest import mock

import jwt
import time_machine

from app.channels.links import Links, Purpose
from app.platforms.base import Delivery, Endpoint, Ping, RawRequest, Refusal
from app.platforms.shopify.id_token import InvalidIdToken, verify_id_token
from app.platforms.shopify.verify import verify as verify_shopify_request
from app.platforms.woocommerce.plugin_signatures import (
    Call,
    call_is_signed,
    call_signature,
    claimed_site,
    read_token,
    return_is_signed,
    return_signature,
)
from app.platforms.woocommerce.verify import sign
from app.platforms.woocommerce.verify import verify as verify_woocommerce_request
from tests.fuzz.dice import Dice
from tests.fuzz.mutation import mutated_bytes

SECRETS = ("present-secret-0123456789-0123456789", "former-secret-0123456789-0123456789")
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
SHOP = "cinar-breza.myshopify.com"
BODY = b'{"id":820982911946154508,"email":"jon@example.com"}'


def verify_shopify(data: bytes) -> None:
    """Only what one of our secrets signed is a delivery."""
    dice = Dice(data)
    body = mutated_bytes(dice, BODY)
    signed = dice.pick((BODY, body))
    secret = dice.pick((*SECRETS, "", "stranger"))
    signature = base64.b64encode(hmac.digest(secret.encode(), signed, "sha256"))
    headers = {
        "x-shopify-hmac-sha256": mutated_bytes(dice, signature).decode("latin-1"),
        "x-shopify-shop-domain": _changed(dice, SHOP),
        "x-shopify-topic": _changed(dice, "orders/create"),
        "x-shopify-webhook-id": _changed(dice, "b54557e4-bdd9-4b37-8a5f-bf7d70bcd043"),
        "x-shopify-triggered-at": _changed(dice, "2026-11-26T09:00:00Z"),
    }
    if dice.below(8) == 7:
        del headers[dice.pick(sorted(headers))]
    known = dice.pick((SECRETS, SECRETS[:1], ("", SECRETS[1]), ()))
    result = verify_shopify_request(RawRequest(headers, body), Endpoint(known))
    assert isinstance(result, Delivery | Refusal)
    if isinstance(result, Delivery):
        given = base64.b64decode(headers["x-shopify-hmac-sha256"])
        wanted = [hmac.new(one.encode(), body, "sha256").digest() for one in known if one]
        assert given in wanted
        assert result.shop_domain
        assert result.shop_domain.endswith(".myshopify.com")
        assert result.body == body
    elif result.code.startswith("signature"):
        assert not (signed == body and secret in known and secret and not _broken(headers, secret))


def _broken(headers: dict[str, str], secret: str) -> bool:
    """Whether the signature is not the one that was made."""
    given = headers.get("x-shopify-hmac-sha256", "")
    return given != base64.b64encode(hmac.digest(secret.encode(), BODY, "sha256")).decode()


def verify_woocommerce(data: bytes) -> None:
    """Only what one of the store's secrets signed is a delivery; a ping says nothing."""
    dice = Dice(data)
    body = dice.pick((mutated_bytes(dice, BODY), mutated_bytes(dice, b"webhook_id=12")))
    secrets = dice.pick((SECRETS, (dice.text(), SECRETS[0]), (dice.text(),), ()))
    secret = dice.pick((*secrets, "stranger"))
    signature = mutated_bytes(dice, sign(dice.pick((body, BODY)), secret)).decode("latin-1")
    headers = {
        "x-wc-webhook-signature": signature,
        "x-wc-webhook-delivery-id": _changed(dice, "92c87b57fb929ca8f17894e79c25b772"),
        "x-wc-webhook-topic": dice.text(),
    }
    if dice.below(4) == 3:
        del headers["x-wc-webhook-signature"]
    endpoint = Endpoint(secrets, _changed(dice, "7"), dice.pick(("order.updated", None)))
    result = verify_woocommerce_request(RawRequest(headers, body), endpoint)
    match result:
        case Ping():
            assert "x-wc-webhook-signature" not in headers
            assert body.removeprefix(b"webhook_id=").isdigit()
        case Delivery():
            assert signature.encode() in [sign(body, one) for one in secrets]
            assert result.topic == endpoint.topic
            assert len(result.dedupe_key) <= 200
            result.dedupe_key.encode()
        case _:
            assert isinstance(result, Refusal)


@cache
def _id_token() -> str:
    claims = {
        "iss": f"https://{SHOP}/admin", "dest": f"https://{SHOP}", "aud": "client-id",
        "sub": "42", "exp": int(NOW.timestamp()) + 60, "nbf": int(NOW.timestamp()),
        "sid": "s", "jti": "j",
    }  # fmt: skip
    return jwt.encode(claims, SECRETS[0], algorithm="HS256")


def id_token(data: bytes) -> None:
    """A changed token is no merchant's; whatever is signed has claims of the right kind."""
    dice = Dice(data)
    if dice.below(2):
        token = _changed(dice, _id_token())
    else:  # signed by somebody with our secret, but saying anything
        claims = jwt.decode(_id_token(), options={"verify_signature": False})
        for _ in range(1 + dice.below(3)):
            odd = dice.pick((None, True, -1, 10**30, 1.5, "", "42", "٤٢", [], {}, dice.text()))
            claims[dice.pick(sorted(claims))] = odd
        token = _encoded(claims)
    try:
        who = verify_id_token(token, "client-id", SECRETS, NOW)
    except InvalidIdToken as error:
        _is_code(error)
        return
    assert (who.shop_domain, who.user_id.isdigit(), bool(who.sid)) == (SHOP, True, True)
    assert who.expires_at > NOW - timedelta(seconds=11)


def _is_code(error: InvalidIdToken) -> None:
    assert error.code.replace("_", "").isalpha()


def _encoded(claims: dict[str, object]) -> str:
    """A JWT made by hand: the library refuses some of what others may sign."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")
        for part in ({"alg": "HS256", "typ": "JWT"}, claims)
    ]
    mac = hmac.digest(SECRETS[0].encode(), b".".join(parts), hashlib.sha256)
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def plugin_tokens(data: bytes) -> None:
    """Tokens, calls and links of the plugin: none is another, and none survives a change."""
    dice = Dice(data)
    claims = {"site": dice.pick(("shop", dice.text())), "exp": dice.below(9), "to": "/app/"}
    made = _encoded(claims)
    token = _changed(dice, made)
    site = claimed_site(token)
    assert site is None or (site.isascii() and len(site) <= 64)
    read = read_token(token, SECRETS[: dice.below(3)])
    assert read is None or dict(read) == claims
    call = Call("shop", "POST", "/plugin/v1/switch", "1795683600", "n" * 16, "", b"{}")
    parts = [dice.pick((part, _changed(dice, part))) for part in
             (call.method, call.target, call.time, call.nonce)]  # fmt: skip
    given = Call("shop", *parts, "", mutated_bytes(dice, call.body))
    signature = _changed(dice, call_signature(SECRETS[0], call))
    if call_is_signed(SECRETS, Call("shop", *parts, signature, given.body)):
        assert given == call
        assert signature == call_signature(SECRETS[0], call)
    link = [_changed(dice, part) for part in ("shop", "4100", "1795683600")]
    mac = dice.pick((return_signature(SECRETS[0], "shop", "4100", "1795683600"), signature))
    if return_is_signed(SECRETS, *link, mac):
        assert "|".join(link) == "shop|4100|1795683600"


_LINKS = Links("https://afterglow.example", ["former-key", "present-key"])
_NAMED = {"s": "shop", "o": "4100"}


@cache
def _token(purpose: Purpose) -> str:
    with time_machine.travel(NOW, tick=False):
        return _LINKS.make(purpose, _NAMED).rpartition("/")[2]


def links(data: bytes) -> None:
    """A link with anything changed, or for anything else, is no link."""
    dice = Dice(data)
    made_for, asked_for = dice.pick(list(Purpose)), dice.pick(list(Purpose))
    token = _token(made_for)
    given = dice.text() if dice.below(16) == 15 else _changed(dice, token)
    with time_machine.travel(NOW, tick=False):
        read = _LINKS.read(asked_for, given)
    if read is not None:
        assert given == token, "a changed link is taken for a good one"
        assert (made_for, read) == (asked_for, _NAMED)
    elif made_for is asked_for:
        assert given != token


def links_unguarded(data: bytes) -> None:
    """The same without the look at a signature's spelling: the fuzzer has to notice."""
    with mock.patch("app.channels.links._is_as_made", return_value=True):
        links(data)


def _changed(dice: Dice, text: str) -> str:
    """A text with some of its bytes changed, as a header or address would bring it."""
    return mutated_bytes(dice, text.encode()).decode("utf-8", "replace")
