"""What the merchant reads about texts: the names of their parts, and why one cannot be used."""

from collections.abc import Iterable, Sequence

from app.channels.fields import TextField
from app.channels.texts import FILTERS, HTML_TAGS, TAGS, Refusal, Why
from app.i18n import N_, Translator

SLOT_TITLES = {
    "subject": N_("Subject"),
    "heading": N_("Heading"),
    "intro": N_("Opening"),
    "button": N_("Button"),
}

WORDS = {
    Why.TOO_LONG: N_("The text is too long; %(most)s characters are the most."),
    Why.PART_TOO_LONG: N_(
        "What stands between the braces is too long; %(most)s characters are the most."
    ),
    Why.NOT_CLOSED: N_("“%(opening)s” is never closed. Write “%(closing)s” where it ends."),
    Why.NO_NAME: N_("A word is missing between the braces. There are: %(tags)s."),
    Why.TAG: N_("“%(name)s” cannot be used here. There are: %(tags)s."),
    Why.BLOCK_OPEN: N_("“%(name)s” is never closed. Write “%(end)s” where it ends."),
    Why.BLOCK_STRAY: N_("“%(name)s” closes or continues nothing that is open here."),
    Why.SYNTAX: N_("This cannot be read."),
    Why.RANGE: N_("Ranges such as (1..5) cannot be used."),
    Why.FIELD: N_("There is no field “%(name)s”. There are: %(fields)s."),
    Why.FIELD_PART: N_("The field “%(name)s” has no such part."),
    Why.MISSING: N_(
        "“%(name)s” is not always known. Say what stands there instead, %(with_default)s, or "
        "write the sentence between %(with_if)s and %(with_end)s."
    ),
    Why.FILTER: N_("There is no filter “%(name)s”. There are: %(filters)s."),
    Why.FILTER_USE: N_(
        "The filter “%(name)s” cannot work like this; look at what stands before it and after it."
    ),
    Why.COMPARED: N_(
        "Two things are compared here that cannot be, for example a text with a number."
    ),
    Why.TOO_MUCH: N_("This is too much work for one mail. Make it shorter, with less repetition."),
    Why.EMPTY: N_("Nothing is left of this text when it is filled in."),
    Why.EMPTY_WITHOUT: N_(
        "Nothing is left of this text when “%(names)s” is not known. Say what stands there then."
    ),
    Why.RESULT_TOO_LONG: N_("Filled in, the text is too long; %(most)s characters are the most."),
    Why.HTML_TAG: N_("“%(name)s” cannot be used in a mail’s opening. There are: %(html_tags)s."),
    Why.HTML_OPEN: N_("“%(name)s” is not closed before its paragraph ends."),
    Why.HTML_ATTRIBUTE: N_("“%(name)s” cannot be used in a tag; only href can, in a link."),
    Why.LINK: N_(
        "“%(url)s” is no address that a mail can lead to. It must begin with https://, mailto: "
        "or tel:."
    ),
    Why.LINK_FILTER: N_("A field in a link needs the filter “url” at its end: %(with_url)s."),
    Why.LAYOUT: N_("The mail’s layout cannot hold this text."),
}

# Said where what they name is known.
_CLOSER = {
    Why.SYNTAX: ("near", N_("This cannot be read near “%(near)s”.")),
    Why.FIELD: (
        "nearest",
        N_("There is no field “%(name)s”. Perhaps you mean “%(nearest)s”. There are: %(fields)s."),
    ),
    Why.FILTER: (
        "nearest",
        N_(
            "There is no filter “%(name)s”. Perhaps you mean “%(nearest)s”. There are: %(filters)s."
        ),
    ),
}


def explain(refusal: Refusal, fields: Sequence[TextField], words: Translator) -> str:
    """The place and the reason, in the merchant's language."""
    reason = _reason(refusal, fields, words)
    if not refusal.line:
        return reason
    return words.gettext(
        N_("Line %(line)s, character %(column)s: %(reason)s"),
        line=refusal.line,
        column=refusal.column,
        reason=reason,
    )


def _reason(refusal: Refusal, fields: Sequence[TextField], words: Translator) -> str:
    given = {name: value for name, value in refusal.params.items() if value}
    name = given.get("name", "")
    if refusal.why in (Why.HTML_TAG, Why.HTML_OPEN):
        given["name"] = f"<{name}>"
    params = {
        "fields": _listed(each.name for each in fields),
        "filters": _listed(sorted(FILTERS)),
        "tags": _listed(sorted(TAGS)),
        "html_tags": _listed(f"<{tag}>" for tag in sorted(HTML_TAGS)),
        "end": f"{{% end{name} %}}",
        "with_default": f'{{{{ {name} | default: "…" }}}}',
        "with_if": f"{{% if {name} %}}",
        "with_end": "{% endif %}",
        "with_url": "{{ … | url }}",
        **given,
    }
    needed, closer = _CLOSER.get(refusal.why, ("", ""))
    return words.gettext(closer if needed in given else WORDS[refusal.why], **params)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
