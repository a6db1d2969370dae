"""Named fields: what a merchant's own text of a mail may speak of.

A mail class declares them once, in `fields`; the check of a text, its page, the preview, the mail
itself and docs/texts.md all read them from there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.domain.money import Money
from app.i18n import N_


@dataclass(frozen=True, slots=True)
class Percent:
    """Whole percents; written as the reader's language does."""

    value: int


Value = str | int | date | Money | Percent | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextField:
    """`{{ name }}` in a merchant's text.

    `title` is a message id. `read` takes the mail and returns the value, or None where nothing is
    known, which only an `optional` field may do: a text must then cope without it. `example` is
    what a text is checked with when it is saved.
    """

    name: str
    title: str
    example: Value
    read: Callable[[Any], Value | None]
    optional: bool = False


SHOP_FIELDS = (
    TextField("shop_name", N_("Your shop’s name"), "Çınar & Breza", lambda mail: mail.shop.name),
    TextField(
        "shop_url",
        N_("Your shop’s address"),
        "https://cinar-breza.example/",
        lambda mail: mail.shop.url,
    ),
)
"""Every mail from a shop to its customers has these."""

FIRST_NAME = TextField(
    "first_name",
    N_("The customer’s first name"),
    "Žofia",
    lambda mail: mail.first_name,
    optional=True,
)
