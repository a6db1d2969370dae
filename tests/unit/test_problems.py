"""Every problem that the code can open has words, and every reader gets whole sentences."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.db.problems import Problem
from app.i18n import Translator
from app.platforms.shopify.scopes import REQUIRED_SCOPES
from app.services.problems import WORDS, explain

APP = Path(__file__).parents[2] / "app"
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def opened_somewhere() -> set[str]:
    """Keys in the first argument of MerchantMustFix, and of constants passed to problems.open."""
    found: set[str] = set()
    for path in APP.rglob("*.py"):
        text = path.read_text()
        found |= set(re.findall(r'MerchantMustFix\(\s*"(\w+)"', text))
        found |= set(re.findall(r'^[A-Z]+ = "((?:store|scopes|webhooks)_\w+)"', text, re.MULTILINE))
    return found


def test_every_key_that_is_opened_has_words() -> None:
    opened = opened_somewhere()
    assert {"store_key_refused", "rating_not_ours", "webhooks_missing"} <= opened
    assert opened <= set(WORDS)


@pytest.mark.parametrize("key", sorted(WORDS))
def test_a_problem_without_details_reads_well(key: str) -> None:
    told = explain(Problem(key, {}, NOW), Translator("en"))
    assert told.what
    assert not told.what.endswith(".")
    assert told.text.endswith(".")
    assert "%(" not in told.text
    assert bool(told.action) == bool(told.href)


def test_details_are_named() -> None:
    told = explain(Problem("store_moved", {"host": "new.example"}, NOW), Translator("en"))
    assert "new.example" in told.text
    unknown = explain(Problem("from_the_future", {}, NOW), Translator("en"))
    assert "from_the_future" in unknown.text


@pytest.mark.parametrize("scope", REQUIRED_SCOPES)
def test_a_permission_is_named_by_what_it_is_about(scope: str) -> None:
    told = explain(Problem("scopes_missing", {"scopes": scope}, NOW), Translator("en"))
    assert "Missing: " in told.text
    assert scope not in told.text
