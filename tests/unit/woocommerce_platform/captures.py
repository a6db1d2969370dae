"""Reads the captured deliveries as the web server would hand them over."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from app.platforms.base import Endpoint, RawRequest, Received

FOLDER = Path(__file__).parents[2] / "fixtures" / "woocommerce"


@cache
def capture(name: str) -> dict[str, Any]:
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def names() -> list[str]:
    """All captured webhook requests (not the REST answers, not the key grant)."""
    return sorted(p.stem for p in FOLDER.glob("*.json") if capture(p.stem).get("secret"))


def request(name: str) -> RawRequest:
    seen = capture(name)
    headers = {key.lower(): value for key, value in seen["headers"]}
    return RawRequest(headers=headers, body=seen["body"].encode())


def topic(name: str) -> str:
    """The topic that the webhook was made for; pings name it in their file's name."""
    headers = {key.lower(): value for key, value in capture(name)["headers"]}
    return headers.get("x-wc-webhook-topic") or name.removeprefix("ping-")


def endpoint(name: str) -> Endpoint:
    headers = {key.lower(): value for key, value in capture(name)["headers"]}
    return Endpoint(
        secrets=(capture(name)["secret"],),
        webhook_id=headers.get("x-wc-webhook-id"),
        topic=topic(name),
    )


def received(name: str) -> Received:
    return Received(topic(name), capture(name)["body"].encode(), None, "http://127.0.0.1:8088")
