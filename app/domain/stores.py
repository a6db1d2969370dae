"""Whether two addresses name one store."""

import re
from urllib.parse import urlsplit

_LANGUAGE = re.compile(r"/[a-z]{2}(-[a-z]{2,4})?")  # plugins for languages give each a folder


def same_store(ours: str, theirs: str) -> bool:
    """Whether two addresses (or domains) name one store, whatever the scheme or "www."."""
    return _bare(ours) == _bare(theirs)


def within_store(ours: str, theirs: str) -> bool:
    """The same, or one of the store's own languages: `shop.example/sk` of `shop.example`."""
    home, other = _bare(ours), _bare(theirs)
    rest = other.removeprefix(home)
    return home == other or (rest != other and _LANGUAGE.fullmatch(rest) is not None)


def host_of(address: str) -> str:
    """The host in an address, or the address itself if it has none."""
    return urlsplit(address).hostname or address


def _bare(address: str) -> str:
    parts = urlsplit(address if "://" in address else f"https://{address}")
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    return f"{host}{port}{parts.path.rstrip('/')}"
