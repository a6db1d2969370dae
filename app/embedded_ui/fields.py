"""Form fields from a settings schema, for the `field` macro of the kit."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel
from werkzeug.datastructures import MultiDict

Kind = Literal["line", "text", "number", "decimal", "time", "choice", "choices", "switch", "secret"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values that a field may have, and the merchant's word for it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class FormField:
    """A setting as the form shows it. Label, help and unit are message ids."""

    name: str
    kind: Kind
    label: str
    value: str | bool
    help: str = ""
    unit: str = ""
    minimum: int | float | None = None
    maximum: int | float | None = None
    choices: tuple[Choice, ...] = ()
    error: str = ""  # in the reader's language
    was: str | bool | None = None  # the stored value, where another was entered
    disabled: bool = False

    @property
    def chosen(self) -> frozenset[str]:
        """Of a list of choices, those that are in it."""
        return frozenset(str(self.value).split(", "))

    @property
    def bounded(self) -> bool:
        """Whether the help begins with the bounds."""
        return self.minimum is not None or self.maximum is not None


def form_fields(
    schema: type[BaseModel],
    stored: BaseModel,
    entered: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> list[FormField]:
    """The fields of a schema in its order, with the stored values.

    After a failed save, `entered` is the form as it came (a switch that is off is absent) and
    `errors` a text per field name: entries are never lost.
    In the schema `title` is the label and `description` the help; `json_schema_extra` may have
    `unit`, `secret`, `long` (several lines), `choices` (value → word; for a list: several may be
    chosen) and `elsewhere` (no field: a page of its own shows it).
    """
    described = _described(schema)
    values = stored.model_dump(mode="json")
    fields = []
    for name, own in described["properties"].items():
        facts = _resolved(own, described.get("$defs", {}))
        if facts.get("elsewhere"):
            continue
        kind = _kind(facts)
        value = _shown(values[name], kind)
        # a secret is neither shown nor sent back: its field is empty, with a mask as placeholder
        now = value if entered is None or kind == "secret" else _entered(entered, name, kind)
        fields.append(
            FormField(
                name=name,
                kind=kind,
                # the field's own words: an enum behind it has some for programmers
                label=own.get("title", name),
                value=now,
                help=own.get("description", ""),
                unit=facts.get("unit", ""),
                minimum=facts.get("minimum"),
                maximum=facts.get("maximum"),
                choices=_choices(facts, described.get("$defs", {}), value),
                error=(errors or {}).get(name, ""),
                was=value if now != value else None,
            )
        )
    return fields


def entries(schema: type[BaseModel], form: MultiDict[str, str], prefix: str = "") -> dict[str, Any]:
    """A form as it came, as values for the schema. A switch that is off is absent there, as is a
    list of which nothing is chosen.
    """
    described = _described(schema)
    found: dict[str, Any] = {}
    for name, own in described["properties"].items():
        facts, key = _resolved(own, described.get("$defs", {})), prefix + name
        kind = _kind(facts)
        if facts.get("elsewhere"):
            continue
        if kind == "switch":
            found[name] = key in form
        elif kind == "choices":
            found[name] = ", ".join(form.getlist(key))
        elif key in form:
            value = form[key].strip()
            found[name] = value.replace(",", ".") if kind == "decimal" else value
    return found


def as_entered(values: Mapping[str, Any]) -> dict[str, str]:
    """Values of `entries` as `form_fields` takes them back: a switch that is off is absent."""
    return {name: str(value) for name, value in values.items() if value is not False}


@cache
def _described(schema: type[BaseModel]) -> dict[str, Any]:
    """Its JSON schema, which takes some milliseconds to work out. Read only."""
    return schema.model_json_schema()


def _choices(
    facts: dict[str, Any], definitions: dict[str, Any], value: str | bool
) -> tuple[Choice, ...]:
    """The values to choose from; of a list first those that are chosen, in their own order."""
    words, known = facts.get("choices", {}), facts.get("enum", ())
    if facts.get("type") == "array" and words:
        chosen = [part for part in str(value).split(", ") if part in words]
        every = _resolved(facts["items"], definitions).get("enum", ())
        known = dict.fromkeys([*chosen, *(choice for choice in every if choice in words)])
    return tuple(Choice(choice, words.get(choice, choice)) for choice in known)


def _resolved(own: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    """A property with what it refers to (enums) or may be besides null (optional fields)."""
    for part in (own, *own.get("anyOf", ()), *own.get("allOf", ())):
        if "$ref" in part:
            return {**definitions[part["$ref"].rpartition("/")[2]], **own}
        if part is not own and part.get("type") != "null":
            return {**part, **own}
    return own


def _kind(facts: dict[str, Any]) -> Kind:
    kinds: dict[str, Kind] = {"boolean": "switch", "integer": "number", "number": "decimal"}
    if facts.get("secret"):
        return "secret"
    if facts.get("long"):
        return "text"
    if "enum" in facts:
        return "choice"
    if facts.get("type") == "array" and facts.get("choices"):
        return "choices"
    if facts.get("format") == "time":
        return "time"
    return kinds.get(facts.get("type", ""), "line")


def _shown(value: Any, kind: Kind) -> str | bool:
    if kind == "switch":
        return bool(value)
    if kind == "secret":
        return "•" * 10 if value else ""
    if kind == "time":
        return str(value)[:5]
    if isinstance(value, list):
        return ", ".join(str(part) for part in value)
    return "" if value is None else str(value)


def _entered(entered: Mapping[str, str], name: str, kind: Kind) -> str | bool:
    return name in entered if kind == "switch" else entered.get(name, "").strip()
