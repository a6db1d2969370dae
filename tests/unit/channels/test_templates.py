"""MRML drops tags that it does not know without a word; so the layouts may only use known ones."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import app.channels

TEMPLATES = Path(app.channels.__file__).parent / "templates"
CONTAINERS = {"mjml", "mj-head", "mj-body", "mj-attributes", "mj-section", "mj-column"}
TEXTS = {"mj-title", "mj-preview", "mj-style", "mj-raw", "mj-text", "mj-button"}
EMPTY = {"mj-all", "mj-divider", "img", "meta"}


class Layout(HTMLParser):
    """Collects what MRML would drop: unknown tags, and HTML outside of a text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.dropped: list[str] = []
        self._open: list[str] = []
        self.feed(source)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag)
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def _check(self, tag: str) -> None:
        if tag == "mjml" or tag.startswith("mj-"):
            known = tag in CONTAINERS | TEXTS | EMPTY
        else:
            inside = next((t for t in reversed(self._open) if t.startswith("mj")), None)
            known = inside is None or inside in TEXTS  # a block's own parent is in the layout
        if not known:
            self.dropped.append(tag)


@pytest.mark.parametrize(
    "path", sorted(TEMPLATES.rglob("*.mjml")), ids=lambda path: path.parent.name
)
def test_no_layout_uses_a_tag_that_would_be_dropped(path: Path) -> None:
    assert Layout(path.read_text()).dropped == []


def test_an_unknown_tag_would_be_noticed() -> None:
    source = (
        "<mj-column><p>lost</p><mj-html>lost</mj-html><mj-text><p>kept</p></mj-text></mj-column>"
    )
    assert Layout(source).dropped == ["p", "mj-html"]


def test_links_open_a_window_of_their_own() -> None:
    """Mail read in a frame (a web mailer, our outbox) cannot show our pages in that frame."""
    links = [
        link
        for path in TEMPLATES.rglob("*.mjml")
        for link in re.findall(r"<a .*?>", path.read_text())
    ]
    assert links
    assert [link for link in links if 'target="_blank"' not in link] == []


def test_each_message_has_both_templates() -> None:
    folders = [folder for folder in TEMPLATES.iterdir() if folder.is_dir()]
    assert len(folders) == 12
    for folder in folders:
        assert {file.name for file in folder.iterdir()} == {"mail.mjml", "text.txt"}
