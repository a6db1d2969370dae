"""`afterglow run`: web, worker, clock, and a local Valkey where no REDIS_URL is given."""

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from app.cli.demo.environment import Ports, use
from app.cli.demo.stores import connect_demo_stores
from app.config import Settings, load_settings
from app.db.migrate import upgrade
from app.supervisor.lock import AlreadyRunningError, exclusive
from app.supervisor.processes import ProcessSpec
from app.supervisor.ready import http_ready
from app.supervisor.supervisor import Supervisor
from app.supervisor.valkey import local_valkey

READY = "Afterglow runs at"  # how the line begins that says so


def run(options: argparse.Namespace) -> None:
    """Start everything and stay until Ctrl-C."""
    data_dir = Path(os.environ.get("DATA_DIR") or "var")
    try:
        # First of all: a second run must not touch what the first one uses.
        with exclusive(data_dir):
            pass
    except AlreadyRunningError as error:
        sys.exit(str(error))
    except OSError as error:
        sys.exit(
            f"The data directory {data_dir} cannot be written ({error.strerror}). Nothing was "
            "started. Mend its rights, or set DATA_DIR to another one."
        )
    if options.demo:
        ports = Ports(*options.ports) if options.ports else Ports()
        if ports.taken:
            sys.exit(_taken(ports))
        use(ports)
    settings = load_settings()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        _start(settings, demo=options.demo, connect=not options.unconnected)
    except RuntimeError as error:
        sys.exit(str(error))


def _start(settings: Settings, *, demo: bool, connect: bool) -> None:
    """All processes under one supervisor. Raises RuntimeError with a sentence for the operator."""
    processes, redis_url = [], settings.redis_url
    if "REDIS_URL" not in os.environ:
        valkey = local_valkey(settings.data_dir)
        redis_url = os.environ["REDIS_URL"] = valkey.url
        if valkey.process:
            processes.append(valkey.process)
    upgrade(settings.database)
    processes += _services(settings, {"REDIS_URL": redis_url})
    if demo:
        processes += _twins(settings)

    def when_ready() -> None:
        if demo and connect:
            connect_demo_stores(load_settings())
        _say_where(settings, demo=demo)

    Supervisor(processes, settings.data_dir).run(when_ready)


AT_ONCE = 512  # connections, idle ones too; others wait in the system's queue


def _services(settings: Settings, env: Mapping[str, str]) -> list[ProcessSpec]:
    """Web, workers and clock."""
    web = f"http://127.0.0.1:{settings.web_port}"
    return [
        ProcessSpec("web", web_command(settings), env, http_ready(f"{web}/healthz")),
        *(
            ProcessSpec(f"worker{number}", [sys.executable, "-m", "app.worker"], env)
            for number in ("", *range(2, settings.workers + 1))
        ),
        ProcessSpec("clock", [sys.executable, "-m", "app.clock"], env),
    ]


def web_command(settings: Settings) -> list[str]:
    """granian with our application: one process, one event loop, no access log (signed paths).

    HTTP/1 alone: while granian looks whether a connection speaks HTTP/2, it waits without end for
    one that says nothing.
    """
    host = "127.0.0.1" if settings.development else "0.0.0.0"  # noqa: S104 - behind a proxy
    return [
        sys.executable, "-m", "granian", "--interface", "rsgi", "--loop", "uvloop", "--factory",
        "--host", host, "--port", str(settings.web_port), "--workers", "1",
        "--backpressure", str(AT_ONCE), "--no-ws", "--http", "1",
        "--workers-kill-timeout", "5", "--log-level", "warning", "app.front:create_front",
    ]  # fmt: skip


def _twins(settings: Settings) -> list[ProcessSpec]:
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
                "--queue-delay", "0.1", "--allow-http-callback", "--plugin",
            ],
            ready=http_ready(f"{woocommerce}/_twin/health"),
        ),
    ]  # fmt: skip


def _taken(ports: Ports) -> str:
    taken = ", ".join(map(str, ports.taken))
    return (
        f"Other programs listen on this machine's port {taken}, so nothing was started. Stop them, "
        "or choose other ports: .venv/bin/afterglow run --demo --ports 8010 9211 9212"
    )


def _say_where(settings: Settings, *, demo: bool) -> None:
    print(f"\n{READY} {settings.public_url}. Ctrl-C stops everything.\n")
    if demo:
        shopify, woocommerce = settings.twins
        print(f"  Clock and outbox               {settings.public_url}/dev/")
        print(f"  WooCommerce demo store         {woocommerce}/")
        print(f"  … as its merchant              {woocommerce}/wp-admin/")
        print(f"  … Afterglow in its admin       {woocommerce}/wp-admin/admin.php?page=afterglow")
        print(f"  … its Afterglow dashboard      {settings.public_url}/dev/enter")
        print(f"  Shopify demo store             {shopify}/store/cinar-breza/storefront")
        print(f"  … as its merchant              {shopify}/store/cinar-breza/")
        print(f"  … Afterglow inside its admin   {shopify}/store/cinar-breza/apps/afterglow\n")
    sys.stdout.flush()
