"""What customers type, cleaned and checked."""

import unicodedata

from app.domain.emails import canonical_email
from app.i18n import N_

LONGEST_ADDRESS = 320  # characters

# Characters that turn the direction of the text around them: good only for deceiving readers.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

Errors = list[tuple[str, str]]  # (id of the control, message to translate)


def plain(text: str) -> str:
    """Text and line breaks only: no control characters, none that turn the reading direction."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        char for char in lines if char == "\n" or not (_is_control(char) or char in _TURNING)
    ).strip()


def line(text: str, longest: int = LONGEST_ADDRESS) -> str:
    """One line of plain text; what is longer than anything sensible is cut off."""
    return " ".join(plain(text).split())[:longest]


def address_error(email: str) -> str | None:
    """What is wrong with an e-mail address; None if nothing is."""
    if not email:
        return N_("Enter your e-mail address.")
    if canonical_email(email) is None:
        return N_("This is not an e-mail address. It looks like name@example.com.")
    return None


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs")
