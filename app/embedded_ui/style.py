"""The living style page: every component of the kit with its states, in development only."""

from enum import StrEnum
from typing import Any, Literal

from flask import render_template
from pydantic import BaseModel, Field

from app.embedded_ui import charts
from app.embedded_ui.fields import FormField, form_fields

_RANGES = (("Review requests", 1.9, 7.0, 12.1), ("Milestone coupons", -5.1, 1.0, 7.1))


class CountFrom(StrEnum):
    """When waiting begins."""

    DELIVERED = "delivered"
    SHIPPED = "shipped"


class SampleSettings(BaseModel):
    """One setting of every kind."""

    count_from: CountFrom = Field(
        default=CountFrom.DELIVERED,
        title="Count from",
        json_schema_extra={"choices": {"delivered": "Delivered", "shipped": "Shipped"}},
    )
    wait: int = Field(
        default=3,
        title="Wait",
        description="Textiles are used within a week.",
        ge=0,
        le=60,
        json_schema_extra={"unit": "days"},
    )
    transit: int | None = Field(
        default=12, title="From shipping", ge=1, json_schema_extra={"unit": "days"}
    )
    least: float = Field(
        default=15.5, title="Orders of at least", json_schema_extra={"unit": "EUR"}
    )
    leave_out: list[str] = Field(default=["gift-card", "sample"], title="Leave out products tagged")
    remind: bool = Field(default=True, title="Remind once", description="If there is no review.")
    tone: Literal["plain", "warm"] = Field(default="plain", title="Tone")
    note: str = Field(
        default="", title="A note to your customers", json_schema_extra={"long": True}
    )
    key: str = Field(default="hidden", title="Key", json_schema_extra={"secret": True})


def style_page(*, failed_save: bool = False, **values: Any) -> str:
    """The page; `failed_save` shows the form as it comes back with an error."""
    return render_template(
        "style.html",
        fields=_sample_fields(),
        error_count=1 if failed_save else 0,
        week=charts.bars(_points((48, 61, 52, 71, 40, 26, 20))),
        change=charts.bars(
            [
                charts.Point("Approved", 84, before=61),
                charts.Point("Left to you", 9, before=31),
                charts.Point("Declined", 3, before=4),
            ]
        ),
        measured=_measured(),
        **values,
    )


def _points(values: tuple[int, ...]) -> list[charts.Point]:
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    return [charts.Point(day, value) for day, value in zip(days, values, strict=True)]


def _measured() -> list[tuple[str, str, charts.Interval]]:
    scale = charts.scale_of([(low, high) for _, low, _, high in _RANGES])
    return [
        (name, f"{low:+} to {high:+}", charts.interval(low, value, high, scale))
        for name, low, value, high in _RANGES
    ]


def _sample_fields() -> list[FormField]:
    """The settings after a failed save: two changes, one of them wrong."""
    entered = {
        "count_from": "delivered",
        "wait": "7",
        "transit": "seven",
        "least": "15.5",
        "leave_out": "gift-card, sample",
        "remind": "true",
        "tone": "plain",
    }
    errors = {"transit": "“seven” is not a number. Write the days as digits, for example 7."}
    return form_fields(SampleSettings, SampleSettings(), entered, errors)
