"""The table that a merchant can read: given → decided → because."""

import tomllib
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.i18n import Translator
from app.i18n.reasons import explain
from tests.unit.automations.returned import decided, from_facts

CASES = tomllib.loads(Path(__file__).with_name("returns_table.toml").read_text())["case"]
BRATISLAVA = ZoneInfo("Europe/Bratislava")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["given"])
def test_returns_are_decided_as_the_table_says(case: dict[str, Any]) -> None:
    told = {"given", "decided", "because", "by"}
    asked, world = from_facts({name: fact for name, fact in case.items() if name not in told})
    ruling = decided(asked, world)
    because = explain(ruling.reason, Translator("en"), BRATISLAVA)
    assert (ruling.outcome, ruling.decided_by, because) == (
        case["decided"],
        case.get("by", "otherwise"),
        case["because"],
    )


def test_the_table_is_long_enough_and_names_each_case_once() -> None:
    names = [case["given"] for case in CASES]
    assert len(set(names)) == len(names) >= 60
    assert {case["decided"] for case in CASES} == {"approve", "decline", "hold"}
