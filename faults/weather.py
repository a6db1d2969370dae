"""Everything that can go wrong around the processes: begins, lasts, and ends without a trace."""

import signal
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from random import Random
from typing import Any

import psycopg
import requests
from redis.exceptions import RedisError

from faults.mailbox import Mailbox
from faults.plan import Event
from faults.site import Site

End = Callable[[], None]
_TWIN_SECONDS = 15


class Weather:
    """Begins faults; each answers with what ends it."""

    def __init__(self, site: Site, mailbox: Mailbox, seed: int) -> None:
        self._site, self._mailbox = site, mailbox
        self._random = Random(f"{seed}:mail")
        self._urls = dict(zip(("shopify", "woocommerce"), site.settings.twins, strict=True))
        self._trouble: tuple[str, float] = ("", 0)
        mailbox.be_troubled(self._mail_trouble)
        self._begin: dict[str, Callable[[Event], End | None]] = {
            "redis stands still": self._still,
            "redis is away": self._away,
            "redis is flushed": lambda _event: self._nothing(site.flush_redis()),
            "redis is full": self._redis_full,
            "database is locked": self._locked,
            "database is full": lambda _event: self._database("full"),
            "database is read-only": lambda _event: self._database("readonly"),
            "store is slow": lambda e: self._store(e, kind="slow", seconds=1.5),
            "store answers 5xx": lambda e: self._store(e, kind="status", status=503),
            "store answers 429": lambda e: self._store(e, kind="status", status=429, retry_after=2),
            "store is throttled": lambda e: self._store(e, kind="throttle"),
            "store cuts after acting": lambda e: self._store(e, kind="cut"),
            "deliveries get lost": lambda e: self._store(e, kind="drop"),
            "deliveries come late and reversed": self._held_back,
            "deliveries come twice": self._twice,
            "mail server refuses": lambda e: self._mail(e, "refuse"),
            "mail server cuts after taking": lambda e: self._mail(e, "cut"),
            "clock jumps": self._jump,
        }

    def begin(self, event: Event) -> End | None:
        """Let it happen; returns what ends it, None if there is nothing to end."""
        return self._begin[event.kind](event)

    def clear(self) -> None:
        """Whatever there is, it ends now."""
        self._trouble = ("", 0)
        for url in self._urls.values():
            self._control(url, "DELETE", "faults")
        self._site.programs["valkey"].signal(signal.SIGCONT)
        with suppress(RedisError), self._site.redis() as redis:
            redis.config_set("maxmemory", 0)
        self._site.tell_world("database", "")
        self._site.tell_world("clock", "0")
        if self._site.server is not None:
            with suppress(psycopg.Error):
                self._site.server.forbid_writing(forbidden=False)
                self._site.server.empty()

    def release(self) -> None:
        """Deliveries that are to be sent again later are sent now."""
        for url in self._urls.values():
            with suppress(requests.RequestException):
                self._control(url, "POST", "deliveries/release")

    # Redis

    def _still(self, _event: Event) -> End:
        valkey = self._site.programs["valkey"]
        valkey.signal(signal.SIGSTOP)
        return lambda: valkey.signal(signal.SIGCONT)

    def _away(self, event: Event) -> End:
        self._site.keep_down("valkey", float(event.given["lasts"]))
        return lambda: self._site.let_up("valkey")

    def _redis_full(self, _event: Event) -> End | None:
        def limit(size: int) -> None:
            with suppress(RedisError), self._site.redis() as redis:
                redis.config_set("maxmemory", size)

        limit(1)
        return lambda: limit(0)

    # the database

    def _locked(self, _event: Event) -> End | None:
        """Somebody else holds what every write needs."""
        if self._site.server is None:
            foreign = self._site.sqlite()
            try:
                foreign.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:  # busy: it is locked enough
                foreign.close()
                return None
            return foreign.close
        try:
            session = psycopg.connect(self._site.server.url, connect_timeout=3)
        except psycopg.Error:
            return None
        try:
            session.execute(b"SET lock_timeout = '3s'")
            session.execute(b"LOCK TABLE actions, inbox IN SHARE ROW EXCLUSIVE MODE")
        except psycopg.Error:
            session.close()
            return None
        return session.close

    def _database(self, how: str) -> End | None:
        server = self._site.server
        if server is None:
            self._site.tell_world("database", how)
            return lambda: self._site.tell_world("database", "")
        begin: Callable[[], None] = server.fill
        end: Callable[[], None] = server.empty
        if how == "readonly":
            begin = partial(server.forbid_writing, forbidden=True)
            end = partial(server.forbid_writing, forbidden=False)
        with suppress(psycopg.Error):  # killed just now, perhaps after it heard of it
            begin()
        return end  # raises psycopg.Error where it is to be tried again

    # stores, deliveries, mail

    def _store(self, event: Event, **fault: Any) -> End:
        url = self._urls[event.given["store"]]
        self._control(url, "POST", "faults", {"percent": event.given["percent"], **fault})
        return lambda: self._control(url, "DELETE", "faults")

    def _held_back(self, event: Event) -> End:
        url = self._urls[event.given["store"]]
        self._control(url, "POST", "deliveries/hold")
        return lambda: self._control(url, "POST", "deliveries/release", {"order": "reversed"})

    def _twice(self, event: Event) -> None:
        """The last deliveries come again, byte by byte."""
        url = self._urls[event.given["store"]]
        lines = requests.get(f"{url}/_twin/deliveries", timeout=_TWIN_SECONDS).json()
        for line in lines[-6:]:
            self._control(url, "POST", f"deliveries/{line['id']}/resend")

    def _mail(self, event: Event, how: str) -> End:
        self._trouble = (how, float(event.given["percent"]))

        def end() -> None:
            self._trouble = ("", 0)

        return end

    def _mail_trouble(self) -> str:
        how, percent = self._trouble
        return how if how and self._random.uniform(0, 100) < percent else ""

    def _jump(self, event: Event) -> End:
        """The machine's clock is put forward or back, and right again later."""
        self._site.tell_world("clock", str(event.given["jump"]))
        return lambda: self._site.tell_world("clock", "0")

    def _nothing(self, _done: object) -> None:
        return None

    @staticmethod
    def _control(url: str, method: str, path: str, given: Any = None) -> None:
        answer = requests.request(
            method, f"{url}/_twin/{path}", json=given or {}, timeout=_TWIN_SECONDS
        )
        answer.raise_for_status()
