"""What a mail says around its content, and how long a subject may be."""

from dataclasses import dataclass

FITS = 50
"""Characters of a subject that phones show."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Plain text, not escaped. `opening` is also what a list of mails shows beside the subject;
    `button` is the words of its main link, if it has one; `about` says which order is meant.
    """

    subject: str
    heading: str
    opening: str
    why: str
    button: str | None = None
    about: str | None = None


def fitting(*subjects: str | None) -> str:
    """The first subject that fits; the last one must do in any case."""
    known = [subject for subject in subjects if subject]
    return next((subject for subject in known if len(subject) <= FITS), known[-1])
