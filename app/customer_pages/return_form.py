"""The form for returns without HTTP: what can be chosen, read from what was sent, checked."""

from collections.abc import Callable
from dataclasses import dataclass, field

from werkzeug.datastructures import MultiDict

from app.automations.returns_approval.prospects import Prospect
from app.customer_pages.fields import Errors, plain
from app.domain.money import Money
from app.domain.reasons import Reason
from app.domain.returnable import value_of
from app.domain.returns import ReturnReason
from app.domain.snapshots import Line
from app.i18n import N_
from app.services.returns.asking import Portal, Wish

LONGEST_NOTE = 1_000  # characters


@dataclass(slots=True)
class Entry:
    """One line of the order with what the customer chose for it."""

    line: Line
    prospect: Prospect
    worth: Money  # of all that can be sent back
    chosen: bool = False
    quantity: int = 0  # 0: none was chosen that can be
    reason: ReturnReason | None = None
    note: str = ""

    @property
    def why_not(self) -> Reason | None:
        """Why it cannot be chosen."""
        return self.prospect.why_not

    @property
    def item_id(self) -> str:
        """Id of the tick."""
        return f"item-{self.line.line_id}"

    @property
    def quantity_id(self) -> str:
        """Name and id of the number."""
        return f"quantity-{self.line.line_id}"

    @property
    def reason_id(self) -> str:
        """Name and id of the reason."""
        return f"reason-{self.line.line_id}"

    @property
    def note_id(self) -> str:
        """Name and id of the note."""
        return f"note-{self.line.line_id}"


@dataclass(slots=True)
class Form:
    """All lines of an order and the reasons that the shop offers."""

    entries: list[Entry]
    reasons: tuple[ReturnReason, ...]
    errors: Errors = field(default_factory=list)

    @property
    def chosen(self) -> list[Entry]:
        """What is to be sent back."""
        return [entry for entry in self.entries if entry.chosen]

    @property
    def possible(self) -> bool:
        """Whether anything can be sent back."""
        return any(entry.why_not is None for entry in self.entries)

    def error_of(self, control: str) -> str:
        """What is wrong with one control; empty if nothing is."""
        return dict(self.errors).get(control, "")

    def wishes(self) -> list[Wish]:
        """What is asked for; of a form without errors."""
        return [
            Wish(entry.line.line_id, entry.quantity, entry.reason, entry.note)
            for entry in self.chosen
            if entry.reason
        ]


def empty(portal: Portal) -> Form:
    """The form as it opens: nothing is chosen."""
    prospects = {each.line_id: each for each in portal.prospects.lines}
    entries = []
    for line in portal.order.lines:
        prospect = prospects[line.line_id]
        quantity = prospect.quantity or line.quantity
        worth = value_of(line, quantity)
        entries.append(Entry(line, prospect, worth, quantity=prospect.quantity))
    return Form(entries, portal.prospects.reasons)


def sent(portal: Portal, fields: MultiDict[str, str]) -> Form:
    """The form as it was sent, with whatever is wrong with it."""
    form, chosen = empty(portal), set(fields.getlist("item"))
    for entry in form.entries:
        entry.chosen = entry.line.line_id in chosen
        entry.quantity = _number(fields.get(entry.quantity_id, ""), entry.quantity)
        entry.reason = _reason(fields.get(entry.reason_id, ""), form.reasons)
        entry.note = plain(fields.get(entry.note_id, ""))
        if entry.chosen:
            form.errors.extend(_errors(entry, others=form.possible))
            entry.chosen = entry.why_not is None
    if not form.errors and not form.chosen:
        first = next((entry for entry in form.entries if entry.why_not is None), None)
        control = first.item_id if first else "items"
        form.errors.append((control, N_("Choose at least one item.")))
    return form


def _errors(entry: Entry, *, others: bool) -> Errors:
    if entry.why_not is not None:
        gone = N_("This item cannot be sent back any more.")
        if others:
            gone = N_(
                "This item cannot be sent back any more. Everything else is still as you filled it "
                "in."
            )
        return [(entry.item_id, gone)]
    checks: list[tuple[str, Callable[[], bool], str]] = [
        (
            entry.quantity_id,
            lambda: not 1 <= entry.quantity <= entry.prospect.quantity,
            N_("Choose how many. More cannot be sent back than the list offers."),
        ),
        (entry.reason_id, lambda: entry.reason is None, N_("Choose a reason.")),
        (
            entry.note_id,
            lambda: len(entry.note) > LONGEST_NOTE,
            N_("Shorten the text to 1,000 characters."),
        ),
    ]
    return [(control, text) for control, wrong, text in checks if wrong()]


def _number(text: str, otherwise: int) -> int:
    """A number as it was chosen; a form with a single piece does not ask."""
    if not text:
        return otherwise if otherwise == 1 else 0
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0


def _reason(text: str, offered: tuple[ReturnReason, ...]) -> ReturnReason | None:
    return next((reason for reason in offered if reason == text), None)
