"""A backup takes the place of the newer database in the middle.

Between backup and restore no day of business time passes: its offset stands in the database, too,
and going back would also take the world back.
"""

import os
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from faults.site import WORKERS, CannotStart, Site
from faults.tempo import Tempo

_SERVICES = ("web", *WORKERS, "clock")


@dataclass(frozen=True)
class Window:
    """A span that a restored backup does not know: monotonic seconds, and business time."""

    began: float
    ended: float
    began_at: datetime
    ended_at: datetime

    def forgot(self, moment: float) -> bool:
        """Whether something of that moment (monotonic) is lost with it."""
        return self.began - 1 <= moment <= self.ended

    def forgot_delivery(self, at: datetime) -> bool:
        """The same for a delivery, by the store's business time."""
        second = timedelta(seconds=1)
        return self.began_at - second <= at <= self.ended_at + second


class Backups:
    """Makes one, and puts it back."""

    def __init__(self, site: Site, tempo: Tempo) -> None:
        self._site, self._tempo = site, tempo
        self._file: Path | None = None
        self._made_at, self._made_on = 0.0, tempo.now()
        self._number = 0
        self.windows: list[Window] = []

    def make(self) -> bool:
        """Copy the running database; False if that could not be had just now."""
        if self._file is not None:  # one is to be put back yet
            return False
        self._number += 1
        file = self._site.root / f"backup-{self._number}"
        self._tempo.stand_still(still=True)
        made_at, made_on = time.monotonic(), self._tempo.now()
        try:
            if self._site.server is None:
                self._site.command("backup", str(file))
            else:
                self._postgres(
                    "pg_dump", "--format=custom", f"--file={file}", self._site.server.url
                )
        except CannotStart:
            self._tempo.stand_still(still=False)
            return False
        self._file, self._made_at, self._made_on = file, made_at, made_on
        return True

    def put_back(self) -> None:
        """Stop everything, restore, start again. Raises CannotStart if it cannot be done."""
        if self._file is None:
            return
        file, self._file = self._file, None
        for name in _SERVICES:
            self._site.keep_down(name)
        self._site.deps.db.engine.dispose()
        try:
            if self._site.server is None:
                self._into_sqlite(file)
            else:
                self._into_postgres(file)
            self.windows.append(
                Window(self._made_at, time.monotonic(), self._made_on, self._tempo.now())
            )
        finally:
            for name in _SERVICES:
                self._site.let_up(name)
            self._tempo.stand_still(still=False)
            file.unlink(missing_ok=True)
            for aside in self._site.data.glob("afterglow-before-*"):
                aside.unlink()

    def _into_sqlite(self, file: Path) -> None:
        seconds = int(self._tempo.offset.total_seconds())
        with closing(sqlite3.connect(file)) as copy, copy:
            copy.execute("UPDATE business_clock SET offset_seconds = ?", (seconds,))
        self._site.command("restore", str(file))

    def _into_postgres(self, file: Path) -> None:
        server = self._site.server
        if server is None:
            raise AssertionError("there is no such server")
        program = self._site.programs["postgres"]
        if not program.runs:  # killed a moment ago; whoever starts it again is busy here
            program.start()
        program.wait_until_ready(30)
        how = ("--clean", "--if-exists", "--single-transaction", "--no-owner")
        for attempt in range(5):
            try:
                self._postgres("pg_restore", *how, f"--dbname={server.url}", str(file))
                break
            except CannotStart:
                if attempt == 4:
                    raise
                time.sleep(2)
        seconds = int(self._tempo.offset.total_seconds())
        with server.connected() as connection:
            connection.execute("UPDATE business_clock SET offset_seconds = %s", (seconds,))
        self._site.command("migrate")
        self._site.command("restored")

    def _postgres(self, program: str, *arguments: str) -> None:
        if self._site.server is None:
            raise AssertionError("there is no such server")
        try:
            done = subprocess.run(
                [str(self._site.server.programs / program), *arguments],
                capture_output=True, text=True, timeout=120, check=False, env=os.environ,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise CannotStart(f"{program} did not end: somebody keeps it waiting") from error
        if done.returncode:
            raise CannotStart(f"{program}: {done.stderr[-1000:]}")
