"""Actions: rows of future work, and the states they pass through."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.domain.ids import ActionId, CustomerId, PlatformId
from app.domain.reasons import Reason


class ActionState(StrEnum):
    """Where an action stands; meanings in docs/architecture.md."""

    PLANNED = "planned"
    PERFORMING = "performing"
    DONE = "done"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    MISSED = "missed"
    DEFERRED = "deferred"
    FAILED = "failed"
    BLOCKED = "blocked"
    UNCERTAIN = "uncertain"


WAITING = frozenset({ActionState.PLANNED, ActionState.DEFERRED, ActionState.BLOCKED})
FINAL = frozenset(
    {
        ActionState.DONE,
        ActionState.SKIPPED,
        ActionState.CANCELLED,
        ActionState.MISSED,
        ActionState.FAILED,
        ActionState.UNCERTAIN,
    }
)


class ActionKind(StrEnum):
    """What an action does; one module in `pipeline/effects/` each."""

    REVIEW_REQUEST_MAIL = "review_request_mail"
    COUPON_CREATE = "coupon_create"
    COUPON_MAIL = "coupon_mail"
    COUPON_VOID = "coupon_void"
    REVIEW_PUBLISH = "review_publish"
    SIGN_IN_MAIL = "sign_in_mail"
    DATA_EXPORT_MAIL = "data_export_mail"
    RETURN_OPEN = "return_open"  # the store gets to know of a return asked for on our page
    RETURN_DECIDE = "return_decide"  # the rules, on a fresh picture
    RETURN_UPDATE = "return_update"  # the store's return becomes what ours is
    RETURN_RECEIPT_MAIL = "return_receipt_mail"
    RETURN_APPROVED_MAIL = "return_approved_mail"
    RETURN_DECLINED_MAIL = "return_declined_mail"
    RETURN_RECEIVED_MAIL = "return_received_mail"
    RETURN_REFUNDED_MAIL = "return_refunded_mail"
    RETURN_ENDED_MAIL = "return_ended_mail"
    WITHDRAWAL_RECEIPT_MAIL = "withdrawal_receipt_mail"
    RETURN_CODE_MAIL = "return_code_mail"


# The work of returns. No automation plans it: it follows from what customers and merchants do.
RETURN_WORK = frozenset(
    {
        ActionKind.RETURN_OPEN,
        ActionKind.RETURN_DECIDE,
        ActionKind.RETURN_UPDATE,
        ActionKind.RETURN_RECEIPT_MAIL,
        ActionKind.RETURN_APPROVED_MAIL,
        ActionKind.RETURN_DECLINED_MAIL,
        ActionKind.RETURN_RECEIVED_MAIL,
        ActionKind.RETURN_REFUNDED_MAIL,
        ActionKind.RETURN_ENDED_MAIL,
        ActionKind.WITHDRAWAL_RECEIPT_MAIL,
    }
)
MARKETING_MAIL = frozenset({ActionKind.REVIEW_REQUEST_MAIL, ActionKind.COUPON_MAIL})
# What somebody waits for, or the law wants at once, goes out even while all else is paused: links
# and files for the merchant, the code for a customer, the receipt of a withdrawal.
PROMPT_MAIL = frozenset(
    {
        ActionKind.SIGN_IN_MAIL,
        ActionKind.DATA_EXPORT_MAIL,
        ActionKind.RETURN_CODE_MAIL,
        ActionKind.WITHDRAWAL_RECEIPT_MAIL,
    }
)
# A void that was done before changes nothing, and a second mail of these can be thrown away.
HARMLESS_TWICE = PROMPT_MAIL | {ActionKind.COUPON_VOID}
# What the law asks for is done also after the merchant has left.
OUTLIVES_CONNECTION = frozenset({ActionKind.DATA_EXPORT_MAIL, ActionKind.WITHDRAWAL_RECEIPT_MAIL})


@dataclass(frozen=True, slots=True)
class Action:
    """An action as stored. `payload` holds ids, codes and numbers, never personal data."""

    id: ActionId
    kind: ActionKind
    automation: str  # "" for work that no automation planned (sign-in mail)
    dedupe_key: str
    state: ActionState
    due_at: datetime  # business time
    useful_until: datetime | None  # business time; later it is `missed`
    revision: int
    attempt: int
    order_id: PlatformId | None
    customer_id: CustomerId | None
    settings_version: int
    reason: Reason
    created_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
    cancel_requested: bool = False
    generation: int = 0
    ended_at: datetime | None = None  # business time
    problem: str | None = None  # key of the problem that blocks it
