"""Reading a request body under a cap, also when its length is not told or is a lie."""

from typing import Any

_CHUNK = 65_536


class BodyTooLarge(Exception):
    """The sender went on past the cap; nothing of it was kept."""


def read_body(environ: dict[str, Any], limit: int) -> bytes:
    """The whole body, at most `limit` bytes. Raises BodyTooLarge as soon as it is more.

    Read from the WSGI stream itself: a chunked body has no Content-Length to trust.
    """
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared.isdigit() and int(declared) > limit:
        raise BodyTooLarge
    stream = environ["wsgi.input"]
    remaining = int(declared) if declared.isdigit() else limit + 1
    parts: list[bytes] = []
    read = 0
    while remaining > 0 and (part := stream.read(min(_CHUNK, remaining))):
        parts.append(part)
        read += len(part)
        remaining -= len(part)
        if read > limit:
            raise BodyTooLarge
    return b"".join(parts)
