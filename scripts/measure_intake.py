"""How many deliveries one machine takes, how fast it works them off, and in how much memory.

    python scripts/measure_intake.py [seconds] [at once]

Starts everything on a new directory, posts signed Shopify orders, and prints what it saw. The store
itself does not exist, so nothing waits for one: this measures us.
"""

import base64
import hashlib
import hmac
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import requests

ROOT = Path(__file__).resolve().parents[1]
SECRET = "measuring-0123456789-0123456789-0123456789"  # noqa: S105 - of this run alone
FIXTURE = ROOT / "tests/fixtures/shopify/orders__create__documented_2026-07.json"


def main(seconds: float = 20, at_once: int = 8) -> None:
    """Runs, measures, prints, stops."""
    with tempfile.TemporaryDirectory() as home:
        port = _free_port()
        run = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "run"],
            cwd=ROOT, env=_environment(home, port), stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(f"{url}/readyz")
            _measure(url, Path(home) / "afterglow.sqlite3", run.pid, seconds, at_once)
        finally:
            run.send_signal(signal.SIGTERM)
            run.wait()


def _measure(url: str, database: Path, pid: int, seconds: float, at_once: int) -> None:
    took: list[float] = []
    end = time.monotonic() + seconds
    threads = [threading.Thread(target=_post, args=(url, end, took)) for _ in range(at_once)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took.sort()
    print(f"accepted     {len(took) / seconds:.0f} deliveries a second, {at_once} at once")
    print(f"answered in  {took[len(took) // 2] * 1000:.0f} ms (half), "
          f"{took[int(len(took) * 0.95)] * 1000:.0f} ms (95 %)")  # fmt: skip
    for process in psutil.Process(pid).children(recursive=True):
        name = " ".join(process.cmdline())
        for part in ("granian", "app.worker", "app.clock", "valkey-server", "redis-server"):
            if part in name:
                print(f"memory       {process.memory_info().rss / 1e6:.0f} MB  {part}")
    before, began = _pending(database), time.monotonic()
    time.sleep(5)
    rate = (before - _pending(database)) / (time.monotonic() - began)
    print(f"worked off   {rate:.0f} a second by one worker ({before} waited)")
    print(f"stored       {database.stat().st_size / len(took) / 1000:.1f} KB a delivery")


def _post(url: str, end: float, took: list[float]) -> None:
    order = json.loads(FIXTURE.read_text())["body"]
    with requests.Session() as session:
        while time.monotonic() < end:
            order["id"] = uuid.uuid4().int >> 76
            body = json.dumps(order).encode()
            digest = hmac.new(SECRET.encode(), body, hashlib.sha256).digest()
            headers = {
                "X-Shopify-Topic": "orders/create",
                "X-Shopify-Shop-Domain": "measured.myshopify.com",
                "X-Shopify-Webhook-Id": str(uuid.uuid4()),
                "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
            }
            began = time.monotonic()
            if session.post(f"{url}/webhooks/shopify", body, headers=headers, timeout=30).ok:
                took.append(time.monotonic() - began)


def _pending(database: Path) -> int:
    connection = sqlite3.connect(database, timeout=30)
    try:
        query = "SELECT count(*) FROM inbox WHERE state = 'pending'"
        return int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()


def _environment(home: str, port: int) -> dict[str, str]:
    return {
        **os.environ,
        "ENVIRONMENT": "development", "DATA_DIR": home, "MAIL_TRANSPORT": "outbox",
        "SECRET_KEYS": SECRET, "SHOPIFY_CLIENT_ID": "measuring", "SHOPIFY_CLIENT_SECRET": SECRET,
        "WEB_PORT": str(port), "PUBLIC_URL": f"http://127.0.0.1:{port}", "LOG_LEVEL": "ERROR",
    }  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(url: str) -> None:
    for _ in range(600):
        try:
            if requests.get(url, timeout=1).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    sys.exit("It did not start. Run `afterglow run` by hand to see why.")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
