"""Automations: switching with a preview, generated settings, what saving moves, two tabs."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.automations.registry import AUTOMATIONS, RETURNS
from app.domain.actions import ActionState
from app.domain.reasons import ReasonCode
from app.embedded_ui.fields import form_fields
from app.embedded_ui.settings_form import sections
from app.pipeline.context import CONTACT
from app.services import switching
from app.services.switching import Stored
from tests.http.merchant_shop import DAY, NOW, MerchantShop, merchant_shop, order, text_of

REVIEW = "/app/automations/review_request"
KEYS = [*(automation.key for automation in AUTOMATIONS), CONTACT]
WITH_FORM = [key for key in KEYS if key != RETURNS.key]  # theirs is on the page of the rules


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with merchant_shop(database_url, tmp_path) as found:
        yield found


def entries(html: str) -> dict[str, str]:
    """The settings form as a browser would send it."""
    form = re.search(r'<form class="panel" id="settings".*?</form>', html, re.DOTALL)
    assert form
    sent = {}
    for tag in re.findall(r"<input [^>]*>", form[0]):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        sent[attributes["name"]] = attributes["value"]
    return sent


def in_force(shop: MerchantShop, key: str = "review_request") -> Stored:
    with shop.read() as data:
        return switching.stored(data, key)


@pytest.mark.parametrize("key", KEYS)
def test_every_setting_is_in_a_section_once(key: str) -> None:
    fields = form_fields(switching.schema_of(key), switching.schema_of(key)())
    shown = [field.name for section in sections(key, fields) for field in section.fields]
    assert shown == [field.name for field in fields]


@pytest.mark.parametrize("key", WITH_FORM)
def test_saving_an_untouched_form_stores_nothing(shop: MerchantShop, key: str) -> None:
    before = in_force(shop, key)
    form = entries(shop.get(f"/app/automations/{key}"))
    assert shop.post(f"/app/automations/{key}", form).status_code == 303
    assert in_force(shop, key) == before


def test_switching_on_shows_first_what_it_would_do(shop: MerchantShop) -> None:
    shop.take(order(0), order(1), order(2), order(5, cancelled_at=NOW - DAY))
    page = text_of(shop.get(f"{REVIEW}/on"))
    assert "Nobody is written to about anything that happened before." in page
    assert "Looked at, the newest ones 4" in page
    assert "Would have led to something 2" in page
    assert "Not: there is no recorded consent to marketing mail; the law asks for it 1" in page
    assert "Not: the order was cancelled 1" in page
    assert not in_force(shop).enabled


def test_switched_on_it_answers_only_what_happens_from_then_on(shop: MerchantShop) -> None:
    shop.take(order(0))
    assert shop.post(f"{REVIEW}/on").location == f"{REVIEW}?done=on"
    assert "On since 23 November 2026" in text_of(shop.get(REVIEW))
    shop.clock.advance(days=1)
    shop.take(order(0, version=NOW + DAY, status="archived"))
    later = NOW + timedelta(hours=5)
    shop.take(order(2, delivered_at=later, placed_at=later, paid_at=later, version=NOW + DAY))
    with shop.read() as data:
        assert data.actions.of_order("4100") == []
        assert len(data.actions.of_order("4102")) == 1


def test_switching_off_tells_and_withdraws_what_waits(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.take(order(0), order(2))
    assert "2 pending actions are withdrawn." in text_of(shop.get(f"{REVIEW}/off"))
    shop.post(f"{REVIEW}/off")
    for order_id in ("4100", "4102"):
        action = shop.action(order_id)
        assert action.state == ActionState.CANCELLED
        assert action.reason.code == ReasonCode.AUTOMATION_OFF
    shop.post(f"{REVIEW}/on")  # and on again: what was withdrawn stays so
    shop.work()
    assert shop.action("4100").state == ActionState.CANCELLED


def test_saving_moves_what_waits_and_says_how_much(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.take(order(0), order(2))
    form = {**entries(shop.get(REVIEW)), "days_after_delivery": "10"}
    effect = text_of(shop.post(f"{REVIEW}/effect", form).text)
    assert effect == "Saving moves 2 pending actions. 2 come later"
    answer = shop.post(REVIEW, form)
    assert answer.location == f"{REVIEW}?done=saved&moved=2"
    assert "Saved. 2 pending actions move." in text_of(shop.get(answer.location))
    assert shop.action("4100").due_at == NOW + 4 * DAY
    shop.work()
    assert shop.action("4100").due_at == NOW + 7 * DAY
    assert in_force(shop).enabled


def test_the_effect_of_wrong_entries_is_nothing(shop: MerchantShop) -> None:
    shop.switch_on()
    shop.take(order(0))
    form = {**entries(shop.get(REVIEW)), "days_after_delivery": "soon"}
    assert (
        text_of(shop.post(f"{REVIEW}/effect", form).text) == "Change a setting to see what moves."
    )


@pytest.mark.parametrize(
    ("field", "entry", "said"),
    [
        ("days_after_delivery", "soon", "“soon” is not a whole number."),
        ("days_after_delivery", "", "“” is not a whole number."),
        ("days_after_delivery", "61", "“61” is too much; 60 is the most."),
        ("days_after_delivery", "-1", "“-1” is too little; 0 is the least."),
        ("max_age_days", "5", "“Give up after” must be longer than the waiting times."),
    ],
)
def test_what_is_wrong_is_said_in_words_and_entries_stay(
    shop: MerchantShop, field: str, entry: str, said: str
) -> None:
    form = {**entries(shop.get(REVIEW)), field: entry, "transit_days": "6"}
    answer = shop.post(REVIEW, form)
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert said in text_of(answer.text)
    assert entries(answer.text) == form
    assert "was 5 days" in text_of(answer.text)
    assert in_force(shop).version == 0


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("3, five", "Write whole numbers with commas between them: 3, 5, 10."),
        ("0, 5", "“0” is too little; 1 is the least."),
        (", ".join(str(n) for n in range(1, 30)), "These are too many values; 20 are the most."),
    ],
)
def test_lists_are_checked_too(shop: MerchantShop, entry: str, said: str) -> None:
    path = "/app/automations/milestone_coupon"
    answer = shop.post(path, {**entries(shop.get(path)), "nth_orders": entry})
    assert said in text_of(answer.text)
    assert entries(answer.text)["nth_orders"] == entry


def test_the_second_of_two_tabs_sees_what_differs(shop: MerchantShop) -> None:
    first = {**entries(shop.get(REVIEW)), "days_after_delivery": "9"}
    second = {**entries(shop.get(REVIEW)), "days_after_delivery": "11"}
    assert shop.post(REVIEW, first).status_code == 303
    answer = shop.post(REVIEW, second)
    assert answer.status_code == 409
    page = text_of(answer.text)
    assert "Not saved: these settings were changed in the meantime." in page
    assert "was 9 days" in page
    assert entries(answer.text)["days_after_delivery"] == "11"
    assert shop.post(REVIEW, entries(answer.text)).status_code == 303
    assert in_force(shop).values.model_dump()["days_after_delivery"] == 11


def test_unknown_settings_of_another_release_are_kept(shop: MerchantShop) -> None:
    with shop.write() as data:
        data.settings.save(
            "review_request", {"from_the_future": 1}, enabled=False, active_since=None,
            changed_by="test", now=NOW,
        )  # fmt: skip
    shop.post(REVIEW, {**entries(shop.get(REVIEW)), "transit_days": "6"})
    assert in_force(shop).values.model_dump()["from_the_future"] == 1


def test_contact_limits_have_the_same_form(shop: MerchantShop) -> None:
    path = "/app/automations/contact"
    form = entries(shop.get(path))
    assert form["soft_opt_in"] == "true"
    del form["soft_opt_in"]  # switched off
    shop.post(path, {**form, "budget_messages": "1"})
    kept = in_force(shop, "contact").values.model_dump()
    assert (kept["soft_opt_in"], kept["budget_messages"]) == (False, 1)
    page = text_of(shop.get("/app/automations"))
    assert "One customer gets at most 1 message in 7 days" in page
    assert "nobody is written to" in page
    assert shop.client.get(f"{path}/on").status_code == 404


@pytest.mark.parametrize("key", ["review_request", "milestone_coupon"])
@pytest.mark.parametrize("orders", [0, 1])
def test_a_test_mail_goes_to_the_owner_only(shop: MerchantShop, key: str, orders: int) -> None:
    shop.take(*[order(n) for n in range(orders)])
    answer = shop.post(f"/app/automations/{key}/test", {"to": "somebody@else.example"})
    assert answer.location.endswith("done=sent")
    (mail,) = shop.mails()
    assert mail.to_address == "eliska@cinar-breza.example"
    assert not mail.marketing
    assert mail.subject.startswith(("Test:", "Skúška:"))
    with shop.read() as data:
        assert data.messages.count(1) == 0


def test_the_preview_shows_the_mail_in_a_frame_without_script(shop: MerchantShop) -> None:
    shop.take(order(0))
    frame = re.search(r"<iframe [^>]*>", shop.get(f"{REVIEW}/on"))
    assert frame
    assert "sandbox" in frame[0]
    assert "Peştemal Ege" in frame[0]


@pytest.mark.parametrize("path", ["", "/on", "/off", "/test", "/effect"])
def test_unknown_automations_are_not_there(shop: MerchantShop, path: str) -> None:
    assert shop.post(f"/app/automations/nonsense{path}").status_code == 404


@pytest.mark.parametrize("language", ["tr", "sk"])
def test_pages_have_no_english_left(shop: MerchantShop, language: str) -> None:
    english = shop.get("/app/automations/milestone_coupon")
    other = shop.get("/app/automations/milestone_coupon", language)
    words = set(re.findall(r'<label for="[^"]*">([^<]{4,})<', english))
    assert words
    assert not [word for word in words if f">{word}<" in other]


def test_an_example_says_what_it_was_written_from(shop: MerchantShop) -> None:
    before = text_of(shop.get(REVIEW))
    assert "newest order" not in before
    assert "Your store has no orders yet, so this is written for a made-up one" in before
    shop.take(order(0))
    assert "Written from your newest order" in text_of(shop.get(REVIEW))


def test_pictures_without_https_are_shown_only_beside_stores_of_ones_own_machine(
    shop: MerchantShop,
) -> None:
    def pictures() -> str:
        policy = shop.client.get(REVIEW).headers["Content-Security-Policy"]
        return policy.partition("img-src ")[2].partition(";")[0]

    assert pictures() == "'self' https: data:"
    allowed = shop.deps.settings.model_copy(update={"allow_loopback_stores": True})
    shop.app.extensions["afterglow"] = replace(shop.deps, settings=allowed)
    assert pictures() == "'self' https: data: http:"
