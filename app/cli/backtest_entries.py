"""What is wrong in a file of rules, in words for whoever wrote it.

What is stored may come from a newer release, so schemas keep what they do not know. A file is
written by hand: there an unknown name is a mistake.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from app.automations.returns_approval import ReturnsApprovalSettings
from app.automations.returns_approval.rules import RULES
from app.embedded_ui.settings_form import error_words
from app.i18n import Translator
from app.services.switching import FieldError, field_errors

_WORDS = Translator("en")
_TYPES = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "decimal_type": "a number",
    "string_type": "text",
    "tuple_type": "a list",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
}


def mistakes(values: Mapping[str, Any]) -> Iterator[str]:
    """One line each: where it stands, what is wrong, what is allowed."""
    rules = values.get("rules", [])
    if isinstance(rules, list):
        for number, rule in enumerate(rules, start=1):
            yield from _in_rule(number, rule)
    else:
        yield "rules: this has to be a list of rules ([…])."
    rest = {name: value for name, value in values.items() if name != "rules"}
    yield from _in_fields("", ReturnsApprovalSettings, rest)


def _in_rule(number: int, rule: Any) -> Iterator[str]:
    place = f"rule {number}"
    if not isinstance(rule, Mapping):
        yield f"{place}: a rule is an object ({{…}}) with a kind."
        return
    kind = rule.get("kind")
    if not isinstance(kind, str) or kind not in RULES:
        what = f"there is no kind {kind!r}" if "kind" in rule else "it has no kind"
        yield f"{place}: {what}. The kinds are: {', '.join(RULES)}."
        return
    yield from _in_fields(f"{place} ({kind}), ", RULES[kind], rule)


def _in_fields(place: str, schema: type[BaseModel], values: Mapping[str, Any]) -> Iterator[str]:
    known = [name for name in schema.model_fields if name != "kind"]
    for name in values:
        if name not in schema.model_fields:
            yield f"{place}{name}: there is no such setting. There are: {', '.join(known)}."
    try:
        schema.model_validate(values)
    except ValidationError as error:
        for each in field_errors(error):
            yield f"{place}{each.field or 'the whole'}: {_said(each)}"


def _said(error: FieldError) -> str:
    expected = str(error.params.get("expected", ""))
    if expected:
        return f"{error.value!r} is not one of its values. They are: {expected}."
    if error.code == "string_pattern_mismatch":
        return f"{error.value!r} is no country. Write two letters each: SK, TR."
    if error.code in _TYPES:
        return f"this has to be {_TYPES[error.code]}."
    return error_words([error], _WORDS)[error.field]
