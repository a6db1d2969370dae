"""Which store made an object: its links name the home of the WordPress that wrote them.

A clone of a store has its keys and its webhooks with their secrets, so signatures do not tell the
two apart; the links, which are signed with the body, do.
"""

from typing import Any

from app.domain.stores import within_store


def other_home(data: Any, home: str) -> str | None:
    """The home that an object names, if that is not `home`; None also where it names none."""
    named = _home(data)
    try:
        return named if named and not within_store(home, named) else None
    except ValueError:  # no address, as of a port that cannot be: it tells nobody's home
        return None


def _home(data: Any) -> str | None:
    try:
        href = data["_links"]["self"][0]["href"]
        before, found, _ = href.partition("/wp-json/")
    except (KeyError, IndexError, TypeError, AttributeError):
        return None
    if not found:
        before, found, _ = href.partition("/index.php?rest_route=")
    return before.removesuffix("/index.php") if found else None
