"""The opening of a mail: paragraphs with links and emphasis, as HTML and as plain text.

Merchants write text; of HTML they may use six tags. What a text really comes to is cleaned once
more, so that no value and no clever nesting brings in anything else.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html.parser import HTMLParser

import nh3
from markupsafe import Markup

from app.channels.texts.refusals import Why, refused
from app.channels.texts.source import Piece, pieces
from app.channels.texts.values import web_address

TAGS = frozenset({"a", "b", "strong", "i", "em", "br"})
MARKS = 200
"""Signs `<` in one text."""
PARAGRAPHS = 40
_VOID = frozenset({"br"})
_BLANK_LINE = re.compile(r"\n[ \t]*\n\s*")
_URL_LAST = re.compile(r"\|\s*url\s*-?$")


@dataclass(frozen=True, slots=True)
class Opening:
    """The same words twice: as HTML paragraphs, and as lines of plain text."""

    html: Markup
    lines: tuple[str, ...]

    @property
    def flat(self) -> str:
        """All in one line, as a list of mails shows it beside the subject."""
        return " ".join(line for line in self.lines if line)


def check_html(source: str) -> None:
    """Raises TextRefused for tags, attributes and links that a mail may not have."""
    if source.count("<") > MARKS:  # Python's parser takes quadratic time on what is not closed
        raise refused(Why.TOO_MUCH)
    found = pieces(source)
    checker = _Checker(source, found)
    checker.feed("".join(_blank(piece) for piece in found))
    checker.close()
    checker.end()


def opening(rendered: str, *, nowhere: str | None = None) -> Opening:
    """What a text came to, cleaned. `nowhere`: the address in the place of all links of a test.

    Raises TextRefused for too many paragraphs.
    """
    parts = [part for part in _BLANK_LINE.split(rendered.strip()) if part]
    if len(parts) > PARAGRAPHS:  # each has its styles, and mail programs cut what is large
        raise refused(Why.TOO_MUCH)
    paragraphs = [_clean(part, nowhere) for part in parts]
    kept = [(html, _plain(html)) for html in paragraphs]
    kept = [(html, text) for html, text in kept if text.strip()]
    lines: list[str] = []
    for _, text in kept:
        lines += ([""] if lines else []) + [line.strip() for line in text.split("\n")]
    html = "".join(f'<p class="para">{html}</p>' for html, _ in kept)
    return Opening(Markup(html), tuple(lines))  # noqa: S704 - cleaned above


def _blank(piece: Piece) -> str:
    """Words as they are; where Liquid stands, as many characters that mean nothing in HTML."""
    if piece.kind == "words":
        return piece.text
    filler = "x" if piece.kind == "output" else " "
    return re.sub(r"[^\n]", filler, piece.text)


class _Checker(HTMLParser):
    def __init__(self, source: str, found: Sequence[Piece]) -> None:
        super().__init__()
        self._source = source
        self._outputs = [piece for piece in found if piece.kind == "output"]
        self._starts = [0, *(m.end() for m in re.finditer("\n", source))]
        self._open: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = self._at()
        if tag not in TAGS:
            raise refused(Why.HTML_TAG, self._source, at, name=tag[:40])
        for name, value in attrs:
            if (tag, name) != ("a", "href"):
                raise refused(Why.HTML_ATTRIBUTE, self._source, at, name=name[:40])
            self._check_link(at, value or "")
        if tag not in _VOID:
            self._open.append((tag, at))

    def handle_endtag(self, tag: str) -> None:
        if tag not in TAGS or (tag not in _VOID and not self._open):
            raise refused(Why.HTML_TAG, self._source, self._at(), name=f"/{tag[:40]}")
        if tag not in _VOID:
            name, at = self._open.pop()
            if name != tag:
                raise refused(Why.HTML_OPEN, self._source, at, name=name)

    def handle_data(self, data: str) -> None:
        if self._open and _BLANK_LINE.search(data):
            self.end()  # an emphasis ends with its paragraph

    def handle_comment(self, data: str) -> None:  # noqa: ARG002
        raise refused(Why.HTML_TAG, self._source, self._at(), name="!--")

    def handle_decl(self, decl: str) -> None:
        raise refused(Why.HTML_TAG, self._source, self._at(), name=f"!{decl[:20]}")

    def handle_pi(self, data: str) -> None:
        raise refused(Why.HTML_TAG, self._source, self._at(), name=f"?{data[:20]}")

    def unknown_decl(self, data: str) -> None:
        raise refused(Why.HTML_TAG, self._source, self._at(), name=f"![{data[:20]}")

    def end(self) -> None:
        """What is still open is not closed."""
        if self._open:
            name, at = self._open[-1]
            raise refused(Why.HTML_OPEN, self._source, at, name=name)

    def _check_link(self, at: int, value: str) -> None:
        end = at + len(self.get_starttag_text() or "")
        inside = [piece for piece in self._outputs if at <= piece.start < end]
        for piece in inside:
            if not _URL_LAST.search(piece.inner.rstrip()):
                raise refused(Why.LINK_FILTER, self._source, piece.start)
        begins_with_output = bool(inside) and value.startswith("x")
        if not begins_with_output and web_address(value) is None:
            raise refused(Why.LINK, self._source, at, url=value[:80])

    def _at(self) -> int:
        line, column = self.getpos()
        return self._starts[line - 1] + column


def _clean(part: str, nowhere: str | None) -> str:
    def link(_tag: str, name: str, value: str) -> str | None:
        if name != "href":  # the target that is set below
            return value
        address = web_address(value)
        return nowhere if address and nowhere else address

    broken = re.sub(r"[ \t]*\n[ \t]*", "<br>", part.strip())
    return nh3.clean(
        broken,
        tags=set(TAGS),
        attributes={"a": {"href"}},
        attribute_filter=link,
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes={"https", "http", "mailto", "tel"},
        link_rel=None,
        clean_content_tags={"script", "style"},
    )


def _plain(html: str) -> str:
    writer = _Plain()
    writer.feed(html)
    writer.close()
    return writer.text


class _Plain(HTMLParser):
    """Cleaned HTML as text; a link's address follows its words."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self._href = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.text += "\n"
        self._href = dict(attrs).get("href") or "" if tag == "a" else self._href

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._href:
            address = self._href.removeprefix("mailto:").removeprefix("tel:")
            if not self.text.endswith(address):
                self.text += f" ({address})"
            self._href = ""

    def handle_data(self, data: str) -> None:
        self.text += data
