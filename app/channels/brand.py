"""Who a mail is from, as the reader sees it."""

from dataclasses import dataclass

DEFAULT_COLOUR = "#0b5a75"


@dataclass(frozen=True, slots=True)
class ShopBrand:
    """Who a mail is from, as the reader sees it.

    `colour` is `#rrggbb`; it is darkened or lightened until it can be read. `reply_to` is set when
    answers reach somebody, and the mail then invites them.
    """

    name: str
    url: str
    colour: str = DEFAULT_COLOUR
    logo_url: str | None = None
    postal_address: str | None = None
    reply_to: str | None = None


AFTERGLOW = ShopBrand(name="Afterglow", url="")
"""The sender of mails to merchants."""
