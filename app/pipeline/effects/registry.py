"""Which effect carries out which kind of action."""

from collections.abc import Mapping

from app.domain.actions import ActionKind
from app.pipeline.effects.base import Effect
from app.pipeline.effects.coupon import CouponCreate, CouponVoid
from app.pipeline.effects.mail import MailEffect
from app.pipeline.effects.mails import coupon_mail, export_mail, review_request, sign_in
from app.pipeline.effects.return_mails import return_code
from app.pipeline.effects.returns import ReturnDecide, ReturnOpen, ReturnUpdate
from app.pipeline.effects.review import ReviewPublish

EFFECTS: Mapping[ActionKind, Effect] = {
    ActionKind.REVIEW_REQUEST_MAIL: MailEffect(review_request, marketing=True),
    ActionKind.COUPON_MAIL: MailEffect(coupon_mail, marketing=True),
    ActionKind.SIGN_IN_MAIL: MailEffect(sign_in, marketing=False),
    ActionKind.DATA_EXPORT_MAIL: MailEffect(export_mail, marketing=False),
    ActionKind.RETURN_CODE_MAIL: MailEffect(return_code, marketing=False),
    ActionKind.COUPON_CREATE: CouponCreate(),
    ActionKind.COUPON_VOID: CouponVoid(),
    ActionKind.REVIEW_PUBLISH: ReviewPublish(),
    ActionKind.RETURN_OPEN: ReturnOpen(),
    ActionKind.RETURN_DECIDE: ReturnDecide(),
    ActionKind.RETURN_UPDATE: ReturnUpdate(),
}
