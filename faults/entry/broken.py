"""Guards broken on purpose: the harness must see what follows.

Named by the environment; a run without that name has every guard in place.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.db.actions.performing import Performing
from app.domain.actions import Action
from app.pipeline.effects.base import Work
from app.pipeline.effects.mail import MailEffect

BROKEN = "FAULTS_BROKEN"  # environment variable


def break_guards() -> None:
    """Break what the environment names."""
    named = os.environ.get(BROKEN, "")
    if named == "claim":
        Performing.claim = _unguarded  # type: ignore[method-assign,assignment]
    elif named == "lookup":
        MailEffect.lookup = _never_look  # type: ignore[method-assign,assignment]
    elif named:
        raise SystemExit(f"{BROKEN} names no guard: {named}")


def _unguarded(
    _self: Performing, action: Action, _lease_until: datetime, payload: Mapping[str, Any]
) -> Action:
    """A claim without compare-and-set: nothing is written that the next one could see."""
    return replace(action, attempt=action.attempt + 1, payload=dict(payload))


def _never_look(_self: MailEffect, _work: Work) -> None:
    """Surely not done, says whoever does not look."""
