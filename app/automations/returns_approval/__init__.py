"""Decides returns by the merchant's rules."""

from collections.abc import Sequence
from typing import ClassVar

from app.automations.base import Context, SettingsModel
from app.domain.actions import Action, ActionKind
from app.domain.decisions import Decision, Proceed, Verdict
from app.domain.events import Event
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import ReturnOutcome, ReturnRequest, Ruling


class ReturnsApprovalSettings(SettingsModel):
    """The rules."""


class ReturnsApproval:
    """Decides returns by the merchant's rules."""

    key: ClassVar = "returns_approval"
    Settings: ClassVar[type[SettingsModel]] = ReturnsApprovalSettings
    listens_to: ClassVar[tuple[type[Event], ...]] = ()
    performs: ClassVar[frozenset[ActionKind]] = frozenset()

    def decide(self, event: Event, context: Context) -> Sequence[Decision]:  # noqa: ARG002
        """Events decide nothing here: requests do."""
        return ()

    def recheck(self, action: Action, context: Context) -> Verdict:  # noqa: ARG002
        """It plans nothing that could be looked at again."""
        return Proceed()

    def decide_request(self, request: ReturnRequest, context: Context) -> Ruling:  # noqa: ARG002
        """Everything is left to the merchant."""
        return Ruling(ReturnOutcome.HOLD, "otherwise", Reason.of(ReasonCode.RETURN_HELD))
