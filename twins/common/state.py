"""A twin's memory: JSON documents, all in one SQLite file so that a restarted twin keeps them."""

import json
import sqlite3
from pathlib import Path
from threading import RLock
from typing import Any

Document = dict[str, Any]


class Documents:
    """Documents by kind and id, read from memory and written through to SQLite.

    Every read returns a copy, so a change counts only once it is `put`. Hold `lock` around a
    read-change-write. Nothing survives with the path ':memory:'.
    """

    def __init__(self, path: str = ":memory:") -> None:
        self.lock = RLock()
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        # A killed process loses nothing with synchronous off; only a power cut could.
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute(
            "CREATE TABLE IF NOT EXISTS documents"
            " (kind TEXT, id TEXT, body TEXT NOT NULL, PRIMARY KEY (kind, id))"
        )
        self._bodies: dict[str, dict[str, str]] = {}
        for kind, key, body in self._database.execute(
            "SELECT kind, id, body FROM documents ORDER BY rowid"
        ):
            self._bodies.setdefault(kind, {})[key] = body

    def get(self, kind: str, key: str | int) -> Document | None:
        """Return a copy of one document, or None."""
        with self.lock:
            body = self._bodies.get(kind, {}).get(str(key))
        return json.loads(body) if body is not None else None

    def put(self, kind: str, key: str | int, document: Document) -> None:
        """Store a document, replacing the one with that key; it keeps its place in `all`."""
        body = json.dumps(document, ensure_ascii=False)
        with self.lock:
            self._bodies.setdefault(kind, {})[str(key)] = body
            self._database.execute(
                "INSERT INTO documents (kind, id, body) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                (kind, str(key), body),
            )

    def delete(self, kind: str, key: str | int) -> None:
        """Forget a document; deleting what is not there is no error."""
        with self.lock:
            self._bodies.get(kind, {}).pop(str(key), None)
            self._database.execute(
                "DELETE FROM documents WHERE kind = ? AND id = ?", (kind, str(key))
            )

    def all(self, kind: str) -> list[Document]:
        """Copies of every document of a kind, in the order they were first put."""
        with self.lock:
            bodies = list(self._bodies.get(kind, {}).values())
        return [json.loads(body) for body in bodies]

    def next_id(self, sequence: str, start: int = 1) -> int:
        """Return the next number of a named sequence; numbers are never reused."""
        with self.lock:
            used = self.get("sequence", sequence)
            number = int(used["last"]) + 1 if used else start
            self.put("sequence", sequence, {"last": number})
            return number

    def close(self) -> None:
        """Close the file; the object is of no use afterwards."""
        with self.lock:
            self._database.close()
