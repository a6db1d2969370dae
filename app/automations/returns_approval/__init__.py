"""Decides returns by the merchant's rules, within what the law allows."""

from collections.abc import Sequence
from typing import ClassVar

from app.automations.base import Context, SettingsModel, settings_as
from app.automations.returns_approval.case import case_of
from app.automations.returns_approval.prospects import Prospects, cost_of, prospects
from app.automations.returns_approval.ruling import rule_on
from app.automations.returns_approval.settings import ReturnsApprovalSettings, kind_of
from app.domain.actions import Action, ActionKind
from app.domain.decisions import Decision, Proceed, Verdict
from app.domain.events import Event
from app.domain.returns import ReturnRequest, Ruling

__all__ = [
    "Prospects",
    "ReturnsApproval",
    "ReturnsApprovalSettings",
    "case_of",
    "cost_of",
    "kind_of",
    "prospects",
    "rule_on",
]


class ReturnsApproval:
    """A return that a customer asks for is approved, declined or left to the merchant by ordered
    rules. Inside the statutory withdrawal period nothing is declined, and a withdrawal never is.
    """

    key: ClassVar[str] = "returns_approval"
    Settings: ClassVar[type[SettingsModel]] = ReturnsApprovalSettings
    listens_to: ClassVar[tuple[type[Event], ...]] = ()
    performs: ClassVar[frozenset[ActionKind]] = frozenset()

    def decide(self, event: Event, context: Context) -> Sequence[Decision]:  # noqa: ARG002
        """Returns are decided where they are asked for: nothing is planned from events."""
        return ()

    def recheck(self, action: Action, context: Context) -> Verdict:  # noqa: ARG002
        """Nothing is planned, so nothing is stopped."""
        return Proceed()

    def decide_request(self, request: ReturnRequest, context: Context) -> Ruling:
        """The decision with its trace. Pure: the same request and picture give the same.

        `context.returns` must not hold the return at hand. Times are judged as of
        `request.requested_at`, so that waiting for a decision costs nobody the right.
        """
        return rule_on(case_of(request, context, settings_as(context, ReturnsApprovalSettings)))
