"""The review form without HTTP: filled in from what is known, read from what was sent, checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.customer_pages.fields import Errors, plain
from app.domain.snapshots import Person
from app.i18n import N_
from app.services.reviews import Item, NewReview, Reviewable

LONGEST_TEXT = 5_000  # characters


@dataclass(slots=True)
class Entry:
    """One item with what the customer chose for it; `rating` 0 is none yet."""

    item: Item
    rating: int = 0
    text: str = ""

    @property
    def stars_id(self) -> str:
        """Name and first id of the radios."""
        return f"stars-{self.item.line_id}"

    @property
    def text_id(self) -> str:
        """Name and id of the text."""
        return f"text-{self.item.line_id}"


@dataclass(slots=True)
class Form:
    """All items of an order and the name beneath the reviews."""

    entries: list[Entry]
    authors: dict[str, str]  # key → name as it will be published
    author: str  # a key of `authors`
    errors: Errors = field(default_factory=list)

    def error_of(self, control: str) -> str:
        """What is wrong with one control; empty if nothing is."""
        return dict(self.errors).get(control, "")

    def reviews(self) -> list[NewReview]:
        """What is to be kept: everything with stars."""
        author = self.authors[self.author]
        return [
            NewReview(entry.item.product_id, entry.rating, entry.text, author)
            for entry in self.entries
            if entry.rating
        ]


def known(order: Reviewable, anonymous: str, tapped: Mapping[str, str]) -> Form:
    """The form as it opens: what was written before, and the star tapped in the mail."""
    entries = []
    for item in order.items:
        row, words = order.written.get(item.product_id), order.words.get(item.product_id)
        entry = Entry(item, row.rating if row else 0, words.text if words else "")
        if tapped.get("item") == item.line_id:
            entry.rating = _stars(tapped.get("stars", "")) or entry.rating
        entries.append(entry)
    authors = _authors(order.order.person, anonymous)
    signed = {words.author for words in order.words.values() if words.author}
    used = next((key for key, name in authors.items() if name in signed), next(iter(authors)))
    return Form(entries, authors, used)


def sent(order: Reviewable, anonymous: str, fields: Mapping[str, str]) -> Form:
    """The form as it was sent, with whatever is wrong with it."""
    form = known(order, anonymous, {})
    for entry in form.entries:
        entry.rating = _stars(fields.get(entry.stars_id, ""))
        entry.text = plain(fields.get(entry.text_id, ""))
    if fields.get("author") in form.authors:
        form.author = fields["author"]
    form.errors = _errors(form.entries)
    return form


def _stars(text: str) -> int:
    return int(text) if text in ("1", "2", "3", "4", "5") else 0


def _authors(person: Person, anonymous: str) -> dict[str, str]:
    first, last, city = (
        plain(text or "").replace("\n", " ")
        for text in (person.first_name, person.last_name, person.city)
    )
    names = {}
    if first:
        names["initial"] = f"{first} {last[0]}." if last else first
        if city:
            names["city"] = f"{first}, {city}"
    return {**names, "anonymous": anonymous}


def _errors(entries: list[Entry]) -> Errors:
    errors: Errors = []
    for entry in entries:
        if entry.text and not entry.rating:
            errors.append((entry.stars_id, N_("Choose a number of stars, or delete the text.")))
        if len(entry.text) > LONGEST_TEXT:
            errors.append((entry.text_id, N_("Shorten the text to 5,000 characters.")))
    if not errors and not any(entry.rating for entry in entries):
        errors.append((entries[0].stars_id, N_("Choose a number of stars for at least one item.")))
    return errors
