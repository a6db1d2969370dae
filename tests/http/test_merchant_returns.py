"""The merchant's returns: the queue, one return, decisions and their undoing, two at once."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import TestResponse

from app.db.erasure import Traces
from app.db.returns import ReturnRow
from app.db.shops import Shops, ShopState
from app.domain.returns import ReturnReason, ReturnState
from app.services import switching
from app.services.returns import deciding
from app.services.returns.deciding import Step
from tests.http.merchant_shop import DAY, NOW, MerchantShop, merchant_shop, text_of
from tests.http.return_desk import ask, carry_out, declare, now, withdraw

pytestmark = pytest.mark.both_databases
QUEUE = "/app/returns"


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with merchant_shop(database_url, tmp_path) as found:
        found.switch_on("returns_approval")
        yield found


def step(shop: MerchantShop, row: ReturnRow, word: str, **form: str) -> TestResponse:
    """Press a button of the return as it was shown."""
    return shop.post(f"{QUEUE}/{row.id}/{word}", {"revision": row.revision, **form})


# the queue


def test_the_queue_says_what_is_to_be_decided_why_and_until_when(shop: MerchantShop) -> None:
    ask(shop, 0, note="The seam came apart.", quantity=2)
    ask(shop, 1, ReturnReason.TOO_SMALL)  # the rules approve it
    page = text_of(shop.get(QUEUE))
    assert "1 return is left to you" in page
    assert "To decide 1 Open 1 Ended 0" in page
    assert "RMA-1001 Žofia Nováková, #4100" in page
    assert "2 × Peştemal Ege, indigo “The seam came apart.”" in page
    assert "€60.00" in page
    assert "Left to you the reason for “Peştemal Ege” is “Defective”" in page
    assert "4 Dec 2026 may withdraw, by law" in page
    assert "RMA-1002" not in page
    assert "Returns 1 waiting" in page  # in the navigation


def test_open_and_ended_returns_are_in_tabs_of_their_own(shop: MerchantShop) -> None:
    ask(shop, 1, ReturnReason.TOO_SMALL)
    late = {"placed_at": NOW - 90 * DAY, "paid_at": NOW - 90 * DAY, "delivered_at": NOW - 80 * DAY}
    ask(shop, 2, ReturnReason.TOO_SMALL, **late)
    opened = text_of(shop.get(f"{QUEUE}?tab=open"))
    assert "RMA-1001" in opened
    assert "Approved by your rules" in opened
    assert "RMA-1002" not in opened
    ended = text_of(shop.get(f"{QUEUE}?tab=ended"))
    assert "RMA-1002" in ended
    assert "Declined by your rules" in ended
    assert "Nothing to decide" in text_of(shop.get(QUEUE))


def test_the_filter_finds_names_numbers_and_addresses(shop: MerchantShop) -> None:
    ask(shop, 0)
    ask(shop, 1)
    for q, names in (
        ("zofia", ["RMA-1001"]),
        ("nova", ["RMA-1001"]),
        ("#4101", ["RMA-1002"]),
        ("4101", ["RMA-1002"]),
        ("rma-1002", ["RMA-1002"]),
        ("kunde1@posta.example", ["RMA-1002"]),
        ("nobody@posta.example", []),
        ("nobody", []),
        ("%", []),
        ("RMA-99999999999999999999", []),
    ):
        page = shop.client.get(QUEUE, query_string={"q": q}).text
        assert sorted(set(re.findall(r">(RMA-\d+)</a>", page))) == names, q
        assert ("No return fits" in text_of(page)) == (not names), q


def test_pages_go_on_where_the_last_one_ended(
    shop: MerchantShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.returns.listing.PAGE", 2)
    for n in range(5):
        ask(shop, n)
    seen, path = [], QUEUE
    while True:
        page = shop.get(path)
        seen.append(re.findall(r">(RMA-\d+)</a>", page))
        onward = re.search(r'href="([^"]*after=\d+)">Next', page)
        if onward is None:
            break
        path = onward[1].replace("&amp;", "&")
    assert seen == [["RMA-1001", "RMA-1002"], ["RMA-1003", "RMA-1004"], ["RMA-1005"]]
    assert "5–5 of 5" in text_of(page)
    back = re.search(r'href="([^"]*before=\d+)">', page)
    assert back
    assert re.findall(r">(RMA-\d+)</a>", shop.get(back[1])) == ["RMA-1003", "RMA-1004"]


def test_hostile_addresses_of_the_queue_are_just_the_queue(shop: MerchantShop) -> None:
    ask(shop, 0)
    for query in ("after=x", "before=-1", f"after={2**80}", "tab=nope", "q=%20"):
        assert "RMA-1001" in shop.get(f"{QUEUE}?{query}"), query


def test_empty_lists_say_what_will_be_there(shop: MerchantShop) -> None:
    for tab, said in (
        ("decide", "Nothing to decide"),
        ("open", "No return is open"),
        ("ended", "No return has ended yet"),
    ):
        assert said in text_of(shop.get(f"{QUEUE}?tab={tab}"))


# one return


def test_a_return_shows_what_came_back_the_trace_and_who(shop: MerchantShop) -> None:
    row = ask(shop, 0, note="The seam\ncame apart <b>twice</b>.")
    html = shop.get(f"{QUEUE}/{row.id}")
    page = text_of(html)
    assert "RMA-1001, Žofia Nováková" in page
    assert "1 of 3 pieces of order #4100" in page
    assert "The seam<br>came apart &lt;b&gt;twice&lt;/b&gt;." in html
    assert "The order stands and holds all that is asked for Order and items in order" in page
    assert "30 days from arrival does not apply" in page
    assert (
        "The reason for “Peştemal Ege” is “Defective” "
        "Reasons: Damaged, Defective, Wrong item, Not as described left to you" in page
    )
    assert "2 further rules Value of the items, Earlier returns not tried" in page
    assert "Left to you: the reason for “Peştemal Ege” is “Defective”." in page
    assert "The customer may withdraw until 4 December 2026, whatever you decide." in page
    assert "Orders 1 Other returns none" in page


def test_a_decline_that_the_law_softened_says_so(shop: MerchantShop) -> None:
    rules = [{"kind": "reasons", "outcome": "decline", "reasons": ["defective"]}]
    assert switching.save(
        shop.deps, shop.shop.id, "returns_approval", {"rules": rules}, expected_version=1, by="x"
    ).saved
    row = ask(shop, 0)
    page = text_of(shop.get(f"{QUEUE}/{row.id}"))
    assert "would decline; by law left to you" in page
    assert (
        "Left to you: your rule would decline, but the statutory withdrawal period runs "
        "until 4 December 2026." in page
    )


def test_the_trace_is_worded_with_the_rules_of_its_time(shop: MerchantShop) -> None:
    row = ask(shop, 0)
    switching.save(
        shop.deps, shop.shop.id, "returns_approval", {"rules": []}, expected_version=1, by="x"
    )
    assert "30 days from arrival" in text_of(shop.get(f"{QUEUE}/{row.id}"))


def test_without_rules_the_page_says_that_they_are_off(shop: MerchantShop) -> None:
    shop.post("/app/automations/returns_approval/off")
    row = ask(shop, 0)
    page = text_of(shop.get(f"{QUEUE}/{row.id}"))
    assert "Left to you: your rules for returns are switched off." in page


def test_earlier_returns_of_the_customer_are_linked(shop: MerchantShop) -> None:
    first = ask(shop, 0, ReturnReason.TOO_SMALL)
    second = ask(shop, 0, order_id="4200", number="#4200")
    html = shop.get(f"{QUEUE}/{second.id}")
    assert f'href="{QUEUE}/{first.id}">{first.name}</a>' in html
    assert "Orders 2 Other returns 1" in text_of(html)


# deciding


def test_approved_in_one_press_and_taken_back(shop: MerchantShop) -> None:
    row = ask(shop, 0)
    answer = step(shop, row, "approve", back="queue")
    approved = now(shop, row)
    assert (approved.state, approved.decided_by) == (ReturnState.APPROVED, "owner")
    assert answer.location == f"{QUEUE}?done=approved&which={row.id}:{approved.revision}"
    page = shop.get(answer.location)
    assert "RMA-1001 approved. Undo" in text_of(page)
    undone = shop.post(f"{QUEUE}/undo", {"which": f"{row.id}:{approved.revision}", "back": "queue"})
    assert undone.location == f"{QUEUE}?done=undone"
    assert now(shop, row).state is ReturnState.HELD
    assert "Taken back. It waits for your decision again." in text_of(shop.get(undone.location))
    story = text_of(shop.get(f"{QUEUE}/{row.id}"))
    assert "Decision taken back" in story


def test_undo_too_late_changes_nothing_and_says_so(shop: MerchantShop) -> None:
    row = ask(shop, 0)
    step(shop, row, "approve")
    approved = now(shop, row)
    assert "Not carried out yet." in text_of(shop.get(f"{QUEUE}/{row.id}"))
    carry_out(shop, approved)
    answer = shop.post(f"{QUEUE}/undo", {"which": f"{row.id}:{approved.revision}"})
    assert answer.location == f"{QUEUE}/{row.id}?done=late"
    page = text_of(shop.get(answer.location))
    assert "Too late to undo." in page
    assert "Not carried out yet." not in page
    assert now(shop, row).state is ReturnState.APPROVED


def test_declining_needs_a_reason_which_the_customer_reads(shop: MerchantShop) -> None:
    row = ask(shop, 0)
    form = text_of(shop.get(f"{QUEUE}/{row.id}/decline"))
    assert "Decline RMA-1001?" in form
    refused = step(shop, row, "decline", answer="  ")
    assert refused.status_code == 422
    assert "<title>Error:" in refused.text
    assert "Write why." in text_of(refused.text)
    assert now(shop, row).state is ReturnState.HELD
    answer = step(shop, row, "decline", answer="Bez štítku to nejde.\r\nĽutujeme.")
    assert answer.status_code == 303
    declined = now(shop, row)
    assert declined.state is ReturnState.DECLINED
    with shop.read() as data:
        assert data.returns.words(declined).answer == "Bez štítku to nejde.\nĽutujeme."
    assert "Declined by you" in text_of(shop.get(f"{QUEUE}?tab=ended"))


def test_words_that_are_too_long_are_refused_and_kept(shop: MerchantShop) -> None:
    row = ask(shop, 0)
    words = "ž" * 501
    for word in ("decline", "approve"):
        answer = step(shop, row, word, answer=words)
        assert answer.status_code == 422
        assert "501 characters, and 500 are the most." in text_of(answer.text)
        assert words in answer.text
    assert now(shop, row).state is ReturnState.HELD
    assert step(shop, row, "decline", answer="ž" * 500).status_code == 303


def test_words_of_a_decision_that_was_taken_back_are_not_sent_with_the_next(
    shop: MerchantShop,
) -> None:
    row = ask(shop, 0)
    step(shop, row, "decline", answer="No, sorry.")
    declined = now(shop, row)
    shop.post(f"{QUEUE}/undo", {"which": f"{row.id}:{declined.revision}"})
    step(shop, now(shop, row), "approve")
    approved = now(shop, row)
    with shop.read() as data:
        assert (approved.state, data.returns.words(approved).answer) == (ReturnState.APPROVED, "")


def test_of_two_merchants_the_second_sees_who_decided_what(shop: MerchantShop) -> None:
    row = ask(shop, 0)
    first = deciding.take(
        shop.deps, shop.shop.id, row.id, Step.APPROVE, revision=row.revision, by="eliska"
    )
    assert first.failure is None
    answer = step(shop, row, "decline", answer="No label, no return.")
    assert answer.status_code == 409
    page = text_of(answer.text)
    assert "It stands at “Approved” now, decided by eliska." in page
    assert "Nothing of yours was carried out." in page
    assert "Your words, not sent: No label, no return." in page
    assert now(shop, row).state is ReturnState.APPROVED
    again = step(shop, row, "approve")
    assert again.status_code == 409


def test_selected_ones_are_approved_together_and_undone_together(shop: MerchantShop) -> None:
    rows = [ask(shop, n) for n in range(3)]
    which = [f"{row.id}:{row.revision}" for row in rows[:2]]
    answer = shop.post(f"{QUEUE}/approve", {"which": which})
    assert [now(shop, row).state for row in rows] == ["approved", "approved", "held"]
    page = shop.get(answer.location)
    assert "2 returns approved. Undo" in text_of(page)
    shown = re.findall(r'name="which" value="(\d+:\d+)"', page.partition("toast")[2])
    assert len(shown) == 2
    shop.post(f"{QUEUE}/undo", {"which": shown, "back": "queue"})
    assert [now(shop, row).state for row in rows] == ["held", "held", "held"]


def test_what_was_decided_meanwhile_is_left_out_of_many(shop: MerchantShop) -> None:
    rows = [ask(shop, n) for n in range(2)]
    step(shop, rows[0], "decline", answer="No.")
    which = [f"{row.id}:{row.revision}" for row in rows] + ["x:y", "999:1", "1", "-1:1"]
    answer = shop.post(f"{QUEUE}/approve", {"which": which})
    assert "done=some" in answer.location
    assert "Not all were approved." in text_of(shop.get(answer.location))
    assert [now(shop, row).state for row in rows] == ["declined", "approved"]
    nothing = shop.post(f"{QUEUE}/approve")
    assert "Nothing was selected." in text_of(shop.get(nothing.location))


def test_received_then_refunded_in_the_store(shop: MerchantShop) -> None:
    row = ask(shop, 0, ReturnReason.TOO_SMALL)
    page = shop.get(f"{QUEUE}/{row.id}")
    assert "https://cinar-breza.example/wp-admin/" in page
    assert "The money itself is moved in your store" in text_of(page)
    step(shop, row, "receive")
    received = now(shop, row)
    assert received.state is ReturnState.RECEIVED
    assert "refund the order there first" in text_of(shop.get(f"{QUEUE}/{row.id}/refund"))
    answer = step(shop, received, "refund", answer="Thank you.")
    assert now(shop, row).state is ReturnState.REFUNDED
    assert "Marked as refunded." in text_of(shop.get(answer.location))
    assert step(shop, now(shop, row), "receive").status_code == 409


def test_an_approved_return_can_be_closed_without_money(shop: MerchantShop) -> None:
    row = ask(shop, 0, ReturnReason.TOO_SMALL)
    step(shop, row, "close", answer="It never arrived.")
    assert now(shop, row).state is ReturnState.CLOSED


def test_a_step_that_is_not_possible_leads_back(shop: MerchantShop) -> None:
    row = ask(shop, 0)
    assert shop.client.get(f"{QUEUE}/{row.id}/refund").location.endswith("?done=moved-on")
    assert step(shop, row, "refund").status_code == 409
    assert shop.client.get(f"{QUEUE}/{row.id}/burn").status_code == 404
    assert shop.post(f"{QUEUE}/{row.id}/burn").status_code == 404


# statutory withdrawals


def test_a_withdrawal_cannot_be_declined(shop: MerchantShop) -> None:
    over = {"placed_at": NOW - 40 * DAY, "paid_at": NOW - 40 * DAY, "delivered_at": NOW - 30 * DAY}
    row = withdraw(shop, 0, **over)
    assert row.state is ReturnState.HELD
    queue = shop.get(QUEUE)
    assert "Statutory withdrawal" in queue
    assert f"{row.id}/decline" not in queue
    page = text_of(shop.get(f"{QUEUE}/{row.id}"))
    assert "Decline…" not in page
    assert "23 November 2026, 11:00:00 (UTC+01:00)" in page
    assert "Pay back by 7 December 2026." in page
    answer = step(shop, row, "decline", answer="Too late.")
    assert answer.status_code == 409
    assert "nobody can decline it" in text_of(answer.text)
    assert now(shop, row).state is ReturnState.HELD


def test_a_declaration_without_order_shows_what_was_declared_and_is_handled(
    shop: MerchantShop,
) -> None:
    row = declare(shop)
    html = shop.get(f"{QUEUE}/{row.id}")
    page = text_of(html)
    assert "It matches no order" in page
    assert "Name Jana Malá E-mail jana@posta.example Order 4711 Goods The whole order" in page
    assert "mailto:jana%40posta.example?subject=Your%20withdrawal%20RMA-1001" in html
    assert "No mail goes out" in text_of(shop.get(f"{QUEUE}/{row.id}/close"))
    step(shop, row, "close")
    assert now(shop, row).state is ReturnState.CLOSED
    with shop.read() as data:
        assert data.actions.by_key(f"return-mail:{row.id}:closed") is None


def test_whoever_is_forgotten_leaves_no_words(shop: MerchantShop) -> None:
    row = ask(shop, 0, note="Secret words")
    with shop.write() as data:
        data.returns.change(now(shop, row), sealed=None)
        data.erasure.forget(Traces((), ("4100",)), NOW)
    page = text_of(shop.get(f"{QUEUE}/{row.id}"))
    assert "Žofia" not in page
    assert "Secret words" not in page


# whose it is


@pytest.fixture
def stranger(shop: MerchantShop) -> MerchantShop:
    """A merchant of another shop of the same installation."""
    with shop.deps.db.write() as uow:
        shops = Shops(uow)
        other = shops.ensure("woocommerce", "https://other.example", ShopState.ACTIVE, NOW)
        shops.open_installation(other.id, [], NOW)
        shops.change(other.id, history_complete=True, timezone="Europe/Bratislava")
        other = shops.get(other.id)
    return MerchantShop(shop.deps, shop.app, other, shop.clock, shop.signals)


def test_another_shops_returns_are_not_there(shop: MerchantShop, stranger: MerchantShop) -> None:
    row = ask(shop, 0)
    for path in ("", "/decline", "/approve"):
        assert stranger.client.get(f"{QUEUE}/{row.id}{path}").status_code == 404
    for word in ("approve", "decline", "receive", "refund", "close"):
        assert step(stranger, row, word, answer="x").status_code == 404
    which = {"which": f"{row.id}:{row.revision}"}
    assert stranger.post(f"{QUEUE}/undo", which).status_code == 404
    stranger.post(f"{QUEUE}/approve", which)
    assert now(shop, row) == row
    page = stranger.get(f"{QUEUE}?done=approved&which={row.id}:{row.revision}")
    assert "RMA-1001" not in page
    assert shop.client.get(f"{QUEUE}/{2**80}").status_code == 404


def test_a_form_without_the_sessions_token_is_refused(shop: MerchantShop) -> None:
    row = ask(shop, 0)
    for path in (f"{row.id}/approve", f"{row.id}/decline", "approve", "undo", "rules", "dry-run"):
        values = {"revision": row.revision, "which": f"{row.id}:{row.revision}"}
        assert shop.client.post(f"{QUEUE}/{path}", data=values).status_code == 403
    assert now(shop, row) == row


# elsewhere


def test_home_and_automations_tell_of_what_waits(shop: MerchantShop) -> None:
    ask(shop, 0)
    ask(shop, 1)
    ask(shop, 2, ReturnReason.TOO_SMALL)
    home = text_of(shop.get("/app/"))
    assert "2 returns wait for your decision" in home
    assert "The oldest has waited since 23 Nov, 11:00." in home
    listed = text_of(shop.get("/app/automations"))
    assert "On 2 1 2 a reason of the customer is on the rule’s list (2)" in listed


def test_the_story_of_an_order_leads_to_its_return(shop: MerchantShop) -> None:
    row = ask(shop, 0)
    assert f'href="{QUEUE}/{row.id}"' in shop.get("/app/orders/4100")


def test_a_decision_waits_ten_seconds(shop: MerchantShop) -> None:
    row = ask(shop, 0)
    step(shop, row, "approve")
    approved = now(shop, row)
    with shop.read() as data:
        action = data.actions.by_key(f"return-update:{row.id}:{approved.revision}")
    assert action
    assert action.due_at == NOW + timedelta(seconds=10)
