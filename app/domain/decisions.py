"""What an automation answers: plan, skip or cancel an action; and on a second look, go or not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.domain.actions import ActionKind
from app.domain.ids import PlatformId
from app.domain.reasons import Reason


@dataclass(frozen=True, slots=True)
class Schedule:
    """Plan or move the action with this key. Times are business time, UTC."""

    kind: ActionKind
    dedupe_key: str
    due_at: datetime
    useful_until: datetime
    reason: Reason
    order_id: PlatformId | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decline:
    """Do not do it, for a reason that the merchant can read; kept as a `skipped` row."""

    kind: ActionKind
    dedupe_key: str
    reason: Reason
    order_id: PlatformId


@dataclass(frozen=True, slots=True)
class Cancel:
    """Withdraw the waiting action with this key, if there is one."""

    dedupe_key: str
    reason: Reason


Decision = Schedule | Decline | Cancel


@dataclass(frozen=True, slots=True)
class Proceed:
    """Second look: do it now. `payload` replaces the planned one (final list of items)."""

    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Defer:
    """Second look: not yet."""

    until: datetime
    reason: Reason


@dataclass(frozen=True, slots=True)
class Skip:
    """Second look: not at all."""

    reason: Reason


Verdict = Proceed | Defer | Skip
