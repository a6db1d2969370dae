"""Connections with cursors, and the search syntax of `query:`."""

import base64
import json
import operator
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from graphql import GraphQLError

from twins.common.state import Document

MAX_PAGE = 250
Connection = dict[str, Any]
SortKey = Callable[[Document], tuple[Any, ...]]


def connection(
    items: Sequence[Document],
    key: SortKey,
    build: Callable[[Document], dict[str, Any]],
    *,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
    reverse: bool = False,
) -> Connection:
    """Return one page. A cursor holds the sort key, so a row whose key changes moves on."""
    size = first if first is not None else last
    if size is None:
        raise GraphQLError("you must provide one of first or last")
    if not 0 < size <= MAX_PAGE:
        raise GraphQLError(f"first and last must be between 1 and {MAX_PAGE}.")
    ordered = sorted(items, key=key, reverse=reverse)
    low = _after(ordered, key, after, reverse) if after else 0
    high = _after(ordered, key, before, reverse) - 1 if before else len(ordered)
    window = ordered[low : max(low, high)]
    page = window[:size] if first is not None else window[-size:]
    cursors = [_cursor(key(item)) for item in page]
    nodes = [build(item) for item in page]
    cut = len(window) > len(page)
    return {
        "nodes": nodes,
        "edges": [{"node": n, "cursor": c} for n, c in zip(nodes, cursors, strict=True)],
        "pageInfo": {
            "hasNextPage": cut if first is not None else high < len(ordered),
            "hasPreviousPage": low > 0 if first is not None else cut,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def _cursor(key: tuple[Any, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _after(ordered: Sequence[Document], key: SortKey, cursor: str, reverse: bool) -> int:
    try:
        place = tuple(json.loads(base64.urlsafe_b64decode(cursor)))
        passed = [(key(i) >= place) if reverse else (key(i) <= place) for i in ordered]
    except (ValueError, TypeError) as error:
        raise GraphQLError(f"Invalid cursor for current pagination sort: {cursor}") from error
    return sum(passed)


_TERM = re.compile(r"""(\w+):(>=|<=|>|<)?\s*(?:'([^']*)'|"([^"]*)"|([^\s()]+))""")


def matches(document: Document, query: str | None, fields: dict[str, str]) -> bool:
    """Tell whether a document fits a search; `fields` maps search names to document keys.

    Terms are joined by AND, as the app writes them. A name that is not in `fields` is ignored:
    Shopify ignores what it does not know, too.
    """
    for name, sign, *values in _TERM.findall(query or ""):
        if name in fields:
            wanted = "".join(values)  # only one of the three ways of quoting is filled
            if not _holds(document[fields[name]], sign, wanted):
                return False
    return True


def _holds(actual: Any, sign: str, wanted: str) -> bool:
    if isinstance(actual, list):
        return wanted.lower() in [str(item).lower() for item in actual]
    if isinstance(actual, int) and wanted.isdigit():
        return _COMPARE[sign](actual, int(wanted))
    text = str(actual if actual is not None else "")
    try:
        return _COMPARE[sign](_moment(text), _moment(wanted))
    except ValueError:
        return _COMPARE[sign](text.lower(), wanted.lower())


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
    "": operator.eq,
}
