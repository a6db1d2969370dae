"""The form that follows from a settings schema."""

from enum import StrEnum
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from app.embedded_ui.fields import Choice, FormField, form_fields


class CountFrom(StrEnum):
    """A docstring for programmers."""

    DELIVERED = "delivered"
    SHIPPED = "shipped"


class Settings(BaseModel):
    count_from: CountFrom = Field(
        CountFrom.DELIVERED,
        title="Count from",
        json_schema_extra={"choices": {"delivered": "Delivered"}},
    )
    wait: int = Field(
        3, title="Wait", description="Help.", ge=0, le=60, json_schema_extra={"unit": "days"}
    )
    transit: int | None = Field(None, title="Transit", ge=1)
    tags: list[str] = Field(["gift", "sample"], title="Tags")
    remind: bool = Field(default=True, title="Remind")
    tone: Literal["plain", "warm"] = Field("plain", title="Tone")
    key: str = Field("hidden", title="Key", json_schema_extra={"secret": True})


def fields(entered: dict[str, str] | None = None, **errors: str) -> dict[str, FormField]:
    return {field.name: field for field in form_fields(Settings, Settings(), entered, errors)}


def test_a_field_says_what_its_schema_says() -> None:
    wait = fields()["wait"]
    assert (wait.label, wait.help, wait.unit) == ("Wait", "Help.", "days")
    assert (wait.kind, wait.value, wait.minimum, wait.maximum) == ("number", "3", 0, 60)


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("count_from", "choice", "delivered"),
        ("transit", "number", ""),
        ("tags", "line", "gift, sample"),
        ("remind", "switch", True),
        ("tone", "choice", "plain"),
    ],
)
def test_every_kind_of_setting_has_its_control(name: str, kind: str, value: object) -> None:
    field = fields()[name]
    assert (field.kind, field.value) == (kind, value)


def test_choices_have_the_words_of_the_schema_and_not_of_the_code() -> None:
    field = fields()["count_from"]
    assert field.choices == (Choice("delivered", "Delivered"), Choice("shipped", "shipped"))
    assert field.help == ""


def test_optional_settings_keep_their_bounds() -> None:
    assert fields()["transit"].minimum == 1


def test_a_secret_never_reaches_the_page() -> None:
    for entered in (None, {"key": "new secret"}):
        field = fields(entered)["key"]
        assert "hidden" not in str(field)
        assert "new secret" not in str(field)


def test_after_a_failed_save_entries_stay_and_what_they_replace_is_shown() -> None:
    entered = {"count_from": "shipped", "wait": "seven", "tags": "gift, sample", "tone": "plain"}
    shown = fields(entered, wait="“seven” is not a number.")
    assert (shown["wait"].value, shown["wait"].was) == ("seven", "3")
    assert shown["wait"].error == "“seven” is not a number."
    assert (shown["count_from"].value, shown["count_from"].was) == ("shipped", "delivered")
    assert (shown["remind"].value, shown["remind"].was) == (False, True)  # an absent switch is off
    assert shown["tags"].was is None
