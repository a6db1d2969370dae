"""What a merchant does with returns: decide, take back, mark as received, refunded, closed."""

from flask import abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from app.domain.ids import ReturnId
from app.domain.returns import ReturnState
from app.embedded_ui.activity.listing import full_name
from app.embedded_ui.returns.one import show
from app.embedded_ui.returns.pages import Shown, back_to, blueprint, found, shown
from app.embedded_ui.session import MerchantSession, merchant_page
from app.embedded_ui.view import page, reader_of
from app.http import current_deps
from app.i18n import N_, Translator
from app.services.returns import deciding
from app.services.returns.deciding import LONGEST_ANSWER, Failure, Result, Step
from app.services.returns.looking import Looked

_NO_REASON = N_("Write why. Without a reason the customer cannot know what to do next.")
_TOO_LONG = N_("This is too long: %(n)s characters, and %(most)s are the most.")


@blueprint.post("/approve")
@merchant_page
def approve_selected(merchant: MerchantSession) -> ResponseReturnValue:
    """Approve what was selected in the queue; who was faster keeps theirs."""
    wanted = shown(request.form.getlist("which"))
    which = [(each.id, each.revision) for each in wanted]
    rows = deciding.approve_all(current_deps(), merchant.shop.id, which, by=merchant.user)
    done = "nothing" if not wanted else "approved" if len(rows) == len(wanted) else "some"
    left = len(wanted) - len(rows)
    return redirect(
        url_for(
            "returns.queue",
            q=request.form.get("q") or None,
            done=done,
            left=left or None,
            which=[str(Shown(row.id, row.revision)) for row in rows],
        ),
        303,
    )


@blueprint.post("/undo")
@merchant_page
def undo(merchant: MerchantSession) -> ResponseReturnValue:
    """Take decisions back, as long as the store does not know of them."""
    wanted = shown(request.form.getlist("which"))
    results = [
        deciding.undo(current_deps(), merchant.shop.id, each.id, revision=each.revision)
        for each in wanted
    ]
    if not results or all(result.failure is Failure.UNKNOWN for result in results):
        abort(404)
    late = any(result.failure for result in results)
    home = url_for("returns.queue")
    if len(wanted) == 1:
        home = back_to(url_for("returns.one", return_id=wanted[0].id))
    return redirect(f"{home}{'&' if '?' in home else '?'}done={'late' if late else 'undone'}", 303)


@blueprint.get("/<int:return_id>/<any(approve, decline, refund, close):step>")
@merchant_page
def ask(merchant: MerchantSession, return_id: int, step: str) -> ResponseReturnValue:
    """What a step means, with room for words to the customer."""
    looked = found(merchant, return_id)
    if Step(step) not in looked.steps:
        return redirect(url_for("returns.one", return_id=return_id, done="moved-on"))
    return _form(merchant, looked, Step(step))


@blueprint.post("/<int:return_id>/<any(approve, decline, receive, refund, close):step>")
@merchant_page
def take(merchant: MerchantSession, return_id: int, step: str) -> ResponseReturnValue:
    """Take a step on the return as it was shown."""
    looked, wanted = found(merchant, return_id), Step(step)
    answer = request.form.get("answer", "").replace("\r\n", "\n").strip()
    words = reader_of(merchant).words
    # a withdrawal cannot be declined at all: that is said first, whatever was written
    if wanted is Step.DECLINE and wanted in looked.steps and not answer:
        return _form(merchant, looked, wanted, answer, words.gettext(_NO_REASON)), 422
    revision = request.form.get("revision", type=int, default=0)
    result = deciding.take(
        current_deps(),
        merchant.shop.id,
        ReturnId(return_id),
        wanted,
        revision=revision,
        by=merchant.user,
        answer=answer,
    )
    if result.failure is Failure.TOO_LONG:
        return _form(merchant, looked, wanted, answer, _too_long(answer, words)), 422
    if result.failure:
        return _refused(merchant, return_id, result, answer)
    return _done(result)


def _done(result: Result) -> ResponseReturnValue:
    row = result.row or abort(404)
    named = str(Shown(row.id, row.revision))
    decided = row.state in (ReturnState.APPROVED, ReturnState.DECLINED)
    which = named if decided else None
    home = back_to("")
    if home and decided:
        mark = "&" if "?" in home else "?"
        return redirect(f"{home}{mark}done={row.state}&which={named}", 303)
    return redirect(url_for("returns.one", return_id=row.id, done=row.state, which=which), 303)


def _refused(
    merchant: MerchantSession, return_id: int, result: Result, answer: str
) -> ResponseReturnValue:
    """The return as it stands now, and what was not carried out."""
    looked = found(merchant, return_id)
    return show(merchant, looked, failure=result.failure, unsent=answer), 409


def _form(
    merchant: MerchantSession, looked: Looked, step: Step, answer: str = "", error: str = ""
) -> str:
    return page(
        "returns/step.html",
        reader_of(merchant),
        looked=looked,
        row=looked.row,
        who=full_name(looked.person),
        step=step,
        answer=answer,
        error=error,
        error_count=1 if error else 0,
        back_name=request.form.get("back") or request.args.get("back", ""),
        longest=LONGEST_ANSWER,
    )


def _too_long(answer: str, words: Translator) -> str:
    n, most = words.number(len(answer)), words.number(LONGEST_ANSWER)
    return words.gettext(_TOO_LONG, n=n, most=most)
