"""Events become action rows: each enabled automation answers once, on the final state."""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from app.automations.base import Automation
from app.automations.registry import AUTOMATIONS
from app.db import continuity
from app.db.actions import RESTORED, released_after
from app.db.settings import SettingsVersion
from app.db.tenant import ShopData
from app.domain.actions import (
    FINAL,
    HARMLESS_TWICE,
    MARKETING_MAIL,
    WAITING,
    Action,
    ActionKind,
)
from app.domain.decisions import Cancel, Decision, Decline, Schedule
from app.domain.events import Event, facts_of
from app.domain.ids import ActionId, CustomerId
from app.domain.reasons import Reason, ReasonCode
from app.domain.snapshots import OrderSnapshot
from app.pipeline.context import Assembler, settings_of
from app.pipeline.runtime import Runtime

# No vowels and nothing that reads like something else: codes are typed by hand.
_ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXYZ"
_VOID_FOR = timedelta(days=365)  # the longest that a coupon is valid


class Planner:
    """Plans for one shop inside a transaction."""

    def __init__(self, rt: Runtime, data: ShopData) -> None:
        self._rt = rt
        self._data = data
        self._now = rt.business.now()
        self._generation = data.shop.generation
        self._restored = data.remembered("restored", lambda: continuity.latest(data.aside))

    def answer(
        self, order: OrderSnapshot, customer_id: CustomerId | None, events: Sequence[Event]
    ) -> None:
        """Let every enabled automation answer new events of one order.

        Events from before an automation's `active_since` only made history: tagging an old order,
        or importing it, mails nobody. What an automation has waiting for the order is decided
        again whatever changed: "all parcels left" is no event, but moves a request.
        """
        assembler: Assembler | None = None
        waiting = self._waiting(order)
        for automation in AUTOMATIONS:
            version = self._data.settings.current(automation.key)
            heard = relevant(automation, version, events)
            if not heard and automation.key in waiting:
                heard = relevant(automation, version, list(facts_of(order)))
            if version is None or not heard:
                continue
            assembler = assembler or Assembler(self._data, self._now)
            settings = self._data.remembered(
                ("settings", automation.key), partial(settings_of, automation, version)
            )
            context = assembler.context(order, customer_id, settings, version.active_since)
            for decision in automation.decide(heard[-1], context):
                caused_at = heard[-1].occurred_at
                self.apply(
                    decision, automation.key, customer_id, version.version, caused_at=caused_at
                )

    def _waiting(self, order: OrderSnapshot) -> set[str]:
        rows = self._data.actions.of_order(order.order_id)
        return {action.automation for action in rows if action.state in WAITING}

    def apply(
        self,
        decision: Decision,
        automation: str,
        customer_id: CustomerId | None,
        version: int,
        *,
        caused_at: datetime | None = None,
    ) -> ActionId | None:
        """Write one decision; returns the row that it changed, if any.

        `caused_at`: when the fact occurred that it answers.
        """
        match decision:
            case Schedule():
                return self._schedule(decision, automation, customer_id, version, caused_at)
            case Decline():
                changed = self._data.actions.decline(
                    decision,
                    automation=automation,
                    customer_id=customer_id,
                    settings_version=version,
                    generation=self._generation,
                    now=self._now,
                )
                self._note("skipped", changed, decision.reason)
                self._take_back(changed)
            case Cancel():
                changed = self._data.actions.cancel(decision.dedupe_key, decision.reason, self._now)
                self._note("cancelled", changed, decision.reason)
                self._take_back(changed)
        return changed

    def _take_back(self, withdrawn: ActionId | None) -> None:
        action = self._data.actions.get(withdrawn) if withdrawn else None
        if action and action.state in FINAL and (undoing := undo_of(action, self._now)):
            self._schedule(
                undoing, action.automation, action.customer_id, action.settings_version, None
            )

    def _schedule(
        self,
        schedule: Schedule,
        automation: str,
        customer_id: CustomerId | None,
        version: int,
        caused_at: datetime | None,
    ) -> ActionId | None:
        action_id, what = self._data.actions.plan(
            schedule,
            automation=automation,
            customer_id=customer_id,
            settings_version=version,
            generation=self._generation,
            now=self._now,
            minted=self._mint(schedule),
        )
        if what in ("same", "final"):
            return None
        self._note("planned" if what == "created" else "moved", action_id, schedule.reason)
        if self._may_be_done(schedule, caused_at):
            self._hold(action_id)
        elif schedule.due_at <= self._now:
            self._data.uow.after_commit("perform", self._data.shop_id)
        return action_id

    def _may_be_done(self, schedule: Schedule, caused_at: datetime | None) -> bool:
        """Whether it was perhaps planned and carried out in the days that a restored backup lost:
        it is due since then, or answers at once what happened then.
        """
        if self._restored is None or schedule.kind in HARMLESS_TWICE:
            return False
        at_once = schedule.due_at <= self._now
        since = min(caused_at or self._now, schedule.due_at) if at_once else schedule.due_at
        return since <= self._restored.lost_until

    def _hold(self, action_id: ActionId) -> None:
        action = self._data.actions.get(action_id)
        if action is None or self._restored is None or action.problem == RESTORED:
            return
        if released_after(action) >= self._restored.id:  # the merchant has decided
            return
        reason = continuity.hold_reason(self._restored)
        if self._data.actions.hold(action, reason):
            self._note("blocked", action_id, reason)
            self._data.problems.count(RESTORED, self._data.actions.held_count(), self._now)

    def _mint(self, schedule: Schedule) -> dict[str, str]:
        """Random values made once per row and kept in it, so that a repeat is recognised."""
        if schedule.kind is ActionKind.COUPON_CREATE:
            prefix = str(schedule.payload.get("code_prefix", ""))
            code = "".join(secrets.choice(_ALPHABET) for _ in range(10))
            return {"code": f"{prefix}-{code}" if prefix else code}
        if schedule.kind in MARKETING_MAIL or schedule.kind.endswith("_mail"):
            domain = self._rt.mail_from.rpartition("@")[2]
            return {"message_id": f"<{secrets.token_hex(16)}@{domain}>"}
        return {}

    def _note(self, verb: str, action_id: ActionId | None, reason: Reason) -> None:
        action = self._data.actions.get(action_id) if action_id else None
        if action:
            write(self._data, verb, action, reason, self._now)


def relevant(
    automation: Automation, version: SettingsVersion | None, events: Sequence[Event]
) -> list[Event]:
    """Events that the automation listens to and that occurred since it was switched on."""
    if version is None or not version.enabled or version.active_since is None:
        return []
    since = version.active_since
    return [e for e in events if isinstance(e, automation.listens_to) and e.occurred_at >= since]


def undo_of(action: Action, now: datetime) -> Schedule | None:
    """What takes back an action that was, or may have been, carried out: a coupon can be voided,
    a mail cannot be called back.
    """
    if action.kind is not ActionKind.COUPON_CREATE or not action.attempt:
        return None
    code = str(action.payload["code"])
    return Schedule(
        kind=ActionKind.COUPON_VOID,
        dedupe_key=f"coupon-void:{code}",
        due_at=now,
        useful_until=now + _VOID_FOR,
        reason=Reason.of(ReasonCode.MILESTONE_LOST),
        order_id=action.order_id,
        payload={"code": code},
    )


def write(data: ShopData, verb: str, action: Action, reason: Reason, now: datetime) -> None:
    """A journal line about an action."""
    data.journal.write(
        verb,
        action.kind,
        now,
        reason=reason,
        action_id=action.id,
        order_id=action.order_id,
        customer_id=action.customer_id,
    )
