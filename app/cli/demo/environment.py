"""Settings of a demo: development, twin stores, mails into an outbox, a secret of its own."""

import json
import os
import secrets
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from app.config import GENERATED

_PORTS = "demo-ports.json"


@dataclass(frozen=True)
class Ports:
    """Where a demo listens on this machine."""

    web: int = 8000
    shopify: int = 9201
    woocommerce: int = 9202

    @property
    def taken(self) -> list[int]:
        """Those that another program listens on."""
        return [port for port in (self.web, self.shopify, self.woocommerce) if _is_taken(port)]


def use(ports: Ports) -> None:
    """Make this process, and what it starts, part of the demo in DATA_DIR."""
    data_dir = _data_dir()
    keys = _keys(data_dir)
    os.environ.update({**environment(data_dir, ports), "SECRET_KEYS": keys})
    (data_dir / _PORTS).write_text(json.dumps(asdict(ports)))


def use_if_unconfigured() -> None:
    """Without settings of one's own, commands mean the demo that last ran here.

    An ENVIRONMENT or keys that are not the demo's are an installation of one's own. What is set
    besides is never replaced.
    """
    data_dir, is_set = _data_dir(), os.environ.get
    known = data_dir / _PORTS
    if is_set("ENVIRONMENT") or not known.exists():
        return
    if is_set("SECRET_KEYS") and not _hold_own(os.environ["SECRET_KEYS"], data_dir):
        return
    for name, value in environment(data_dir, Ports(**json.loads(known.read_text()))).items():
        if not is_set(name):
            os.environ[name] = value


def _data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR", "var")).resolve()


def free_ports() -> Ports:
    """Three that nobody listens on now."""
    with socket.socket() as first, socket.socket() as second, socket.socket() as third:
        found = []
        for each in (first, second, third):
            each.bind(("127.0.0.1", 0))
            found.append(each.getsockname()[1])
    return Ports(*found)


def environment(data_dir: Path, ports: Ports) -> dict[str, str]:
    """Environment variables for everything that a demo starts."""
    shopify = f"http://127.0.0.1:{ports.shopify}"
    return {
        "ENVIRONMENT": "development",
        "DATA_DIR": str(data_dir),
        "SECRET_KEYS": _own_secret(data_dir),
        "WEB_PORT": str(ports.web),
        "WORKERS": "1",
        "PUBLIC_URL": f"http://127.0.0.1:{ports.web}",
        "ALLOW_LOOPBACK_STORES": "true",
        "SHOPIFY_CLIENT_ID": "demo-client-id",
        "SHOPIFY_CLIENT_SECRET": f"{GENERATED}for-the-twin-only",
        "SHOPIFY_ORIGIN": shopify,
        "SHOPIFY_APP_BRIDGE_URL": f"{shopify}/_twin/app-bridge.js",
        "TWIN_URLS": f"{shopify},http://127.0.0.1:{ports.woocommerce}",
        "MAIL_TRANSPORT": "outbox",
        "MAIL_FROM": "hello@afterglow.example",
        "LOG_FORMAT": "console",
        "LOG_LEVEL": "WARNING",
    }


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _keys(data_dir: Path) -> str:
    """Those that are set, if the demo's own is among them (it is being rotated), else its own."""
    given = os.environ.get("SECRET_KEYS", "")
    return given if _hold_own(given, data_dir) else _own_secret(data_dir)


def _hold_own(keys: str, data_dir: Path) -> bool:
    return _own_secret(data_dir) in (key.strip() for key in keys.split(","))


def _own_secret(data_dir: Path) -> str:
    """Made once per data directory, so that a restart can open what it sealed.

    Production refuses it by its beginning.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = data_dir / "secret"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(GENERATED + secrets.token_urlsafe(48))
    return path.read_text()
