"""Stand-in stores in processes of their own, and our shops connected to them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from app.deps import Deps
from app.domain.ids import ShopId
from app.platforms.base import StoreInfo
from app.services import connections
from app.supervisor.ready import http_ready
from bench.processes import ROOT, free_port, running

CLIENT_ID, CLIENT_SECRET = "bench", "bench-client-secret-0123456789-0123456789"
SHOPIFY = "cinar-breza"


@contextmanager
def twin(folder: Path, platform: str) -> Iterator[str]:
    """Its address. It delivers to those whom it is told of, WooCommerce's without its delay."""
    port = free_port()
    argv = [sys.executable, "-m", f"twins.{platform}", "--port", str(port), "--seed", "demo"]
    if platform == "woocommerce":
        argv += ["--queue-delay", "0.02"]
    else:
        argv += ["--client-id", CLIENT_ID, "--client-secret", CLIENT_SECRET]
        argv += ["--app-url", "http://127.0.0.1:9"]
    url = f"http://127.0.0.1:{port}"
    ready = http_ready(f"{url}/_twin/health")
    with running(argv, {}, folder / f"{platform}.log", ready, ROOT):
        yield url


def connect(deps: Deps, platform: str, url: str) -> ShopId:
    """As a merchant does it."""
    if platform == "shopify":
        token = ask(url, "GET", f"shops/{SHOPIFY}/id-token?seconds=60")["id_token"]
        known: Any = deps.platforms["shopify"]
        domain = f"{SHOPIFY}.myshopify.com"
        return connections.enter(
            deps, "shopify", domain, lambda: known.tokens.exchange(domain, token)
        ).id
    key = ask(url, "POST", "keys")
    keys = (key["consumer_key"], key["consumer_secret"])
    info = connections.verify(deps, "woocommerce", url, keys)
    assert isinstance(info, StoreInfo)
    return connections.connect(deps, "woocommerce", url, keys, info).id


def ask(url: str, method: str, path: str, given: Any = None) -> Any:
    """The twin's control API."""
    answer = requests.request(method, f"{url}/_twin/{path}", json=given, timeout=30)
    answer.raise_for_status()
    return answer.json() if answer.content else None
