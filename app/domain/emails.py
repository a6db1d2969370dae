"""E-mail addresses: one canonical spelling for look-ups, without touching what we send to."""

import re

_SHAPE = re.compile(r"[^@\s<>\"(),:;\[\]\\\x00-\x1f\x7f]+@[^@\s]+")
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])")

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def canonical_email(text: str | None) -> str | None:
    """The comparable form of an address, or None if it is none.

    ASCII letters are lower-cased (never `str.lower` on the rest: "İ" becomes two code points) and
    the domain is written in IDNA form.
    """
    trimmed = (text or "").strip()
    if len(trimmed) > 320 or not _SHAPE.fullmatch(trimmed):
        return None
    local, _, domain = trimmed.rpartition("@")
    try:
        ascii_domain = _ascii_lower(domain.encode("idna").decode("ascii"))
    except UnicodeError:
        return None
    return f"{_ascii_lower(local)}@{ascii_domain}" if _DOMAIN.fullmatch(ascii_domain) else None


def _ascii_lower(text: str) -> str:
    return text.translate(_LOWER)
