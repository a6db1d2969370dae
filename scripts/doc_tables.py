"""Writes the tables of docs/ that repeat what the code says: settings, rules, reasons, fields, law.

Each stands between `<!-- table: NAME -->` and `<!-- end -->`; a test fails where one is old.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from babel import Locale

from app.automations import registry
from app.automations.base import ContactPolicy, SettingsModel
from app.automations.returns_approval.rule import Rule
from app.automations.returns_approval.rules import RULES
from app.channels.fields import TextField
from app.channels.messages import WITH_TEXTS, OwnWords
from app.channels.texts.values import shown
from app.db.models.personal import ELSEWHERE, HELD
from app.domain.consent import ConsentNeed, consent_law
from app.domain.reason_words import WORDS
from app.domain.reasons import ReasonCode
from app.domain.withdrawal import withdrawal_law
from app.i18n import Translator

ROOT = Path(__file__).resolve().parent.parent
PLACE = re.compile(r"(<!-- table: ([\w ]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)

# Which code says each "no" and "not yet" of a table.
REASONS_IN: dict[str, tuple[str, ...]] = {
    "review_request": ("app/automations/review_request.py",),
    "milestone_coupon": ("app/automations/milestone_coupon",),
    "returns_approval": ("app/automations/returns_approval",),
    "contact": ("app/automations/guards.py",),
    "performing": (
        "app/pipeline/perform.py",
        "app/pipeline/failures.py",
        "app/pipeline/pace.py",
        "app/pipeline/control.py",
        "app/services/switching.py",
    ),
}
_CODE = re.compile(r"ReasonCode\.([A-Z_]+)")
_ALL = list(ReasonCode)  # first why something is planned, then what stands against it, then ends
_AGAINST = {*_ALL[_ALL.index(ReasonCode.ORDER_CANCELLED) : _ALL.index(ReasonCode.SENT)]}
_AGAINST.add(ReasonCode.SETTINGS_CHANGED)


def main() -> None:
    """Rewrite the tables in all pages."""
    for path in pages():
        path.write_text(renewed(path.read_text()))


def pages() -> list[Path]:
    """All pages that may hold tables."""
    return sorted((ROOT / "docs").rglob("*.md"))


def renewed(text: str) -> str:
    """The page with its tables as they should be. Raises KeyError for an unknown table."""
    return PLACE.sub(lambda found: found[1] + _table(found[2]) + found[4], text)


def _table(name: str) -> str:
    kind, _, of = name.partition(" ")
    return TABLES[kind](of)


def _settings(of: str) -> str:
    schema: type[SettingsModel] = ContactPolicy if of == "contact" else registry.by_key(of).Settings
    return _markdown(("setting", "label", "default", "help"), _lines(schema))


def _lines(schema: type[SettingsModel]) -> list[tuple[str, ...]]:
    return [
        (f"`{name}`", str(field.title), _default(field), str(field.description))
        for name, field in schema.model_fields.items()
        if name != "kind"
    ]


def _rules(of: str) -> str:
    """What each kind of rule can be set to, in the order in which they come."""
    schema, of_all = RULES[of], Rule.model_fields
    own = [line for line in _lines(schema) if line[0].strip("`") not in of_all]
    outcome = schema.model_fields["outcome"]
    first = ("`outcome`", str(outcome.title), _default(outcome), str(outcome.description))
    return _markdown(("setting", "label", "default", "help"), [first, *own])


def _withdrawal(_of: str) -> str:
    rows = [
        (country, f"{law.days} days", law.source)
        for country in sorted(Locale("en").territories)
        if (law := withdrawal_law(country))
    ]
    return _markdown(("country", "from the last parcel’s arrival", "source"), rows)


def _default(field: Any) -> str:
    extra = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    unit = str(extra.get("unit", ""))
    match field.default:
        case bool() as on:
            return "on" if on else "off"
        case (SettingsModel(), *_) as rules:
            return ", ".join(f"`{rule.kind}`" for rule in rules)
        case tuple() as levels:
            return ", ".join(map(str, levels)) or "none"
        case "":
            return "none"
        case other if unit.isalpha():
            return f"{other} {unit}"
        case other:
            return f"{other}{unit}"


def _reasons(of: str) -> str:
    codes = _codes_in(of)
    if of == "performing":  # what the automations' own tables say is not said again
        codes -= set().union(*(_codes_in(other) for other in REASONS_IN if other != of))
    rows = [(f"`{code}`", WORDS[code]) for code in _ALL if code in codes]
    return _markdown(("reason", "what the merchant reads"), rows)


def _codes_in(of: str) -> set[ReasonCode]:
    places = [ROOT / place for place in REASONS_IN[of]]
    files = [f for place in places for f in ([place] if place.is_file() else place.rglob("*.py"))]
    names = {name for file in files for name in _CODE.findall(file.read_text())}
    return {ReasonCode[name] for name in names} & _AGAINST


def _fields(of: str) -> str:
    """The fields of one mail, or of several that have most of them in common."""
    mails = [WITH_TEXTS[kind] for kind in of.split()]
    fields = {field.name: field for mail in mails for field in mail.fields}
    examples = shown({name: field.example for name, field in fields.items()}, Translator("en"))
    rows = [
        (f"`{name}`", field.title, _listed(examples[name]), _known(field, mails))
        for name, field in fields.items()
    ]
    return _markdown(("field", "what it is", "for example", "known"), rows)


def _known(field: TextField, mails: Sequence[type[OwnWords]]) -> str:
    having = [mail.title for mail in mails if field in mail.fields]
    only = "" if len(having) == len(mails) else f"; only in “{'”, “'.join(having)}”"
    return ("not always" if field.optional else "always") + only


def _listed(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _consent(_of: str) -> str:
    unlisted, rows = consent_law(None), []
    for country in sorted(Locale("en").territories):
        law = consent_law(country)
        if law is unlisted:
            continue
        need = "recorded consent" if law.need is ConsentNeed.RECORDED else "soft opt-in"
        within = f", for {law.within.days} days after a purchase" if law.within else ""
        rows.append((country, need + within, law.source))
    rows.append(("any other", "recorded consent", unlisted.source))
    return _markdown(("country", "what is needed", "source"), rows)


def _personal(_of: str) -> str:
    rows = [
        (
            f"`{one.table}`: {_columns(one.columns)}",
            one.what,
            one.why,
            one.form,
            one.kept,
            one.after,
        )
        for one in HELD
    ]
    heads = ("where", "what", "why", "how", "how long", "once erased")
    return _markdown(heads, rows)


def _columns(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _elsewhere(_of: str) -> str:
    rows = [(one.where, one.what, one.form, one.kept, one.after) for one in ELSEWHERE]
    return _markdown(("where", "what", "how", "how long", "once erased"), rows)


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


TABLES: dict[str, Callable[[str], str]] = {
    "settings": _settings,
    "reasons": _reasons,
    "fields": _fields,
    "consent": _consent,
    "rules": _rules,
    "withdrawal": _withdrawal,
    "personal": _personal,
    "elsewhere": _elsewhere,
}


if __name__ == "__main__":
    main()
