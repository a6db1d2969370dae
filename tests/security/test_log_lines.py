"""What attackers write does not get into the log: no line of theirs, no content, no secret."""

import base64
import hmac
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Any

import pytest
import structlog

from app.logs import configure_logging
from tests.http.merchant_shop import MerchantShop
from tests.security.signing import PLUGIN_SECRET, call, link_plugin
from tests.support import CLIENT_SECRET
from tests.unit.woocommerce_platform.fake_store import running

# Whatever ends a line, for any reader; and what moves a terminal's cursor or hides text.
CONTROLS = "\n\r\x0b\x0c\x1b\x7f\x80\x85\x9b\u2028\u2029\u202e\u2066\ufeff\0"
FORGED = '"}\r\n{"event": "job.done", "shop": 1, "forged": true}\x1b[2J\x9b31m\u2028'
PERSON = "Eva Tajná <eva.tajna@posta.example>"


@pytest.fixture
def written(shop: MerchantShop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], str]]:
    """What a process in production logged so far."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    settings = shop.deps.settings.model_copy(update={"log_format": "json", "log_level": "DEBUG"})
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logging(settings, "web")
    yield stream.getvalue
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:], root.level = before


def delivery(shop: MerchantShop, body: bytes, **headers: str) -> int:
    signature = hmac.digest(CLIENT_SECRET.encode(), body, sha256)
    given = {
        "X-Shopify-Hmac-Sha256": base64.b64encode(signature).decode(),
        "X-Shopify-Topic": "orders/create",
        "X-Shopify-Shop-Domain": "some-shop.myshopify.com",
        "X-Shopify-Webhook-Id": "w1",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    client = shop.app.test_client()
    return client.post("/webhooks/shopify", data=body, headers=given).status_code


def attack(shop: MerchantShop) -> list[int]:
    """Everything that anybody may write, with line ends, terminal codes, persons and secrets."""
    client, latin = shop.app.test_client(), FORGED.replace("\r\n", " ").encode().decode("latin-1")
    body = json.dumps({"id": FORGED, "email": PERSON, "note": FORGED}).encode()
    link_plugin(shop)
    named = {"address": FORGED, "email": PERSON, "number": FORGED, "name": PERSON, "goods": FORGED,
             "code": FORGED, "token": FORGED, "do": FORGED}  # fmt: skip
    ref = shop.shop.public_ref
    answers = [
        delivery(shop, body),
        delivery(shop, body, X_Shopify_Topic=latin),
        delivery(shop, body, X_Shopify_Topic="x" * 5000),
        delivery(shop, body, X_Shopify_Webhook_Id=latin),
        delivery(shop, body, X_Shopify_Shop_Domain=latin),
        delivery(shop, body, X_Shopify_Triggered_At=latin),
        delivery(shop, body, X_Shopify_Hmac_Sha256=latin),
        client.post("/webhooks/woocommerce/x%0A%1B%5B2J", data=body).status_code,
        client.post("/webhooks/%0A%7B%22event%22/x", data=body).status_code,
        client.get("/%0A%0D%1B%5B2J?q=" + "%0A" * 5).status_code,
        client.get("/app/", headers={"Authorization": f"Bearer {latin}"}).status_code,
        client.get("/app/", headers={"User-Agent": latin, "Cookie": latin}).status_code,
        client.get("/healthz", headers={"X-Request-Id": latin, "Referer": latin}).status_code,
        client.open("/healthz", method="X" * 5000).status_code,
        call(client, shop, "POST", "/plugin/v1/switch", {"what": FORGED}).status_code,
        *[client.post(path, data=named).status_code for path in (
            "/sign-in", "/plugin/open", "/connect/woocommerce", "/connect/woocommerce/keys",
            f"/c/{ref}/return", f"/c/{ref}/withdraw", "/r/x", "/u/x", "/p/x",
            "/connect/woocommerce/callback",
        )],
    ]  # fmt: skip
    shop.work()
    return answers


def test_no_attack_gets_a_line_or_a_word_into_the_log(
    shop: MerchantShop, written: Callable[[], str]
) -> None:
    assert max(attack(shop)) < 500
    text = written()
    lines: list[dict[str, Any]] = [json.loads(line) for line in text.split("\n")[:-1]]
    assert len(lines) >= 25
    assert not any(line.get("forged") for line in lines)
    assert not any(char in text.replace("\n", "") for char in CONTROLS)
    for char in CONTROLS:  # nor escaped: there is nothing of it
        assert json.dumps(char)[1:-1] not in text.replace("\\n", "\n"), repr(char)
    for secret in (
        PERSON, "tajna", "Tajn", "forged", CLIENT_SECRET, PLUGIN_SECRET, *shop.deps.settings.keys,
        shop.shop.public_ref,
    ):  # fmt: skip
        assert secret not in text, secret
    assert max(map(len, text.split("\n"))) < 500
    assert {line["event"] for line in lines} >= {
        "webhook.refused",
        "intake.stored",
        "web.request",
    }


def test_what_a_store_answers_is_not_written_into_the_log(
    shop: MerchantShop, written: Callable[[], str]
) -> None:
    """Neither what it sends nor where it sends us."""
    with running() as store:
        store.answer = lambda _: (
            500,
            {"X-Evil": "x", "Location": "/\x1b[2J"},
            json.dumps({"code": FORGED, "message": PERSON}).encode(),
        )
        shop.app.test_client().post("/connect/woocommerce", data={"address": store.url})
    text = written()
    assert text
    assert "forged" not in text
    assert "tajna" not in text
    assert "\x1b" not in text
