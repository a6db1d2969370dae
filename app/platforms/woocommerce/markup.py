"""WordPress keeps titles and comments as HTML; we keep plain text."""

import html

import nh3


def plain(markup: str) -> str:
    """A title as people read it: no tags, no entities ("Tea &amp; Towel" → "Tea & Towel")."""
    return html.unescape(nh3.clean(markup, tags=set())).strip()


def as_markup(text: str) -> str:
    """Plain text for a place where the store expects HTML: nothing in it can become a tag.

    A key with all rights may store scripts (seen on a live store), so we never pass one on.
    """
    return html.escape(text, quote=False)
