"""A shop whose plugin is linked, and what that plugin signs."""

import hashlib
import hmac
import json
import secrets as random
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.db.shops import Shops
from tests.http.merchant_shop import NOW, MerchantShop

PLUGIN_SECRET = "plugin-secret-0123456789-0123456789-0123"


def link_plugin(shop: MerchantShop) -> None:
    """As if the store's plugin had its secret."""
    known = {"secret": PLUGIN_SECRET, "next": "", "since": NOW.isoformat()}
    with shop.write() as data:
        keys = {"key": "ck_" + "a" * 40, "secret": "cs_" + "b" * 40, "plugin": known}
        data.credentials.put(keys, None, NOW)


def connect_again(shop: MerchantShop) -> None:
    """A shop that may have left: connected, its plugin linked."""
    with shop.write() as data:
        if not Shops(data.uow).get(shop.shop.id).connected:
            Shops(data.uow).open_installation(shop.shop.id, [], NOW)
    link_plugin(shop)


def call_headers(shop: MerchantShop, method: str, target: str, body: bytes = b"") -> dict[str, str]:
    """The four headers of a call; the signature is written out here, apart from the code."""
    time, nonce = str(int(shop.clock.now().timestamp())), random.token_hex(16)
    digest = hashlib.sha256(body).hexdigest()
    text = "\n".join(("afterglow-call-v1", method, target, time, nonce, digest))
    return {
        "X-Afterglow-Site": shop.shop.public_ref,
        "X-Afterglow-Time": time,
        "X-Afterglow-Nonce": nonce,
        "X-Afterglow-Signature": mac(text),
    }


def mac(text: str) -> str:
    """What the plugin's secret makes of a text."""
    return hmac.new(PLUGIN_SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


def call(
    client: FlaskClient, shop: MerchantShop, method: str, target: str, body: Any = b""
) -> TestResponse:
    """A signed call; a body that is not bytes is sent as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = call_headers(shop, method, target, raw)
    return client.open(target, method=method, data=raw, headers=headers)
