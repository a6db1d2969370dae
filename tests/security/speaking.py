"""Which views speak JSON, as their code says: a new route is found without being on any list."""

import dis
import inspect
from collections.abc import Callable, Iterator
from itertools import pairwise
from types import CodeType, FunctionType, ModuleType
from typing import Any

# Whoever names one of these reads a raw body, or answers JSON.
WORDS = {"jsonify", "get_json", "get_data", "application/json"}
OF_REQUEST = {"json", "data", "stream"}
# Where views and what they share lie; below them JSON is something of its own.
EDGE = (
    "app.installers", "app.embedded_ui", "app.customer_pages", "app.http", "app.web",
    "app.shopify_frame",
)  # fmt: skip


def speaks_json(view: Callable[..., Any]) -> bool:
    """Whether a view, or a function of the edge that it calls, reads or answers JSON."""
    seen: set[FunctionType] = set()
    waiting = list(_ours([view]))
    while waiting:
        function = waiting.pop()
        if function in seen:
            continue
        seen.add(function)
        words = set(_words(function.__code__))
        known = function.__globals__
        if words & WORDS:
            return True
        named = [known[word] for word in words if word in known]
        modules = [each for each in named if isinstance(each, ModuleType)]
        of_modules = [getattr(each, word, None) for each in modules for word in words]
        waiting += _ours([*named, *of_modules])
    return False


def _ours(found: list[Any]) -> Iterator[FunctionType]:
    for each in map(inspect.unwrap, filter(callable, found)):
        if isinstance(each, FunctionType) and each.__module__.startswith(EDGE):
            yield each


def _words(code: CodeType) -> Iterator[str]:
    """Names and texts in a function and in those within it; a `request.json` is a `get_json`."""
    yield from code.co_names
    for one, then in pairwise(dis.get_instructions(code)):
        if one.argval == "request" and then.argval in OF_REQUEST:
            yield "get_json"
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _words(constant)
        elif isinstance(constant, str):
            yield constant
