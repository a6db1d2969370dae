"""A first look at a text, in linear time: words, `{{ … }}` and `{% … %}`, each closed and allowed.

It comes before the Liquid library, whose expressions for tokens take quadratic time on what is
never closed, and it knows better words for what is wrong.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from app.channels.texts.refusals import Why, refused

PART_LIMIT = 300
"""Characters between `{{` and `}}`."""

TAGS = frozenset({"if", "elsif", "else", "unless", "case", "when", "for", "assign", "comment"})
"""No include, render, raw or capture: nothing is loaded, and nothing escapes the checks."""

_BLOCKS = frozenset({"if", "unless", "case", "for", "comment"})
_INSIDE = {
    "elsif": frozenset({"if", "unless"}),
    "else": frozenset({"if", "unless", "case", "for"}),
    "when": frozenset({"case"}),
}
_CLOSING = {"{{": "}}", "{%": "%}"}
_OPENING = re.compile(r"\{\{|\{%")
_NAME = re.compile(r"-?\s*(\w*)")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the source with its place. `inner` is what stands between the delimiters."""

    kind: Literal["words", "output", "tag"]
    start: int
    text: str
    inner: str = ""


def normalised(source: str) -> str:
    """Line breaks as `\\n`, without control characters and spaces at the ends."""
    lines = source.replace("\r\n", "\n").replace("\r", "\n")
    kept = (c for c in lines if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    return "".join(kept).strip()


def pieces(source: str) -> list[Piece]:
    """The source in parts. Raises TextRefused for what is not closed, not known, too long."""
    found = list(_pieces(source))
    _check_blocks(source, found)
    return found


def completed(piece: Piece) -> str:
    """The piece as a text of its own: a tag with what it must be closed by, or stand in."""
    name = _tag_name(piece) if piece.kind == "tag" else ""
    if name in _BLOCKS and name != "comment":
        return f"{piece.text}{{% end{name} %}}"
    if name == "elsif":
        return f"{{% if true %}}{piece.text}{{% endif %}}"
    if name == "when":
        return f"{{% case 1 %}}{piece.text}{{% endcase %}}"
    return piece.text if name in ("", "assign") else ""


def _pieces(source: str) -> Iterator[Piece]:
    at = 0
    while opening := _OPENING.search(source, at):
        start, mark = opening.start(), opening[0]
        if start > at:
            yield Piece("words", at, source[at:start])
        end = source.find(_CLOSING[mark], start + 2)
        if end < 0:
            raise refused(Why.NOT_CLOSED, source, start, opening=mark, closing=_CLOSING[mark])
        if end - start - 2 > PART_LIMIT:
            raise refused(Why.PART_TOO_LONG, source, start, most=str(PART_LIMIT))
        at = end + 2
        kind: Literal["output", "tag"] = "output" if mark == "{{" else "tag"
        yield Piece(kind, start, source[start:at], source[start + 2 : end])
    if at < len(source):
        yield Piece("words", at, source[at:])


def _check_blocks(source: str, found: list[Piece]) -> None:
    open_blocks: list[tuple[str, int]] = []
    for piece in found:
        if piece.kind != "tag":
            continue
        name = _tag_name(piece)
        if not name:
            raise refused(Why.NO_NAME, source, piece.start)
        block = name.removeprefix("end")
        inside = open_blocks[-1][0] if open_blocks else ""
        if name.startswith("end") and block in _BLOCKS:
            if inside != block:
                raise refused(Why.BLOCK_STRAY, source, piece.start, name=name)
            open_blocks.pop()
        elif name not in TAGS:
            raise refused(Why.TAG, source, piece.start, name=name)
        elif inside not in _INSIDE.get(name, {inside}):
            raise refused(Why.BLOCK_STRAY, source, piece.start, name=name)
        if name in _BLOCKS:
            open_blocks.append((name, piece.start))
    if open_blocks:
        name, start = open_blocks[-1]
        raise refused(Why.BLOCK_OPEN, source, start, name=name)


def _tag_name(piece: Piece) -> str:
    found = _NAME.match(piece.inner)
    return found[1] if found else ""
