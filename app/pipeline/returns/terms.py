"""What holds for a return and is told to its customer: cost, reason, and the right that is left."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from app.automations.returns_approval import ReturnsApproval, ReturnsApprovalSettings
from app.automations.returns_approval import cost_of as cost_by
from app.automations.returns_approval.prospects import Cost
from app.db.returns import ReturnRow
from app.db.shops import Shop
from app.db.tenant import ShopData
from app.domain.return_words import to_customer
from app.domain.returns import ReturnLine, ReturnOutcome
from app.domain.snapshots import OrderSnapshot
from app.domain.withdrawal import WithdrawalPeriod, withdrawal_period
from app.i18n import N_, Translator
from app.i18n.reasons import told

_TO_SEND_BACK = timedelta(days=14)  # after a withdrawal: Directive 2011/83/EU art. 14(1)
_BY_PERSON = N_("The shop looked at your request and cannot take the items back.")


def settings_now(data: ShopData) -> ReturnsApprovalSettings:
    """What the merchant set last, also while the rules are off."""
    version = data.settings.current(ReturnsApproval.key)
    return ReturnsApprovalSettings.model_validate(version.data if version else {})


def cost_of(
    settings: ReturnsApprovalSettings, row: ReturnRow, lines: Sequence[ReturnLine], shop: Shop
) -> Cost:
    """Who pays for sending this return back."""
    reasons = [line.reason for line in lines]
    return cost_by(settings, row.value.currency, row.kind, reasons, home=shop.currency)


def right_to_withdraw(
    order: OrderSnapshot | None, shop: Shop, now: datetime
) -> WithdrawalPeriod | None:
    """The statutory period if it still runs; None where the law grants none, or it is over."""
    period = withdrawal_period(order, shop.country, shop.timezone) if order else None
    return period if period and not period.is_over(now) else None


def declined_because(row: ReturnRow, words: Translator, zone: ZoneInfo) -> str:
    """The kind short form. What a person decided is explained by that person's own words."""
    ruling = row.ruling
    if ruling is None or ruling.outcome is not ReturnOutcome.DECLINE:
        return words.gettext(_BY_PERSON)
    text = to_customer(ReturnOutcome.DECLINE, ruling.reason)
    return told(text, ruling.reason, words, zone) or words.gettext(_BY_PERSON)


def send_back_by(shop: Shop, row: ReturnRow) -> date:
    """The last day on which whoever withdrew must have sent the goods, in the shop's calendar."""
    return (row.requested_at + _TO_SEND_BACK).astimezone(ZoneInfo(shop.timezone)).date()
