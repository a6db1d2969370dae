"""Home: the answer first, figures, health, import, pause."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from app.db.returns import NewReturn
from app.db.shops import Shops
from app.domain.actions import ActionState
from app.domain.money import Money
from app.domain.reasons import Reason, ReasonCode
from app.domain.returns import ReturnKind, ReturnOrigin, ReturnReason, ReturnState
from app.services import healing
from tests.http.merchant_shop import NOW, MerchantShop, merchant_shop, order, text_of
from tests.http.return_desk import ask


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with merchant_shop(database_url, tmp_path) as found:
        yield found


def test_a_new_shop_is_shown_its_first_steps_until_they_are_removed(shop: MerchantShop) -> None:
    page = text_of(shop.get("/app/"))
    assert "Nothing needs you. Nothing is switched on yet." in page
    assert "First steps" in page
    assert shop.post("/app/first-steps").status_code == 303
    assert "First steps" not in text_of(shop.get("/app/"))


def test_first_steps_go_when_something_is_on(shop: MerchantShop) -> None:
    shop.switch_on()
    assert "First steps" not in text_of(shop.get("/app/"))


def test_what_needs_the_merchant_comes_with_consequence_and_way_on(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.take(order(0), order(2), order(3))
    shop.end("4100", ActionState.UNCERTAIN, Reason.of(ReasonCode.MAYBE_SENT))
    shop.end("4102", ActionState.FAILED, Reason.of(ReasonCode.OUR_FAULT, code="7F2C"))
    with shop.write() as data:
        data.problems.open("store_key_refused", {}, NOW)
    shop.park(b'{"id": 7}')
    html = shop.get("/app/")
    page = text_of(html)
    assert "4 things need you. Nothing is done in your store until the connection is back." in page
    assert "Your store refuses our key" in page
    assert "Store No connection" in page
    assert "1 message may or may not have been sent" in page
    assert "1 action was stopped by a fault of ours" in page
    assert "1 delivery of your store could not be read" in page
    assert 'href="/app/activity?outcome=uncertain"' in html
    assert 'href="/app/deliveries"' in html


def test_what_does_not_cut_the_store_off_leaves_everything_else_running(
    shop: MerchantShop,
) -> None:
    shop.switch_on()
    with shop.write() as data:
        data.problems.open("webhooks_missing", {}, NOW)
    page = text_of(shop.get("/app/"))
    assert "1 thing needs you. Everything else runs." in page
    assert "Store Connected" in page


def test_a_copy_that_sent_its_orders_is_told_and_needs_nobody(shop: MerchantShop) -> None:
    shop.switch_on()
    with shop.write() as data:
        data.problems.open("store_copy", {"host": "staging.example"}, NOW)
    page = text_of(shop.get("/app/"))
    assert "Nothing needs you. Everything runs." in page
    assert "A copy of your store sent us its orders" in page
    assert "The copy calls itself staging.example." in page
    assert "Store Connected" in page
    setup = text_of(shop.get("/app/setup"))
    assert "A copy of your store sent us its orders." in setup
    assert "Store In order" in setup
    assert "What is wrong" not in setup


def test_a_problem_that_only_a_retry_can_clear_is_tried_again(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.take(order(0))
    with shop.write() as data:
        data.problems.open("rating_not_ours", {"product_id": "501"}, NOW)
        (action,) = data.actions.page()
        data.actions.block(action, "rating_not_ours", Reason.of(ReasonCode.PROBLEM_OPEN))
    assert "Look again" in text_of(shop.get("/app/"))
    again = shop.post("/app/problems/rating_not_ours/again")
    assert again.location == "/app/?done=looking"
    assert "We look again." in text_of(shop.get("/app/?done=looking"))
    with shop.read() as data:
        assert data.problems.all_open() == []
        (action,) = data.actions.page()
    assert action.state == ActionState.PLANNED
    assert ("perform", (shop.shop.id,)) in shop.signals


def test_a_problem_of_the_connection_is_looked_at_before_it_counts_as_mended(
    shop: MerchantShop,
) -> None:
    with shop.write() as data:
        data.problems.open("store_firewall", {}, NOW)
    assert shop.post("/app/problems/store_firewall/again").location == "/app/?done=looking"
    assert ("check_connection", (shop.shop.id,)) in shop.signals
    with shop.read() as data:
        assert data.problems.is_open("store_firewall")
    assert shop.post("/app/problems/never_heard_of/again").location == "/app/"


@pytest.mark.both_databases
def test_figures_per_automation_with_the_most_frequent_reason(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.take(*[order(n) for n in range(6)])
    shop.end("4100", ActionState.DONE, Reason.of(ReasonCode.SENT))
    for order_id in ("4101", "4103"):
        shop.end(order_id, ActionState.SKIPPED, Reason.of(ReasonCode.NO_CONSENT, country="DE"))
    page = text_of(shop.get("/app/"))
    assert (
        "Review request On 3 1 2 there is no recorded consent to marketing mail; "
        "the law asks for it (2)"
    ) in page


@pytest.mark.both_databases
def test_reviews_and_coupons_are_counted(shop: MerchantShop) -> None:
    shop.take(order(0))
    with shop.write() as data:
        customer = data.customers.find_email("kunde0@posta.example")
        assert customer
        for product, stars in (("501", 5), ("502", 4)):
            data.reviews.save(
                order_id="4100", product_id=product, customer_id=customer, rating=stars,
                sealed=b"", now=NOW,
            )  # fmt: skip
        for n, code in enumerate(("THANKS-AAA", "THANKS-BBB")):
            data.coupons.add(
                customer_id=customer, email_hash="h", milestone_key=f"orders:{n}", code=code,
                order_id="4100", terms={"percent": 10}, now=NOW,
            )  # fmt: skip
            coupon = data.coupons.by_code(code)
            assert coupon
            data.coupons.change(coupon.id, "issued")
    # the store writes codes in small letters
    used = order(0, order_id="9", number="#9", placed_at=NOW, coupon_codes=("thanks-bbb",))
    shop.take(used)
    page = text_of(shop.get("/app/"))
    assert "Reviews received 2, mean 4.5" in page
    assert "Coupons 2 made, 1 used" in page


def test_connection_without_webhooks_says_how_orders_are_noticed(shop: MerchantShop) -> None:
    page = text_of(shop.get("/app/"))
    assert "Webhooks None Orders are looked up every 10 minutes." in page
    with shop.write() as data:
        token = data.webhooks.prepare("order.updated", NOW).token
        data.webhooks.created(token, "5")
    total = len(shop.deps.platforms["woocommerce"].topics)
    assert f"Webhooks 1 of {total} active" in text_of(shop.get("/app/"))


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "2 webhooks had stopped (noticed"),
        ("tr", "2 webhook durmuştu (fark edildi:"),
        ("sk", "2 webhooky prestali fungovať (zistené"),
    ],
)
def test_webhooks_that_were_made_anew_are_told_in_one_line(
    shop: MerchantShop, language: str, line: str
) -> None:
    with shop.write() as data:
        healing.noticed_webhooks(shop.deps, data, 2)
    page = text_of(shop.get("/app/", language))
    assert page.count(line) == 1


def test_the_first_import_shows_how_far_it_is(database_url: str, tmp_path: Path) -> None:
    with merchant_shop(database_url, tmp_path, history_complete=False) as shop:
        with shop.write() as data:
            data.cursors.put("import", {"stage": "orders", "read": 120, "total": 480}, NOW)
        html = shop.get("/app/")
        assert 'value="120" max="480"' in html
        assert "Milestones wait until it is complete." in text_of(html)


def test_pausing_tells_what_waits_holds_everything_and_is_undone(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.take(order(0), order(2))
    assert "2 planned actions wait until you resume." in text_of(shop.get("/app/pause"))
    assert shop.post("/app/pause").location == "/app/?done=paused"
    assert "Everything is paused since 23 Nov, 11:00." in text_of(shop.get("/app/"))
    shop.clock.advance(days=10)
    shop.work()
    assert shop.mails() == []
    assert shop.post("/app/resume").location == "/app/?done=resumed"
    with shop.deps.db.read() as uow:
        assert Shops(uow).get(shop.shop.id).paused_at is None
    assert ("perform", (shop.shop.id,)) in shop.signals


def test_a_copy_of_the_store_cannot_be_resumed(shop: MerchantShop) -> None:
    shop.post("/app/pause")
    with shop.write() as data:
        data.problems.open("store_moved", {"host": "staging.example"}, NOW)
    assert shop.post("/app/resume").location == "/app/?done=held"
    assert "Not resumed." in text_of(shop.get("/app/?done=held"))
    with shop.deps.db.read() as uow:
        assert Shops(uow).get(shop.shop.id).paused_at is not None


@pytest.mark.parametrize("path", ["/app/pause", "/app/resume", "/app/first-steps"])
def test_a_form_without_the_sessions_token_changes_nothing(shop: MerchantShop, path: str) -> None:
    assert shop.post(path, {"csrf_token": "guessed"}).status_code == 403
    with shop.read() as data:
        assert data.journal.count() == 0


def test_nobody_gets_in_without_a_session(shop: MerchantShop) -> None:
    for path in ("/app/", "/app/automations", "/app/activity", "/app/orders/1", "/app/deliveries"):
        assert shop.app.test_client().get(path).location == "/sign-in"


def test_errors_are_pages_for_people(shop: MerchantShop) -> None:
    page = shop.app.test_client().get("/no-such-page", headers={"Accept": "text/html"})
    assert page.status_code == 404
    assert "There is no such page" in text_of(page.text)


def test_what_becomes_due_is_drawn_day_by_day_and_told_in_a_table(shop: MerchantShop) -> None:
    assert "Nothing becomes due within 7 days." in text_of(shop.get("/app/"))
    shop.switch_on()
    shop.take(order(0), order(1), order(2, delivered_at=NOW - timedelta(days=4)))
    html = shop.get("/app/")
    page = text_of(html)
    # Monday, 23 November 2026: seven days after an arrival on Friday or Thursday
    assert "Planned 3 in 7 days As a table" in page
    assert "Day Planned Mon 0 Tue 0 Wed 0 Thu 1 Fri 2 Sat 0 Sun 0" in page
    assert 'role="img" aria-label="Actions that become due, day by day from today"' in html


def test_returns_that_wait_need_the_merchant(shop: MerchantShop) -> None:
    asked = NewReturn(
        kind=ReturnKind.RETURN,
        origin=ReturnOrigin.CUSTOMER,
        state=ReturnState.HELD,
        lines=(),
        value=Money(3_000, "EUR"),
        requested_at=NOW - timedelta(hours=3),
    )
    with shop.write() as data:
        data.returns.add(asked)
    page = text_of(shop.get("/app/"))
    assert "1 return waits for your decision The oldest has waited since 23 Nov, 08:00." in page
    assert "Returns decided by rules 0 of 1" in page


@pytest.mark.both_databases
def test_what_rules_left_to_the_merchant_is_not_decided_by_them(shop: MerchantShop) -> None:
    shop.switch_on("returns_approval")
    assert ask(shop, 0, ReturnReason.TOO_SMALL).state is ReturnState.APPROVED
    assert ask(shop, 1).state is ReturnState.HELD
    assert ask(shop, 2).state is ReturnState.HELD
    html = shop.get("/app/")
    page = text_of(html)
    assert "2 returns wait for your decision" in page
    assert "Returns decided by rules 1 of 3" in page
    row = page.partition("Returns approval On ")[2].split()
    planned, done, not_done = row[:3]
    assert int(planned) > 0
    assert (done, not_done) == ("1", "2")


def test_the_filter_for_returns_shows_their_work(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.switch_on("returns_approval")
    ask(shop, 0, ReturnReason.TOO_SMALL)
    work = "State of a return in your store"
    page = text_of(shop.get("/app/activity?automation=returns_approval"))
    assert f"{work} Žofia Nováková #4100" in page
    assert "Review request Žofia" not in page
    assert work not in text_of(shop.get("/app/activity?automation=review_request"))


def test_what_is_planned_for_later_is_not_due(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.take(order(0), order(1))
    assert "Work due now none" in text_of(shop.get("/app/"))
    assert "2 actions are planned." in text_of(shop.get("/app/setup"))
    shop.clock.advance(days=10)
    assert "Work due now 2" in text_of(shop.get("/app/"))


def test_only_webhooks_that_are_wanted_are_counted(shop: MerchantShop) -> None:
    with shop.write() as data:
        for n, topic in enumerate(("order.updated", "topic.of.an.older.release")):
            data.webhooks.created(data.webhooks.prepare(topic, NOW).token, str(n))
    total = len(shop.deps.platforms["woocommerce"].topics)
    for path in ("/app/", "/app/setup"):
        assert f"1 of {total} active" in text_of(shop.get(path)), path
