"""`afterglow replay`: post a recorded delivery to the running app, signed as the platform would."""

import argparse
import base64
import hashlib
import hmac
import json
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from app.bootstrap import build_deps
from app.cli.demo.environment import use_if_unconfigured
from app.config import Settings, load_settings
from app.db.shops import Shop, Shops, ShopState
from app.db.tenant import ShopData

_SECONDS = 10.0
_SIGNATURE = "X-WC-Webhook-Signature"
# What belongs to the recorded connection, not to the delivery.
_HOP_BY_HOP = {"host", "content-length", "connection", "accept-encoding"}


def run(options: argparse.Namespace) -> None:
    """Post it and print the answer."""
    path = Path(options.fixture)
    if not path.is_file():
        sys.exit(f"There is no file {path}. Name a recorded delivery below tests/fixtures/.")
    recorded = json.loads(path.read_text())
    use_if_unconfigured()
    settings = load_settings()
    send = _shopify if "shopify" in path.parts else _woocommerce
    answer = send(settings, recorded)
    print(f"{answer.status_code} {answer.reason}")


def _shopify(settings: Settings, recorded: Mapping[str, Any]) -> requests.Response:
    """To the first connected shop, as a new delivery: few fixtures have headers of their own."""
    body = json.dumps(recorded["body"]).encode()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": recorded["topic"],
        "X-Shopify-API-Version": recorded["api_version"],
        "X-Shopify-Shop-Domain": _connected(settings, "shopify")[0].domain,
        "X-Shopify-Webhook-Id": str(uuid.uuid4()),
        "X-Shopify-Hmac-Sha256": _sign(settings.shopify_client_secret, body),
    }
    url = f"{settings.public_url}/webhooks/shopify"
    return requests.post(url, body, headers=headers, timeout=_SECONDS)


def _woocommerce(settings: Settings, recorded: Mapping[str, Any]) -> requests.Response:
    """To the first connected store that has a webhook for the topic, with its own secret."""
    headers = {
        name: value for name, value in recorded["headers"] if name.lower() not in _HOP_BY_HOP
    }
    token, secret, home = _subscription(settings, headers.get("X-WC-Webhook-Topic", ""))
    body = _as_if_from(home, str(recorded["body"]), headers.get("X-WC-Webhook-Source", "")).encode()
    if _SIGNATURE in headers:  # a ping has none
        headers[_SIGNATURE] = _sign(secret, body)
    url = f"{settings.public_url}/webhooks/woocommerce/{token}"
    return requests.post(url, body, headers=headers, timeout=_SECONDS)


def _as_if_from(home: str, body: str, recorded_at: str) -> str:
    """The body with the links of the connected store: that of another one would not be believed."""
    before, after = recorded_at.rstrip("/"), home.rstrip("/")
    if not before:
        return body
    in_php = before.replace("/", "\\/"), after.replace("/", "\\/")
    return body.replace(before, after).replace(*in_php)


def _subscription(settings: Settings, topic: str) -> tuple[str, str, str]:
    """Token of the address, secret, and the store's home."""
    shops = _connected(settings, "woocommerce")
    with build_deps(settings).db.read() as uow:
        for shop in shops:
            for subscription in ShopData(uow, shop.id).webhooks.all():
                if topic in ("", subscription.topic):  # a ping names none
                    return subscription.token, subscription.secret, shop.domain
    sys.exit(f"Nobody asked a store for {topic}, so nothing was sent. Take a topic that we use.")


def _connected(settings: Settings, platform: str) -> list[Shop]:
    with build_deps(settings).db.read() as uow:
        shops = [s for s in Shops(uow).in_state(ShopState.ACTIVE) if s.platform == platform]
    if not shops:
        sys.exit(f"No {platform} store is connected, so nothing was sent. Connect one first.")
    return shops


def _sign(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
