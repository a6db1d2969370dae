"""A whole shop to take along: everything but keys and scaffolding, opened, as JSON."""

import json
import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

from app.db.dump import EXPORTED, rows, shop_row
from app.db.session import UnitOfWork
from app.domain.ids import ShopId
from app.pipeline.runtime import Runtime

_PART = 262_144  # bytes


class ShopFile:
    """Whole shops as a file: the database is done with before anybody is waited for.

    It has no name, so it is gone with whoever wrote it, however he ends; and its key is in memory
    only, so nobody can read what it leaves on the disk. To be closed.
    """

    def __init__(self, rt: Runtime, shop_ids: Sequence[ShopId], data_dir: Path) -> None:
        """Raises LookupError for an unknown shop."""
        self.size = 0
        self._cipher = Cipher(AES256(secrets.token_bytes(32)), CTR(bytes(16)))  # one key, one file
        place = data_dir if data_dir.is_dir() else None
        self._file = TemporaryFile(dir=place)  # noqa: SIM115 - closed by `close`
        try:
            sealing = self._cipher.encryptor()
            for piece in whole_shops(rt, shop_ids):
                self.size += self._file.write(sealing.update(piece.encode()))
            self._file.seek(0)
        except BaseException:
            self.close()
            raise

    def __iter__(self) -> Iterator[bytes]:
        opening = self._cipher.decryptor()
        while part := self._file.read(_PART):
            yield opening.update(part)
        self.close()

    def close(self) -> None:
        """Nothing is left."""
        self._file.close()


def whole_shops(rt: Runtime, shop_ids: Sequence[ShopId]) -> Iterator[str]:
    """One JSON document in pieces: `{"shops": [{"id": …, "orders": […], …}, …]}`.

    A row per line and never more than some hundred in memory, whatever the size of the shop; all of
    it from one moment. Raises LookupError for an unknown shop.
    """
    yield '{"shops": ['
    with rt.db.snapshot() as uow:
        for number, shop_id in enumerate(shop_ids):
            yield ",\n" if number else "\n"
            yield from _whole_shop(uow, shop_id)
    yield "\n]}\n"


def _whole_shop(uow: UnitOfWork, shop_id: ShopId) -> Iterator[str]:
    yield _json(shop_row(uow, shop_id))[:-1]
    for name, table in EXPORTED.items():
        yield f',\n"{name}": ['
        for number, row in enumerate(rows(uow, table, shop_id)):
            yield f"{',' if number else ''}\n{_json(row)}"
        yield "]"
    yield "}"


def _json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> str:
    """Times as ISO 8601. Raises TypeError for anything else: nothing is guessed."""
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not exported")
