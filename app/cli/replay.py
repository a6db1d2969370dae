"""`afterglow replay`: post a recorded delivery to the running app, signed as the platform would."""

import argparse
import base64
import hashlib
import hmac
import json
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from app.bootstrap import build_deps
from app.config import Settings, load_settings
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData

# Where recorded headers differ from what the address itself says.
_HOP_BY_HOP = {"host", "content-length", "connection", "accept-encoding"}


def run(options: argparse.Namespace) -> None:
    """Post it and print the answer."""
    path = Path(options.fixture)
    if not path.is_file():
        sys.exit(f"There is no file {path}. Name a recorded delivery below tests/fixtures/.")
    recorded = json.loads(path.read_text())
    settings = load_settings()
    send = _shopify if "shopify" in path.parts else _woocommerce
    answer = send(settings, recorded)
    print(f"{answer.status_code} {answer.reason}")


def _shopify(settings: Settings, recorded: Mapping[str, Any]) -> requests.Response:
    body = json.dumps(recorded["body"]).encode()
    headers = {
        name: value
        for name, value in dict(recorded["headers"]).items()
        if name.lower() not in _HOP_BY_HOP
    }
    headers["X-Shopify-Hmac-Sha256"] = _sign(settings.shopify_client_secret, body)
    headers["X-Shopify-Webhook-Id"] = secrets.token_hex(16)
    return requests.post(
        f"{settings.public_url}/webhooks/shopify", body, headers=headers, timeout=10
    )


def _woocommerce(settings: Settings, recorded: Mapping[str, Any]) -> requests.Response:
    body = str(recorded["body"]).encode()
    headers = {
        name: value for name, value in recorded["headers"] if name.lower() not in _HOP_BY_HOP
    }
    topic = headers.get("X-WC-Webhook-Topic", "")
    token, secret = _subscription(settings, topic)
    headers["X-WC-Webhook-Signature"] = _sign(secret, body)
    return requests.post(
        f"{settings.public_url}/webhooks/woocommerce/{token}", body, headers=headers, timeout=10
    )


def _subscription(settings: Settings, topic: str) -> tuple[str, str]:
    """Address and secret of the first connected store's webhook for the topic."""
    with build_deps(settings).db.read() as uow:
        for shop in Shops(uow).in_state(ShopState.ACTIVE):
            for subscription in ShopData(uow, shop.id).webhooks.all():
                if subscription.topic == topic:
                    return subscription.token, subscription.secret
    sys.exit(f"No connected WooCommerce store has a webhook for {topic or 'a ping'}. Connect one.")


def _sign(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
