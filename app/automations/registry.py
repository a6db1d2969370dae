"""All automations, in the order in which merchants see them."""

from app.automations.base import Automation
from app.automations.milestone_coupon import MilestoneCoupon
from app.automations.returns_approval import ReturnsApproval
from app.automations.review_request import ReviewRequest

RETURNS = ReturnsApproval()
AUTOMATIONS: tuple[Automation, ...] = (ReviewRequest(), MilestoneCoupon(), RETURNS)


def by_key(key: str) -> Automation:
    """The automation with this key. Raises KeyError if there is none."""
    return _BY_KEY[key]


_BY_KEY = {automation.key: automation for automation in AUTOMATIONS}
