"""From the content of a mail to its subject, HTML and text.

The MJML layouts are ours: Jinja2 fills them (escaping everything), MRML turns them into tables,
css-inline writes the styles where mail programs look for them. Some of the words may be the
merchant's (app/channels/texts); where those cannot be used, ours stand in their place.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
from app.channels.texts import OwnText, Refusal, Sources, Why, written
from app.channels.wording import Wording
from app.channels.wordings import discount, wording
from app.domain.colour import shop_colours
from app.i18n import Language, Translator, install

ITEMS_SHOWN = 12
"""More than this and a mail might exceed the size at which mail programs cut it."""

_TEMPLATES = Path(__file__).parent / "templates"
_NOWHERE = "https://test.invalid/"  # RFC 2606: leads nowhere, for certain
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class RenderedMail:
    """A mail's words, ready to be sent.

    `said` is what it says, `ours` what it would say in our words alone; `refused`: which of the
    merchant's texts were not used.
    """

    subject: str
    html: str
    text: str
    said: Wording
    ours: Wording
    refused: Mapping[str, Refusal] = field(default_factory=dict)


def render(mail: Mail, own: Sources | None = None, *, test: bool = False) -> RenderedMail:
    """Write a mail in its own language, with the merchant's `own` texts where they can be used.

    A test mail says that it is one and its links lead nowhere. Raises `UnusableMail` for a link
    that is no web address and `ColourError` for a brand colour that is none.
    """
    if not own:
        return _render(mail, OwnText(), test=test)
    text = written(mail, own, _words(mail.lang), nowhere=_NOWHERE if test else None)
    try:
        return _render(mail, text, test=test)
    except ValueError:  # what we took for clean is not for MRML: no mail is lost for it
        rendered = _render(mail, OwnText(), test=test)
        return replace(rendered, refused={**text.refused, "intro": Refusal(Why.LAYOUT)})


def _render(mail: Mail, own: OwnText, *, test: bool) -> RenderedMail:
    words = _words(mail.lang)
    ours = wording(mail, words)
    said = replace(
        ours,
        subject=own.subject or ours.subject,
        heading=own.heading or ours.heading,
        opening=own.intro.flat if own.intro else ours.opening,
        button=ours.button and (own.button or ours.button),
    )
    subject = words.gettext("Test: %(subject)s", subject=said.subject) if test else said.subject
    fields = {
        "mail": mail,
        "shop": mail.shop,
        "colours": shop_colours(mail.shop.colour),
        "subject": subject,
        "said": said,
        "intro": own.intro,
        "test": test,
        "items_shown": ITEMS_SHOWN,
        "value": discount(mail, words) if isinstance(mail, MilestoneCouponMail) else None,
    }
    html, text = _html(mail, fields), _text(mail, fields)
    return RenderedMail(subject, html, text, said, ours, own.refused)


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
    environment.filters["lines"] = str.splitlines
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
