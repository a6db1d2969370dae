"""Mails go out with the merchant's words; with ours where those cannot be used, and he is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.actions import Action, ActionKind, ActionState
from app.pipeline.effects.mail import TEXT_REFUSED
from app.services import texts
from tests.contract.effects_world import World
from tests.pipeline.stands import standing


@pytest.fixture
def world(tmp_path: Path, database_url: str) -> Iterator[World]:
    with standing("woocommerce", tmp_path, database_url) as stand:
        yield World(stand)


def send(world: World, kind: ActionKind = ActionKind.REVIEW_REQUEST_MAIL) -> Action:
    action = world.perform(world.prepare(kind))
    assert action.state == ActionState.DONE
    assert world.sendings(action) == 1
    return action


def language_of_mails(world: World) -> str:
    send(world)
    return str(world.harness.mails()[0].lang)


def test_a_mail_says_what_the_merchant_wrote(world: World) -> None:
    language = language_of_mails(world)
    for message in ("review_request", "milestone_coupon"):
        saved = texts.save(
            world.deps, world.shop_id, message, language,  # type: ignore[arg-type]
            {"subject": "Own words of {{ shop_name }}", "button": "Go"},
            expected_version=0, by="test",
        )  # fmt: skip
        assert saved.saved
    for kind in (ActionKind.REVIEW_REQUEST_MAIL, ActionKind.COUPON_MAIL):
        send(world, kind)
        newest = world.harness.mails()[0]
        assert newest.subject == f"Own words of {world.shop.name}"
    with world.harness.shop(world.shop_id) as data:
        assert not data.problems.is_open(TEXT_REFUSED)


def test_a_text_that_cannot_be_used_any_more_loses_no_mail(world: World) -> None:
    language = language_of_mails(world)
    ours = world.harness.mails()[0].subject
    with world.harness.change(world.shop_id) as data:
        data.templates.save(
            "review_request", language,
            {"subject": "{{ field_of_another_release }}", "heading": "{% for x in (1..9) %}",
             "button": "Still mine"},
            expected_version=0, changed_by="test", now=world.harness.wall.now(),
        )  # fmt: skip
    send(world)
    assert world.harness.mails()[0].subject == ours
    with world.harness.shop(world.shop_id) as data:
        (problem,) = [p for p in data.problems.all_open() if p.key == TEXT_REFUSED]
    assert problem.params == {
        "message": "review_request", "language": language, "slot": "subject", "why": "missing",
        "line": 1, "column": 4, "params": {"name": "field_of_another_release"},
    }  # fmt: skip
    send(world)  # a second one changes nothing
    saved = texts.save(
        world.deps, world.shop_id, "review_request", language, {},  # type: ignore[arg-type]
        expected_version=1, by="test",
    )  # fmt: skip
    assert saved.saved
    with world.harness.shop(world.shop_id) as data:
        assert not data.problems.is_open(TEXT_REFUSED)
