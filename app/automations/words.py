"""The merchant's words for automations, kinds of action and how actions ended.

All are message ids; pages translate them. After an outcome comes a colon and the reason's words.
"""

from app.domain.actions import ActionKind, ActionState
from app.i18n.translator import N_

AUTOMATIONS = {
    "review_request": N_("Review request"),
    "milestone_coupon": N_("Milestone coupon"),
    "returns_approval": N_("Returns approval"),
}

ABOUT = {
    "review_request": N_("Asks for a review of each item some days after the parcels arrived."),
    "milestone_coupon": N_("Thanks a customer with a coupon for an order, an amount or a year."),
    "returns_approval": N_("Approves or declines returns by your rules, or leaves them to you."),
}

KINDS = {
    ActionKind.REVIEW_REQUEST_MAIL: N_("Review request"),
    ActionKind.COUPON_CREATE: N_("Coupon"),
    ActionKind.COUPON_MAIL: N_("Coupon mail"),
    ActionKind.COUPON_VOID: N_("Coupon withdrawal"),
    ActionKind.REVIEW_PUBLISH: N_("Review in your store"),
    ActionKind.SIGN_IN_MAIL: N_("Sign-in link"),
    ActionKind.DATA_EXPORT_MAIL: N_("Customer data file"),
    ActionKind.RETURN_OPEN: N_("Return in your store"),
    ActionKind.RETURN_DECIDE: N_("Decision on a return"),
    ActionKind.RETURN_UPDATE: N_("State of a return in your store"),
    ActionKind.RETURN_RECEIPT_MAIL: N_("Receipt of a return request"),
    ActionKind.RETURN_APPROVED_MAIL: N_("Mail: return approved"),
    ActionKind.RETURN_DECLINED_MAIL: N_("Mail: return declined"),
    ActionKind.RETURN_RECEIVED_MAIL: N_("Mail: goods are back"),
    ActionKind.RETURN_REFUNDED_MAIL: N_("Mail: money went back"),
    ActionKind.RETURN_ENDED_MAIL: N_("Mail: return closed"),
    ActionKind.WITHDRAWAL_RECEIPT_MAIL: N_("Receipt of a withdrawal"),
    ActionKind.RETURN_CODE_MAIL: N_("Code for a customer"),
}

_STATES = {
    ActionState.PLANNED: N_("Planned"),
    ActionState.PERFORMING: N_("Under way"),
    ActionState.DONE: N_("Sent"),
    ActionState.SKIPPED: N_("Not done"),
    ActionState.CANCELLED: N_("Cancelled"),
    ActionState.MISSED: N_("Missed"),
    ActionState.DEFERRED: N_("Deferred"),
    ActionState.FAILED: N_("Stopped by a fault of ours"),
    ActionState.BLOCKED: N_("Blocked"),
    ActionState.UNCERTAIN: N_("Uncertain"),
}

_SPECIAL = {
    (ActionKind.REVIEW_REQUEST_MAIL, ActionState.SKIPPED): N_("Not asked"),
    (ActionKind.COUPON_CREATE, ActionState.DONE): N_("Made"),
    (ActionKind.COUPON_VOID, ActionState.DONE): N_("Withdrawn"),
    (ActionKind.REVIEW_PUBLISH, ActionState.DONE): N_("Published"),
    (ActionKind.RETURN_OPEN, ActionState.DONE): N_("Made"),
    (ActionKind.RETURN_DECIDE, ActionState.DONE): N_("Decided"),
    (ActionKind.RETURN_UPDATE, ActionState.DONE): N_("Brought up to date"),
}


def outcome(kind: ActionKind, state: ActionState) -> str:
    """Where an action stands: "Planned", "Sent", "Not asked"."""
    return _SPECIAL.get((kind, state), _STATES[state])
