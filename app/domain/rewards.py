"""What a coupon gives, as it is stored with an action and told to the platforms."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.domain.milestones import Milestone
from app.domain.money import Money


@dataclass(frozen=True, slots=True)
class Reward:
    """Terms of a coupon: whole percents or an amount off an order of at least `minimum`."""

    off: int | Money
    minimum: Money
    valid_days: int
    code_prefix: str
    exclude_sale_items: bool

    def terms(self, milestone: Milestone, made_at: datetime, zone: ZoneInfo) -> Mapping[str, Any]:
        """As a JSON object; `expires_at` is the last second of the last valid day."""
        if isinstance(self.off, Money):
            gives: dict[str, Any] = {"kind": "amount", "minor": self.off.minor}
        else:
            gives = {"kind": "percent", "percent": self.off}
        return {
            **gives,
            "currency": self.minimum.currency,
            "minimum_minor": self.minimum.minor,
            "valid_days": self.valid_days,
            "expires_at": expiry(made_at, self.valid_days, zone).isoformat(),
            "exclude_sale_items": self.exclude_sale_items,
            "code_prefix": self.code_prefix,
            "milestone_key": milestone.key,
            "n": milestone.n,
        }


def expiry(made_at: datetime, valid_days: int, zone: ZoneInfo) -> datetime:
    """The last second of the last valid day by the shop's calendar, in the zone of `made_at`."""
    last_day = made_at.astimezone(zone).date() + timedelta(days=valid_days)
    return datetime.combine(last_day, time(23, 59, 59), zone).astimezone(made_at.tzinfo)
