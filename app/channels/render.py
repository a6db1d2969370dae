"""From the content of a mail to its subject, HTML and text.

The MJML layouts are ours: Jinja2 fills them (escaping everything), MRML turns them into tables,
css-inline writes the styles where mail programs look for them.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import css_inline
from jinja2 import (
    Environment,
    FileSystemLoader,
    StrictUndefined,
    pass_context,
    select_autoescape,
)
from jinja2.runtime import Context
from markupsafe import Markup
from mjml import mjml2html

from app.channels.base import UnusableMail
from app.channels.messages import Mail, MilestoneCouponMail
from app.channels.wordings import discount, wording
from app.domain.colour import shop_colours
from app.i18n import Language, Translator, install

ITEMS_SHOWN = 12
"""More than this and a mail might exceed the size at which mail programs cut it."""

_TEMPLATES = Path(__file__).parent / "templates"
_NOWHERE = "https://test.invalid/"  # RFC 2606: leads nowhere, for certain
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail's words, ready to be sent."""

    subject: str
    html: str
    text: str


def render(mail: Mail, *, test: bool = False) -> RenderedMail:
    """Write a mail in its own language.

    A test mail says that it is one and its links lead nowhere. Raises `UnusableMail` for a link
    that is no web address and `ColourError` for a brand colour that is none.
    """
    words = _words(mail.lang)
    said = wording(mail, words)
    subject = words.gettext("Test: %(subject)s", subject=said.subject) if test else said.subject
    fields = {
        "mail": mail,
        "shop": mail.shop,
        "colours": shop_colours(mail.shop.colour),
        "subject": subject,
        "said": said,
        "test": test,
        "items_shown": ITEMS_SHOWN,
        "value": discount(mail, words) if isinstance(mail, MilestoneCouponMail) else None,
    }
    return RenderedMail(subject, html=_html(mail, fields), text=_text(mail, fields))


def _html(mail: Mail, fields: dict[str, Any]) -> str:
    source = _environment(mail.lang).get_template(f"{mail.kind}/mail.mjml").render(fields)
    # Without `fonts={}` MRML would have every reader's mail program ask Google for Roboto.
    return _inliner().inline(mjml2html(source, disable_comments=True, fonts={}))


def _text(mail: Mail, fields: dict[str, Any]) -> str:
    text = _environment(mail.lang).get_template(f"{mail.kind}/text.txt").render(fields)
    return _BLANK_LINES.sub("\n\n", text).strip() + "\n"


@cache
def _words(language: Language) -> Translator:
    return Translator(language)


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("mjml",)),
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    install(environment, _words(language))
    environment.filters["link"] = _link
    environment.filters["web"] = _web
    return environment


@cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def _printable(value: Any) -> Any:
    """Line breaks in a product's name would be lines of ours in the text; other controls break
    the HTML."""
    if not isinstance(value, str):
        return value
    cleaned = _CONTROL.sub(" ", value)
    return Markup(cleaned) if isinstance(value, Markup) else cleaned  # noqa: S704 – was one before


@pass_context
def _link(context: Context, url: str) -> str:
    if context["test"]:
        return _NOWHERE
    if _web(url) is None:
        raise UnusableMail("A link in a mail is no web address.")
    return url


def _web(url: str | None) -> str | None:
    """The address if it is one of the web, which `javascript:` and the like are not."""
    return url if url and urlsplit(url).scheme in ("http", "https") else None
