"""Signed deliveries as stores send them, made before they are needed: real bodies of about 6 KB."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path
from typing import Any

_FIXTURES = Path(__file__).resolve().parent.parent / "tests" / "fixtures"
_SHOPIFY = "shopify/orders__create__captured_2021-03_fr_cash_on_delivery.json"
_WOOCOMMERCE = "woocommerce/storefront-order-completed-0-order.updated.json"
_LINES = 9  # of WooCommerce's order: with that many products its body is as long as Shopify's
_BODIES = 2_000  # different ones; then they come again, each time under an id of its own

SHOP = "measured.myshopify.com"


class Deliveries:
    """An endless iterator of requests, each a delivery that nobody sent before.

    Signing happens here, once per body; what makes a request another delivery is its id, which
    both platforms put into an unsigned header. So making one costs the load generator a microsecond
    and not the thirty that signing costs.
    """

    def __init__(self, head: str, bodies: list[tuple[str, bytes]], *, keep_alive: bool) -> None:
        """`head` has a place for the signature; the id is the last header."""
        connection = "keep-alive" if keep_alive else "close"
        self._requests = cycle(
            [
                (head.format(signature=signature, length=len(body), connection=connection).encode(),
                 b"\r\n\r\n" + body)
                for signature, body in bodies
            ]
        )  # fmt: skip
        self._ids = count(1)
        self.keep_alive = keep_alive

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        head, body = next(self._requests)
        return b"%b%032x%b" % (head, next(self._ids), body)


def shopify(secret: str, first: int, *, keep_alive: bool = True) -> Deliveries:
    """Orders of one shop, all to the app's one address; `first` tells one run's ids from others."""
    return Deliveries(
        "POST /webhooks/shopify HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: {connection}\r\n"
        "User-Agent: Shopify-Captain-Hook\r\nAccept: */*\r\nContent-Type: application/json\r\n"
        f"X-Shopify-Topic: orders/create\r\nX-Shopify-Shop-Domain: {SHOP}\r\n"
        "X-Shopify-API-Version: 2026-07\r\nX-Shopify-Triggered-At: 2026-11-24T10:00:00.000000Z\r\n"
        "X-Shopify-Hmac-Sha256: {signature}\r\nContent-Length: {length}\r\n"
        f"X-Shopify-Webhook-Id: {first:04x}-",
        [(_signature(secret, body), body) for body in _bodies(_shopify_order(), "name")],
        keep_alive=keep_alive,
    )


def woocommerce(token: str, secret: str, first: int) -> Deliveries:
    """Orders of one store to its own address, a connection each: so its captures have it."""
    return Deliveries(
        f"POST /webhooks/woocommerce/{token} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        "User-Agent: WooCommerce/10.0.2 Hookshot (WordPress/6.9.7)\r\nAccept: */*\r\n"
        "Accept-Encoding: deflate, gzip, br, zstd\r\nContent-Type: application/json\r\n"
        "X-WC-Webhook-Source: http://127.0.0.1/\r\nX-WC-Webhook-Topic: order.updated\r\n"
        "X-WC-Webhook-Resource: order\r\nX-WC-Webhook-Event: updated\r\n"
        "X-WC-Webhook-Signature: {signature}\r\nX-WC-Webhook-ID: 44\r\n"
        "Connection: {connection}\r\nContent-Length: {length}\r\n"
        f"X-WC-Webhook-Delivery-ID: {first:04x}",
        [(_signature(secret, body), body) for body in _bodies(_woocommerce_order(), "number")],
        keep_alive=False,
    )


def _signature(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


def _bodies(order: dict[str, Any], number: str) -> Iterator[bytes]:
    """The same order under other numbers, codes and addresses: what differs between real ones."""
    for index in range(_BODIES):
        code = hashlib.sha256(str(index).encode()).hexdigest()
        changed = {
            **order,
            "id": 5_000_000_000_000 + index,
            number: str(1_000 + index),
            "token": code[:32],
            "cart_hash": code[32:],
            "email": f"{code[:10]}@example.com",
        }
        yield json.dumps(changed, separators=(",", ":"), ensure_ascii=False).encode()


def _shopify_order() -> dict[str, Any]:
    order: dict[str, Any] = json.loads((_FIXTURES / _SHOPIFY).read_text())["body"]
    return order


def _woocommerce_order() -> dict[str, Any]:
    order: dict[str, Any] = json.loads(json.loads((_FIXTURES / _WOOCOMMERCE).read_text())["body"])
    (line,) = order["line_items"]
    lines = [
        {**line, "id": number, "product_id": 10 + number, "name": f"Ceramic Mug {number}"}
        for number in range(_LINES)
    ]
    return {**order, "line_items": lines}
