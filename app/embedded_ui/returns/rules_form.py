"""The rules as one form: read from it, put into another order, checked, shown again.

Each rule has its place `i` in the form: `rule` (the places in their order), `rule-i-kind`,
`rule-i-from` (its place among the stored rules: what this release does not know of it is kept) and
`rule-i-<setting>`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from app.automations.returns_approval import ReturnsApprovalSettings
from app.automations.returns_approval.rules import RULES, AnyRule
from app.embedded_ui.fields import FormField, as_entered, entries, form_fields
from app.embedded_ui.returns.words import KINDS, UNKNOWN_KIND, said, then_of
from app.embedded_ui.settings_form import error_words
from app.i18n import Translator
from app.services.switching import field_errors

MOST = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule as it was entered; `values` is None where it is as stored (or new)."""

    kind: str
    origin: int | None
    values: Mapping[str, Any] | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class RuleForm:
    """One rule as the form shows it. `said` and `then` name it in the reader's language."""

    place: int
    kind: str
    origin: int | None
    title: str
    said: str
    then: str
    outcome: str
    on: bool
    idle: bool
    fields: tuple[FormField, ...]
    errors: Mapping[str, str] = field(default_factory=dict)  # id of the control → words
    is_open: bool = False
    is_first: bool = False
    is_last: bool = False


def stored_entries(settings: ReturnsApprovalSettings) -> list[Entry]:
    """The rules as they are stored."""
    return [Entry(rule.kind, place) for place, rule in enumerate(settings.rules)]


def entered(form: MultiDict[str, str]) -> list[Entry]:
    """The rules as a form has them, in its order."""
    found = []
    for place in dict.fromkeys(form.getlist("rule")[: 2 * MOST]):
        kind = form.get(f"rule-{place}-kind", "")[:60]
        origin = form.get(f"rule-{place}-from", type=int)
        if kind in RULES:
            values = entries(RULES[kind], form, f"rule-{place}-")
            values.pop("kind", None)
            found.append(Entry(kind, origin, values))
        elif origin is not None:
            found.append(Entry(kind, origin))
    return found


def rearranged(rules: list[Entry], wish: str, kind: str) -> tuple[list[Entry], int | None]:
    """After `up-2`, `down-2`, `remove-2` or `add`; and where the rule is that it was about."""
    what, _, number = wish.partition("-")
    place = int(number) if number.isdecimal() and len(number) < 4 else -1
    rules = list(rules)
    if what == "add" and kind in RULES and len(rules) < MOST:
        return [*rules, Entry(kind, None, is_new=True)], len(rules)
    if not 0 <= place < len(rules):
        return rules, None
    if what == "remove":
        del rules[place]
        return rules, min(place, len(rules) - 1) if rules else None
    other = place + {"up": -1, "down": 1}.get(what, 0)
    if other == place or not 0 <= other < len(rules):
        return rules, place
    rules[place], rules[other] = rules[other], rules[place]
    return rules, other


def as_data(rules: Sequence[Entry], known: ReturnsApprovalSettings) -> list[dict[str, Any]]:
    """The rules as they would be stored, not checked yet."""
    found = []
    for entry in rules:
        base = _base(entry, known)
        if entry.kind not in RULES and base is None:
            continue  # of a newer release, and gone from what is stored
        kept = base.model_dump(mode="json") if base else {}
        found.append({**kept, "kind": entry.kind, **(entry.values or {})})
    return found


def _base(entry: Entry, known: ReturnsApprovalSettings) -> AnyRule | None:
    """The stored rule that an entry changes."""
    if entry.origin is None or not 0 <= entry.origin < len(known.rules):
        return None
    rule = known.rules[entry.origin]
    return rule if rule.kind == entry.kind else None


def rule_forms(
    rules: Sequence[Entry],
    known: ReturnsApprovalSettings,
    words: Translator,
    currency: str,
    *,
    check: bool = False,
) -> list[RuleForm]:
    """The rules as the form shows them; with `check`, what is wrong in each."""
    last = len(rules) - 1
    return [
        replace(
            _rule_form(place, entry, known, words, currency, check=check),
            is_first=place == 0,
            is_last=place == last,
        )
        for place, entry in enumerate(rules)
    ]


def _rule_form(
    place: int,
    entry: Entry,
    known: ReturnsApprovalSettings,
    words: Translator,
    currency: str,
    *,
    check: bool,
) -> RuleForm:
    base = _base(entry, known)
    schema = RULES.get(entry.kind)
    if schema is None:
        said_so = words.gettext(UNKNOWN_KIND)
        on = base.on if base else True
        return RuleForm(
            place, entry.kind, entry.origin, said_so, said_so, "", "hold", on, idle=False, fields=()
        )
    stored = base if isinstance(base, schema) else schema()
    shown: AnyRule = stored  # type: ignore[assignment]
    errors: dict[str, str] = {}
    try:
        given = {**stored.model_dump(mode="json"), **(entry.values or {})}
        shown = schema.model_validate(given)  # type: ignore[assignment]
    except ValidationError as error:
        errors = error_words(field_errors(error), words) if check else {}
    fields = _fields(place, schema, stored, entry, errors, currency=currency)
    return RuleForm(
        place=place,
        kind=entry.kind,
        origin=entry.origin,
        title=words.gettext(KINDS[entry.kind]),
        said=said(shown, words, currency),
        then=words.gettext(then_of(shown)),
        outcome=shown.outcome,
        on=shown.on,
        idle=shown.idle,
        fields=fields,
        errors={f"f-rule-{place}-{name}": text for name, text in errors.items()},
        is_open=bool(errors) or entry.is_new or any(f.was is not None for f in fields),
    )


def _fields(
    place: int,
    schema: type,
    stored: Any,
    entry: Entry,
    errors: Mapping[str, str],
    *,
    currency: str,
) -> tuple[FormField, ...]:
    """The switch, what the rule looks for, and what it does: in this order."""
    form = None if entry.values is None else as_entered(entry.values)
    made = [f for f in form_fields(schema, stored, form, errors) if f.name != "kind"]
    made.sort(key=lambda f: {"on": 0, "outcome": 2}.get(f.name, 1))
    return tuple(
        replace(
            f,
            name=f"rule-{place}-{f.name}",
            unit=currency if f.name == "amount" else f.unit,
        )
        for f in made
    )
