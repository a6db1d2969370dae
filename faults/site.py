"""The whole installation as real processes: what a machine of an operator runs, and two stores."""

import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis
from redis.exceptions import RedisError

from app.bootstrap import build_deps
from app.cli.demo.environment import environment, free_ports
from app.cli.run import web_command
from app.config import Settings, load_settings
from app.deps import Deps
from app.supervisor.guardian import Guardian
from app.supervisor.lock import exclusive
from app.supervisor.processes import kill_run
from app.supervisor.ready import http_ready
from app.supervisor.valkey import local_valkey
from faults.before import unpack
from faults.entry.broken import BROKEN
from faults.entry.fuse import FUSE
from faults.entry.world import DIRECTORY, READY
from faults.postgres import Server, open_to_others
from faults.program import Program

_START_SECONDS = 240.0
_KEPT_DOWN = 3600.0  # seconds; longer than any fault
WORKERS = ("worker-1", "worker-2")
_OLD_FIRST = ("worker-1", "clock")  # at the beginning of a run with two commits


class CannotStart(RuntimeError):
    """The harness itself could not set the stage; says nothing about the product."""


class Site:
    """Started when entered; nothing is left of it when left."""

    def __init__(
        self,
        database: str,
        mail_port: int,
        *,
        before: str = "",
        broken: str = "",
        fuse: str = "",
        keep: bool = False,
    ) -> None:
        """`database`: sqlite or postgresql. `mail_port`: where the SMTP sink listens. `before`: a
        commit whose code runs beside the present one. `broken`: a guard; `fuse`: that of the first
        workers.
        """
        self.root = Path(tempfile.mkdtemp(prefix="afterglow-faults-"))
        self.world = self.root / "world"
        self.logs = self.root / "logs"
        self.data = self.root / "data"
        self._database, self._mail_port, self._before = database, mail_port, before
        self._broken, self._fuse, self._keep = broken, fuse, keep
        self._stack = ExitStack()
        self._run = secrets.token_hex(16)
        self._down_until: dict[str, float] = {}
        self.programs: dict[str, Program] = {}
        self.server: Server | None = None

    # start and end

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end()

    def _start(self) -> None:
        open_to_others(self.root)
        for directory in (self.world, self.logs, self.data):
            directory.mkdir()
        lock = self._stack.enter_context(exclusive(self.root / "harness"))
        self._guardian = Guardian(self._run, lock)
        self._environment()
        self.settings: Settings = load_settings()
        self._add_servers()
        for name in self.programs:
            self._first(name)
        self.command("migrate")
        self._add_stores()
        self._add_services()
        for name, program in self.programs.items():
            if not program.starts:
                self._first(name)
        self.deps: Deps = build_deps(self.settings)

    def _end(self) -> None:
        with suppress(Exception):
            self.deps.db.engine.dispose()
        for program in reversed(self.programs.values()):
            with suppress(Exception):
                program.kill()
        kill_run(self._run)
        with suppress(Exception):
            self._guardian.dismiss()
        self._stack.close()
        if not self._keep:
            shutil.rmtree(self.root, ignore_errors=True)

    def _first(self, name: str) -> None:
        self.programs[name].start({FUSE: self._fuse} if name in WORKERS else None)
        if not self.programs[name].wait_until_ready(_START_SECONDS):
            raise CannotStart(f"{name} did not start:\n{self.tail(name)}")

    def _environment(self) -> None:
        """This process and all that it starts are part of the site, until its end."""
        before = dict(os.environ)
        self._stack.callback(os.environ.update, before)
        self._stack.callback(os.environ.clear)
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEYS"):
            os.environ.pop(name, None)
        self.ports = free_ports()
        os.environ.update(
            environment(self.data, self.ports)
            | {
                "MAIL_TRANSPORT": "smtp",
                "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": str(self._mail_port),
                "SMTP_SECURITY": "none",
                "LOG_FORMAT": "json",
                DIRECTORY: str(self.world),
                BROKEN: self._broken,
            }
        )
        valkey = local_valkey(self.data)
        os.environ["REDIS_URL"] = valkey.url
        self._valkey = valkey
        if self._database == "postgresql":
            self.server = Server(self.root / "postgres")
            os.environ["DATABASE_URL"] = self.server.url

    def _add_servers(self) -> None:
        if self.server is not None:
            self._add(
                "postgres", self.server.argv, user=self.server.user, ready=self.server.answers
            )
        if (process := self._valkey.process) is None:
            raise CannotStart("a server answers in a directory that was just made")
        self._add("valkey", list(process.argv), cwd=process.cwd, ready=process.ready)

    def _add_stores(self) -> None:
        shopify, woocommerce = self.settings.twins
        secrets_ = ["--client-id", self.settings.shopify_client_id]
        secrets_ += ["--client-secret", self.settings.shopify_client_secret]
        self._add(
            "shopify",
            [sys.executable, "-m", "twins.shopify", "--port", str(self.ports.shopify),
             "--seed", "demo", "--app-url", self.settings.public_url, *secrets_,
             "--retry-scale", "0.02"],
            ready=http_ready(f"{shopify}/_twin/health"),
        )  # fmt: skip
        self._add(
            "woocommerce",
            [sys.executable, "-m", "twins.woocommerce", "--port", str(self.ports.woocommerce),
             "--seed", "demo", "--queue-delay", "0.1", "--allow-http-callback"],
            ready=http_ready(f"{woocommerce}/_twin/health"),
        )  # fmt: skip

    def _add_services(self) -> None:
        web = [*web_command(self.settings)[:-1], "faults.entry.web:create_front"]
        self._add("web", web, ready=http_ready(f"{self.settings.public_url}/healthz"))
        for name in (*WORKERS, "clock"):
            module = f"faults.entry.{name.partition('-')[0]}"
            program = self._add(name, [sys.executable, "-m", module])
            program.be_ready_when(self._says_so)
        if self._before:
            old = unpack(self._before, self.root / "before")
            for name in _OLD_FIRST:
                self.programs[name].cwd = old

    def _add(
        self,
        name: str,
        argv: list[str],
        *,
        cwd: Path | None = None,
        user: str | None = None,
        ready: Callable[[], bool] | None = None,
    ) -> Program:
        program = Program(
            name, argv, log=self.logs / f"{name}.log", run=self._run, guardian=self._guardian,
            cwd=cwd, user=user, ready=ready,
        )  # fmt: skip
        self.programs[name] = program
        return program

    def _says_so(self, pid: int) -> bool:
        return (self.world / f"{READY}{pid}").exists()

    # what the harness does to it

    def keep_running(self, env_of: "Mapping[str, Mapping[str, str]] | None" = None) -> None:
        """Start what has ended and is not kept down."""
        now = time.monotonic()
        for name, program in self.programs.items():
            if not program.runs and self._down_until.get(name, 0) <= now:
                program.start((env_of or {}).get(name))

    def keep_down(self, name: str, seconds: float = _KEPT_DOWN) -> None:
        """Kill it, and do not start it again for so long."""
        self.programs[name].kill()
        self._down_until[name] = time.monotonic() + seconds

    def hand_over(self, name: str) -> None:
        """Start the next generation of a program, and stop the one before once it is there."""
        before = self.programs[name]
        after = before.successor()
        self.change_code(after)
        after.start()
        self.programs[name] = after
        time.sleep(1.5)  # both are at work
        before.stop()

    def change_code(self, program: Program) -> None:
        """From its next start on it is of the other of two commits."""
        if self._before:
            program.cwd = None if program.cwd else self.root / "before"

    def let_up(self, name: str) -> None:
        """It may be started again."""
        self._down_until.pop(name, None)

    def redis(self) -> Redis:
        """A client that gives up quickly."""
        return Redis.from_url(self.settings.redis_url, socket_timeout=2, socket_connect_timeout=1)

    def flush_redis(self) -> bool:
        """FLUSHALL; False if there is no server just now."""
        try:
            with self.redis() as redis:
                redis.flushall()
        except RedisError:
            return False
        return True

    def tell_world(self, name: str, text: str) -> None:
        """Write one of the files that running processes look at; in one step."""
        new = self.world / f".{name}.new"
        new.write_text(text)
        new.replace(self.world / name)

    def command(self, *arguments: str, seconds: float = 120) -> str:
        """Run `afterglow …`; returns what it printed. Raises CannotStart."""
        try:
            done = subprocess.run(
                [sys.executable, "-m", "app.cli", *arguments],
                capture_output=True, text=True, timeout=seconds, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise CannotStart(f"afterglow {arguments[0]} took longer than {seconds} s") from error
        if done.returncode:
            raise CannotStart(f"afterglow {arguments[0]}: {done.stdout}{done.stderr}"[-2000:])
        return done.stdout

    def sqlite(self) -> sqlite3.Connection:
        """A foreign program's connection to the SQLite file."""
        return sqlite3.connect(self.data / "afterglow.sqlite3", timeout=5, isolation_level=None)

    def tail(self, name: str) -> str:
        """The last lines of a program's log."""
        with suppress(OSError):
            return (self.logs / f"{name}.log").read_text(errors="replace")[-3000:]
        return ""
