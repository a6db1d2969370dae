"""Every kind of action has an effect, words for the merchant, and an end for each error."""

from app.automations.words import KINDS
from app.domain.actions import ActionKind
from app.pipeline.effects.registry import EFFECTS


def test_every_kind_of_action_can_be_carried_out_and_named():
    assert set(EFFECTS) == set(ActionKind)
    assert set(KINDS) == set(ActionKind)
