"""A new shop's first mails go out slowly, so that a wrong setting harms few."""

from datetime import datetime, timedelta

from app.db.tenant import ShopData
from app.domain.decisions import Defer
from app.domain.reasons import Reason, ReasonCode

FIRST_MAILS = 50
PER_HOUR = 10
_HOUR = timedelta(hours=1)


def slow_start(data: ShopData, now: datetime) -> Defer | None:
    """Wait if the shop is new and has sent its share of this hour."""
    if data.messages.count(FIRST_MAILS) >= FIRST_MAILS:
        return None
    recent = data.messages.sent_since(now - _HOUR)
    if len(recent) < PER_HOUR:
        return None
    until = recent[-PER_HOUR] + _HOUR
    reason = Reason.of(ReasonCode.NEW_SHOP_LIMIT, per_hour=PER_HOUR, first=FIRST_MAILS, until=until)
    return Defer(until, reason)
