"""`afterglow run`: web, worker, clock, and a local Valkey where no REDIS_URL is given."""

import argparse
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from app.cli.demo.stores import connect_demo_stores
from app.config import Settings, load_settings
from app.db.migrate import upgrade
from app.supervisor.processes import ProcessSpec
from app.supervisor.ready import http_ready
from app.supervisor.supervisor import Supervisor
from app.supervisor.valkey import local_valkey

SHOPIFY_TWIN_PORT, WOOCOMMERCE_TWIN_PORT = 9201, 9202


def run(options: argparse.Namespace) -> None:
    """Start everything and stay until Ctrl-C."""
    environment = dict(os.environ)
    if options.demo:
        environment |= demo_environment(Path(os.environ.get("DATA_DIR", "var")), 8000)
    os.environ.update(environment)
    settings = load_settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    try:
        start(settings, demo=options.demo)
    except RuntimeError as error:
        sys.exit(str(error))


def start(settings: Settings, *, demo: bool) -> None:
    """All processes under one supervisor. Raises RuntimeError with a sentence for the operator."""
    processes, redis_url = [], settings.redis_url
    if "REDIS_URL" not in os.environ:
        valkey = local_valkey(settings.data_dir)
        redis_url = os.environ["REDIS_URL"] = valkey.url
        if valkey.process:
            processes.append(valkey.process)
    upgrade(settings.database)
    processes += services(settings, {"REDIS_URL": redis_url})
    if demo:
        processes += twins(settings)

    def when_ready() -> None:
        if demo:
            connect_demo_stores(settings)
        _say_where(settings, demo=demo)

    Supervisor(processes, settings.data_dir).run(when_ready)


def services(settings: Settings, env: Mapping[str, str]) -> list[ProcessSpec]:
    """Web, worker and clock."""
    web = f"http://127.0.0.1:{settings.web_port}"
    return [
        ProcessSpec("web", web_command(settings), env, http_ready(f"{web}/healthz")),
        ProcessSpec("worker", [sys.executable, "-m", "app.worker"], env),
        ProcessSpec("clock", [sys.executable, "-m", "app.clock"], env),
    ]


def web_command(settings: Settings) -> list[str]:
    """granian with our application: one process, some threads, no access log (signed paths)."""
    host = "127.0.0.1" if settings.development else "0.0.0.0"  # noqa: S104 - behind a proxy
    return [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--factory",
        "--host", host, "--port", str(settings.web_port), "--workers", "1",
        "--blocking-threads", str(settings.web_threads), "--no-ws",
        "--workers-kill-timeout", "5", "--log-level", "warning", "app.web:create_app",
    ]  # fmt: skip


def twins(settings: Settings) -> list[ProcessSpec]:
    """The two demo stores."""
    shopify, woocommerce = settings.twins
    state = settings.data_dir.resolve()
    return [
        ProcessSpec(
            "shopify",
            [
                sys.executable, "-m", "twins.shopify", "--port", shopify.rpartition(":")[2],
                "--state", str(state / "twin-shopify.sqlite3"), "--seed", "demo",
                "--app-url", settings.public_url, "--retry-scale", "0.001",
                "--client-id", settings.shopify_client_id,
                "--client-secret", settings.shopify_client_secret,
            ],
            ready=http_ready(f"{shopify}/_twin/health"),
        ),
        ProcessSpec(
            "woo",
            [
                sys.executable, "-m", "twins.woocommerce", "--port", woocommerce.rpartition(":")[2],
                "--state", str(state / "twin-woocommerce.sqlite3"), "--seed", "demo",
                "--queue-delay", "0.3", "--allow-http-callback",
            ],
            ready=http_ready(f"{woocommerce}/_twin/health"),
        ),
    ]  # fmt: skip


def demo_environment(
    data_dir: Path,
    web_port: int,
    shopify_port: int = SHOPIFY_TWIN_PORT,
    woocommerce_port: int = WOOCOMMERCE_TWIN_PORT,
) -> dict[str, str]:
    """Settings for a demo: development, local twins, mails into an outbox, keys of its own."""
    shopify = f"http://127.0.0.1:{shopify_port}"
    return {
        "ENVIRONMENT": "development",
        "DATA_DIR": str(data_dir),
        "SECRET_KEYS": _own_secret(data_dir),
        "WEB_PORT": str(web_port),
        "PUBLIC_URL": f"http://127.0.0.1:{web_port}",
        "ALLOW_LOOPBACK_STORES": "true",
        "SHOPIFY_CLIENT_ID": "demo-client-id",
        "SHOPIFY_CLIENT_SECRET": "demo-client-secret-for-the-twin-only",
        "SHOPIFY_ORIGIN": shopify,
        "SHOPIFY_APP_BRIDGE_URL": f"{shopify}/_twin/app-bridge.js",
        "TWIN_URLS": f"{shopify},http://127.0.0.1:{woocommerce_port}",
        "MAIL_TRANSPORT": "outbox",
        "MAIL_FROM": "hello@afterglow.example",
        "LOG_FORMAT": "console",
        "LOG_LEVEL": "WARNING",
    }


def _own_secret(data_dir: Path) -> str:
    """Made once per data directory, so that a restart can open what it sealed."""
    data_dir.mkdir(parents=True, exist_ok=True)
    path = data_dir / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def _say_where(settings: Settings, *, demo: bool) -> None:
    print(f"\nAfterglow runs at {settings.public_url}. Ctrl-C stops everything.\n")
    if demo:
        shopify, woocommerce = settings.twins
        print(f"  Demo: clock and outbox        {settings.public_url}/dev/")
        print(f"  WooCommerce demo store        {woocommerce}/_twin/")
        print(f"  … its Afterglow dashboard     {settings.public_url}/dev/enter")
        print(f"  Shopify demo store            {shopify}/_twin/")
        print(f"  … Afterglow inside its admin  {shopify}/store/cinar-breza/apps/afterglow\n")
    sys.stdout.flush()
