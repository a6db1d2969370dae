"""Looking for a person in everything that an installation keeps, however it is written."""

import base64
import binascii
import contextlib
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import zstandard
from redis import Redis
from sqlalchemy import select

from app.db.models import metadata
from app.db.session import Database
from app.domain.errors import Bug

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_PACKED = re.compile(rb"[A-Za-z0-9+/_-]{16,}={0,2}")


def plain(data: bytes) -> str:
    """Text as people read it, in lower case: escapes undone."""
    text = data.decode(errors="replace")
    return _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text).lower()


def in_database(db: Database, *, opened: bool = True) -> dict[str, str]:
    """Every column of every table as one text; sealed values opened, compressed ones unpacked."""
    found: dict[str, str] = {}
    with db.read() as uow:
        for table in metadata.sorted_tables:
            rows = uow.connection.execute(select(table)).all()
            for number, column in enumerate(table.columns):
                values = [_revealed(db, row[number], opened=opened) for row in rows]
                found[f"{table.name}.{column.name}"] = "\n".join(values)
    return found


def _revealed(db: Database, value: Any, *, opened: bool) -> str:
    if not isinstance(value, bytes | memoryview):
        return plain(json.dumps(value, default=str, ensure_ascii=False).encode())
    data = bytes(value)
    if opened:
        try:
            data = db.keyring.open(data)
        except Bug as error:
            raise AssertionError("a value stored as bytes is not sealed") from error
        data = unpacked(data) or data
    return plain(data)


def in_redis(redis: Redis) -> dict[str, str]:
    """Every key with its value, of whatever type."""
    found = {}
    for key in redis.scan_iter():
        kind = redis.type(key)
        value: Any = {
            b"string": lambda key=key: [redis.get(key)],
            b"hash": lambda key=key: [part for pair in redis.hgetall(key).items() for part in pair],
            b"list": lambda key=key: redis.lrange(key, 0, -1),
            b"set": lambda key=key: redis.smembers(key),
            b"zset": lambda key=key: redis.zrange(key, 0, -1),
            b"stream": lambda key=key: [json.dumps(redis.xrange(key), default=str).encode()],
        }[kind]()
        parts = [key, *value, *(unpacked(part) for part in value)]
        found[key.decode(errors="replace")] = "\n".join(plain(part) for part in parts)
    return found


def unpacked(data: bytes) -> bytes:
    """What was packed by either of the two; nothing if it was not."""
    with contextlib.suppress(zlib.error):
        return zlib.decompress(data)
    with contextlib.suppress(zstandard.ZstdError):
        return zstandard.ZstdDecompressor().decompress(data)
    return b""


def in_files(folder: Path) -> dict[str, str]:
    """Every file but the database's own, as it is and as a mail program reads it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".sqlite3" not in path.name:
            data = path.read_bytes()
            parts = [path.name.encode(), data]
            if path.suffix == ".eml":
                parts += _mail(data)
            found[str(path.relative_to(folder))] = "\n".join(plain(part) for part in parts)
    return found


def _mail(data: bytes) -> Iterator[bytes]:
    message = message_from_bytes(data, policy=default)
    for name, value in message.items():
        yield f"{name}: {value}".encode(errors="replace")
    for part in message.walk():
        if not part.is_multipart():
            yield part.get_payload(decode=True) or b""


def shown(marks: Iterable[str], places: dict[str, str]) -> dict[str, list[str]]:
    """Which marks stand where."""
    wanted = [mark.lower() for mark in marks]
    hits = {place: [mark for mark in wanted if mark in text] for place, text in places.items()}
    return {place: found for place, found in hits.items() if found}


def spellings(mark: str) -> dict[str, bytes]:
    """How a text would look in a raw file if it were stored unencrypted."""
    found = {}
    for case in {mark, mark.lower(), mark.upper()}:
        utf8 = case.encode()
        found |= {
            f"utf-8 {case}": utf8,
            f"utf-16le {case}": case.encode("utf-16-le"),
            f"utf-16be {case}": case.encode("utf-16-be"),
            f"latin {case}": case.encode("latin-1", "replace"),
            f"hex {case}": binascii.hexlify(utf8),
            f"HEX {case}": binascii.hexlify(utf8).upper(),
            f"json {case}": json.dumps(case).strip('"').encode(),
            f"url {case}": "".join(f"%{byte:02X}" for byte in utf8).encode(),
        }
        for shift in range(3):  # base64 depends on what stood before
            coded = base64.b64encode(b"\0" * shift + utf8)
            found[f"base64+{shift} {case}"] = coded[shift + 1 if shift else 0 : -4]
    return {name: raw for name, raw in found.items() if len(raw) >= 5}


def inflated(raw: bytes) -> bytes:
    """Everything in it that zlib can unpack, plain or after base64, put together."""
    found = []
    packed = [raw]
    for match in _PACKED.finditer(raw):
        word = match[0].replace(b"-", b"+").replace(b"_", b"/")
        try:
            packed.append(base64.b64decode(word + b"=" * (-len(word) % 4)))
        except binascii.Error:
            continue
    for data in packed:
        for header in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda", b"\x1f\x8b\x08"):
            at = data.find(header)
            while at >= 0:
                found.append(_as_far_as_it_goes(data[at : at + 200_000]))
                at = data.find(header, at + 1)
    return b"\n".join([*found, *packed[1:]])


def _as_far_as_it_goes(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(47)  # zlib or gzip
    try:
        return unpacker.decompress(data, 1_000_000)
    except zlib.error:
        return b""
