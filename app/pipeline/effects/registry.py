"""Which effect carries out which kind of action."""

from collections.abc import Mapping

from app.domain.actions import ActionKind
from app.pipeline.effects import return_mails
from app.pipeline.effects.base import Effect
from app.pipeline.effects.coupon import CouponCreate, CouponVoid
from app.pipeline.effects.mail import MailEffect
from app.pipeline.effects.mails import coupon_mail, export_mail, review_request, sign_in
from app.pipeline.effects.return_code import return_code
from app.pipeline.effects.returns import ReturnDecide, ReturnOpen, ReturnUpdate
from app.pipeline.effects.review import ReviewPublish


def _about_return(compose: return_mails.Compose) -> MailEffect:
    return MailEffect(return_mails.about_return(compose), marketing=False)


EFFECTS: Mapping[ActionKind, Effect] = {
    ActionKind.REVIEW_REQUEST_MAIL: MailEffect(review_request, marketing=True),
    ActionKind.COUPON_MAIL: MailEffect(coupon_mail, marketing=True),
    ActionKind.SIGN_IN_MAIL: MailEffect(sign_in, marketing=False),
    ActionKind.DATA_EXPORT_MAIL: MailEffect(export_mail, marketing=False),
    ActionKind.RETURN_CODE_MAIL: MailEffect(return_code, marketing=False),
    ActionKind.RETURN_RECEIPT_MAIL: _about_return(return_mails.receipt),
    ActionKind.RETURN_APPROVED_MAIL: _about_return(return_mails.approved),
    ActionKind.RETURN_DECLINED_MAIL: _about_return(return_mails.declined),
    ActionKind.RETURN_RECEIVED_MAIL: _about_return(return_mails.received),
    ActionKind.RETURN_REFUNDED_MAIL: _about_return(return_mails.refunded),
    ActionKind.RETURN_ENDED_MAIL: _about_return(return_mails.ended),
    ActionKind.WITHDRAWAL_RECEIPT_MAIL: _about_return(return_mails.withdrawal),
    ActionKind.COUPON_CREATE: CouponCreate(),
    ActionKind.COUPON_VOID: CouponVoid(),
    ActionKind.REVIEW_PUBLISH: ReviewPublish(),
    ActionKind.RETURN_OPEN: ReturnOpen(),
    ActionKind.RETURN_DECIDE: ReturnDecide(),
    ActionKind.RETURN_UPDATE: ReturnUpdate(),
}
