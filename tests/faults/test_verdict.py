"""What the harness calls lost, doubled and unexplained: each finding is found, nothing else is."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import twins.common.delivery
from app.domain.actions import Action, ActionKind, ActionState
from app.domain.ids import ActionId
from app.domain.reasons import Reason, ReasonCode
from faults import program
from faults.deliveries import Deliveries
from faults.findings import DOUBLED, LOST, UNEXPLAINED, Verdict
from faults.logs import judge_logs
from faults.mailbox import COUPON, REVIEW_REQUEST, Mail
from faults.program import Program
from faults.promises import UNCERTAIN, Promises
from faults.restore import Window
from faults.stores import Holdings
from faults.stories import NEVER, ONCE, PERHAPS, Expected
from tests.pipeline.stands import standing

NOW = datetime(2026, 6, 1, tzinfo=UTC)
WHO = "c1@woocommerce.example"
CODE = "THANKS-ABCDEFGH23"
SENT = Reason(ReasonCode.SENT)
NOT_TAKEN = ActionId(8)  # by the mail server


def _row(kind: ActionKind, state: ActionState, reason: Reason = SENT, **more: Any) -> Action:
    row = Action(
        id=ActionId(7), kind=kind, automation="review_request", dedupe_key="k", state=state,
        due_at=NOW - timedelta(days=1), useful_until=None, revision=2, attempt=1, order_id="11",
        customer_id=None, settings_version=1, reason=reason, created_at=NOW - timedelta(days=9),
    )  # fmt: skip
    return replace(row, **more)


def _mail(kind: str, about: str, at: float = 100, action: str = "7") -> Mail:
    return Mail(at, WHO, kind, about, "<1@shop>", action, "", "")


def _known(**more: Any) -> Expected:
    return Expected("woocommerce", "11", WHO, "a story", **more)


def _held(*codes: str, usable: bool = True, **more: Any) -> Holdings:
    return Holdings(
        coupons=Counter({WHO: len(codes)}), codes=dict.fromkeys(codes, usable),
        code_of={WHO: list(codes)} if codes else {}, **more,
    )  # fmt: skip


def _window(began: float, ended: float) -> Window:
    return Window(began, ended, NOW, NOW)


def _kinds(verdict: Verdict) -> list[str]:
    return [kind for kind, _ in verdict.findings]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (_row(ActionKind.REVIEW_REQUEST_MAIL, ActionState.DONE), []),
        (_row(ActionKind.REVIEW_REQUEST_MAIL, ActionState.DONE, id=ActionId(8)), [LOST]),
        (_row(ActionKind.RETURN_RECEIPT_MAIL, ActionState.DONE, id=ActionId(8)), [LOST]),
        (_row(ActionKind.COUPON_MAIL, ActionState.UNCERTAIN), []),
        (_row(ActionKind.COUPON_CREATE, ActionState.UNCERTAIN), [UNEXPLAINED]),
        (_row(ActionKind.RETURN_RECEIPT_MAIL, ActionState.UNCERTAIN), []),
        (_row(ActionKind.RETURN_RECEIPT_MAIL, ActionState.UNCERTAIN, id=NOT_TAKEN), [UNEXPLAINED]),
        (
            _row(
                ActionKind.RETURN_RECEIPT_MAIL,
                ActionState.UNCERTAIN,
                id=NOT_TAKEN,
                cancel_requested=True,
            ),
            [],
        ),
        (_row(ActionKind.COUPON_CREATE, ActionState.FAILED), [UNEXPLAINED]),
        (_row(ActionKind.COUPON_CREATE, ActionState.MISSED), [LOST]),
        (_row(ActionKind.COUPON_CREATE, ActionState.DEFERRED), [UNEXPLAINED]),
        (_row(ActionKind.COUPON_CREATE, ActionState.PERFORMING), [UNEXPLAINED]),
        (_row(ActionKind.COUPON_CREATE, ActionState.BLOCKED, due_at=NOW.max), [UNEXPLAINED]),
    ],
    ids=lambda given: f"{given.kind}-{given.state}" if isinstance(given, Action) else "",
)
def test_each_row_has_an_end_that_holds_true(row: Action, found: list[str]) -> None:
    verdict = Verdict()
    Promises(verdict, [_mail(REVIEW_REQUEST, "11")]).ended("woocommerce", [row], NOW)
    assert _kinds(verdict) == found


def test_a_request_may_be_too_late_where_a_return_stays_open() -> None:
    verdict, row = Verdict(), _row(ActionKind.REVIEW_REQUEST_MAIL, ActionState.MISSED)
    Promises(verdict, []).ended("woocommerce", [row], NOW, {"11"})
    assert verdict.good
    Promises(verdict, []).ended("woocommerce", [row], NOW, {"12"})
    assert _kinds(verdict) == [LOST]


def test_one_marketing_mail_is_one() -> None:
    verdict = Verdict()
    mails = [_mail(REVIEW_REQUEST, "11"), _mail(REVIEW_REQUEST, "12"), _mail("", ""), _mail("", "")]
    Promises(verdict, mails).mails_once()
    assert verdict.good
    Promises(verdict, [*mails, _mail(REVIEW_REQUEST, "12", at=200)]).mails_once()
    assert _kinds(verdict) == [DOUBLED]


def test_who_unsubscribed_is_not_asked_even_at_once() -> None:
    """The page said that it is kept: no time has to pass for it to be known."""

    def judged(at: float, *windows: Window) -> list[str]:
        known = _known(request=NEVER, forbidden_since=160, unsubscribed_at=100)
        verdict = Verdict()
        Promises(verdict, [_mail(REVIEW_REQUEST, "11", at)], windows).order(known, _held(), [])
        return _kinds(verdict)

    assert judged(170) == [UNEXPLAINED]
    assert judged(170, _window(99, 120)) == []


def test_what_the_store_forbade_is_not_done_once_it_has_had_its_time() -> None:
    def judged(at: float) -> list[str]:
        known, verdict = _known(request=NEVER, forbidden_since=100), Verdict()
        Promises(verdict, [_mail(REVIEW_REQUEST, "11", at)]).order(known, _held(), [])
        return _kinds(verdict)

    assert judged(at=99) == judged(at=110) == []
    assert judged(at=121) == [UNEXPLAINED]


@pytest.mark.parametrize(
    ("coupon", "codes", "mailed", "found"),
    [
        (ONCE, [CODE], True, []),
        (PERHAPS, [], False, []),
        (PERHAPS, [CODE, "THANKS-ZZZZZZZZ23"], True, [DOUBLED]),
        (ONCE, [CODE, "THANKS-ZZZZZZZZ23"], True, [DOUBLED]),
        (NEVER, [], False, []),
        (NEVER, [CODE], False, [UNEXPLAINED]),
        (NEVER, [], True, [UNEXPLAINED]),
    ],
)
def test_coupons_are_for_those_who_earned_one(
    coupon: str, codes: list[str], mailed: bool, found: list[str]
) -> None:
    verdict = Verdict()
    mails = [_mail(COUPON, CODE)] if mailed else []
    ledger = [_known(), _known(coupon=coupon)]
    Promises(verdict, mails).coupons_earned("woocommerce", ledger, _held(*codes))
    assert _kinds(verdict) == found


def test_a_coupon_of_nobody_and_one_of_a_stranger_are_found() -> None:
    verdict = Verdict()
    held = _held()
    held.codes["THANKS-ZZZZZZZZ23"] = True
    Promises(verdict, []).coupons_earned("woocommerce", [_known(coupon=ONCE)], held)
    held = _held(CODE)
    Promises(verdict, []).coupons_earned("woocommerce", [], held)
    assert _kinds(verdict) == [UNEXPLAINED, UNEXPLAINED]


def test_a_refunded_coupon_may_stay_good_only_if_the_backup_did_not_know_it() -> None:
    made = _row(ActionKind.COUPON_CREATE, ActionState.DONE, Reason(ReasonCode.CREATED_IN_STORE))
    declined = _row(
        ActionKind.COUPON_CREATE, ActionState.CANCELLED, Reason(ReasonCode.CANCELLED_BY_MERCHANT)
    )
    known = _known(coupon=ONCE, void=True, request=NEVER, forbidden_since=150)

    def judged(row: Action, *windows: Window, usable: bool = True) -> list[str]:
        verdict = Verdict()
        promises = Promises(verdict, [_mail(COUPON, CODE, at=100)], windows)
        promises.order(known, _held(CODE, usable=usable), [row])
        return _kinds(verdict)

    assert judged(made, usable=False) == []
    assert judged(made) == [LOST]
    assert judged(made, _window(900, 950)) == [LOST]  # a restore long after is no excuse
    assert judged(made, _window(90, 110)) == []
    assert judged(declined, _window(80, 95)) == []


def test_a_story_s_effects_are_there_and_there_once() -> None:
    known = _known(request=ONCE, coupon=ONCE, reviews=["good"], told_at=120, returned=True)
    opened = _row(ActionKind.RETURN_OPEN, ActionState.DONE)
    rows = [opened, _row(ActionKind.RETURN_APPROVED_MAIL, ActionState.DONE)]
    mails = [_mail(REVIEW_REQUEST, "11"), _mail(COUPON, CODE)]

    def judged(mails: list[Mail], held: Holdings, rows: list[Action], *windows: Window) -> set[str]:
        verdict = Verdict()
        Promises(verdict, mails, windows).order(known, held, rows)
        return {text.partition(") ")[0].partition("): ")[2][:12] for _, text in verdict.findings}

    reviews, returns = Counter(good=1), Counter({"11": 1})
    assert judged(mails, _held(CODE, reviews=reviews, returns=returns), rows) == set()
    lost = judged([], _held(), [])
    assert lost == {"was never as", "no coupon; n", "review 'good", "the return t"}
    assert judged([], _held(), [], _window(110, 130)) == {"was never as", "no coupon; n"}
    silent = _held(CODE, reviews=reviews, returns=returns)
    assert judged(mails, silent, [opened]) == {"nobody heard"}
    twice = _held(CODE, reviews=Counter(good=2), returns=Counter({"11": 2}))
    assert judged(mails, twice, rows) == {"review 'good", "2 returns in"}


@pytest.mark.parametrize(
    ("shown", "restored", "found"),
    [
        (2, False, []),
        (3, False, [DOUBLED]),
        (1, False, [LOST]),
        (1, True, []),
        (3, True, [DOUBLED]),
    ],
)
def test_a_sum_of_stars_is_that_of_the_reviews_there(
    shown: int, restored: bool, found: list[str]
) -> None:
    verdict = Verdict()
    windows = [_window(10, 20)] if restored else []
    held = _held(rated=Counter({"7": 2}), shown={"7": shown})
    Promises(verdict, [], windows).stars("shopify", held)
    assert _kinds(verdict) == found
    assert verdict.explained.total() == (shown < 2 and restored)


@pytest.mark.parametrize(("broken_off", "found"), [(1, []), (0, [UNEXPLAINED])])
def test_no_more_mails_are_uncertain_than_can_have_been_broken_off(
    broken_off: int, found: list[str]
) -> None:
    verdict = Verdict()
    verdict.explained[UNCERTAIN] = 1
    Promises(verdict, []).uncertain(broken_off)
    assert _kinds(verdict) == found


# logs


def test_logs_tell_of_bugs_also_when_a_log_was_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        {"event": "perform.bug", "code": "12AB"},
        {"event": "job.failed", "error": "KeyError"},
        {"event": "job.failed", "error": "OperationalError"},
        {"event": "job.done", "ms": 3},
    ]
    log = tmp_path / "worker-1.log"
    log.write_text("".join(json.dumps(line) + "\n" for line in lines) + "Traceback (most\n  x\n")
    before, after = Verdict(), Verdict()
    judge_logs(tmp_path, before)
    assert _kinds(before) == [UNEXPLAINED, UNEXPLAINED]
    assert before.explained.total() == 2
    monkeypatch.setattr(program, "LARGEST_LOG", 10)

    class Nobody:
        watch = forget = staticmethod(lambda _pid: None)

    process = Program("worker-1", ["true"], log=log, run="r", guardian=Nobody())  # type: ignore[arg-type]
    process.start()
    process.stop()
    assert log.stat().st_size == 0
    judge_logs(tmp_path, after)
    assert _kinds(after) == [UNEXPLAINED, UNEXPLAINED]
    assert after.explained.total() == 2


# deliveries


def test_the_ledger_of_deliveries_knows_what_it_never_saw(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins.common.delivery, "KEPT_ATTEMPTS", 3)
    with standing("woocommerce", tmp_path, database_url) as stand:
        ledger = Deliveries({"woocommerce": stand.url})
        stand.connect()
        stand.harness.run_jobs()

        def sent(orders: Callable[[], Any]) -> None:
            orders()
            stand.call("POST", "/_twin/deliveries/drain", {})

        stand.call("POST", "/_twin/deliveries/drain", {})
        before = ledger.missed("woocommerce")
        sent(lambda: stand.order("a@example.sk"))
        assert ledger.missed("woocommerce") == before
        sent(lambda: [stand.order(f"b{n}@example.sk") for n in range(5)])
        assert ledger.missed("woocommerce") > before
