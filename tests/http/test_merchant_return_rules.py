"""The rules of returns as a form: order, limits, outcomes, what is wrong, the dry run, two tabs."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from app.automations.returns_approval import ReturnsApprovalSettings
from app.automations.returns_approval.limits import ValueRule, WindowRule
from app.automations.returns_approval.rules import RULES
from app.domain.money import Money
from app.domain.returns import ReturnOutcome, ReturnReason, ReturnState
from app.domain.snapshots import Line
from app.services import switching
from app.services.switching import Stored
from tests.http.merchant_shop import DAY, NOW, MerchantShop, merchant_shop, order, text_of
from tests.http.return_desk import ask

RULES_PAGE = "/app/returns/rules"
DRY_RUN = "/app/returns/dry-run"
KEY = "returns_approval"
Form = MultiDict[str, str]


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with merchant_shop(database_url, tmp_path) as found:
        found.switch_on(KEY)
        yield found


def entries(html: str) -> Form:
    """The form as a browser would send it; which button was pressed is for the test to say."""
    form = re.search(r'<form class="stack" id="settings".*?</form>', html, re.DOTALL)
    assert form
    sent: Form = MultiDict()
    pattern = r"<input [^>]*>|<textarea [^>]*>[^<]*</textarea>"
    for tag in re.findall(pattern, form[0]):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") in ("checkbox", "radio") and " checked" not in tag:
            continue
        inner = re.sub(r"<[^>]*>", "", tag)
        value = inner if tag.startswith("<textarea") else attributes["value"]
        sent.add(attributes["name"], unescape(value))
    sent.poplist("csrf_token")
    return sent


def place_of(html: str, kind: str) -> int:
    """Where the first rule of a kind stands in the form."""
    found = re.search(rf'name="rule-(\d+)-kind" value="{kind}"', html)
    assert found, kind
    return int(found[1])


def kinds(html: str) -> list[str]:
    return re.findall(r'name="rule-\d+-kind" value="(\w+)"', html)


def post(shop: MerchantShop, path: str, form: Form, **more: str) -> Any:
    sent = Form(form)
    for name, value in more.items():
        sent[name] = value
    sent["csrf_token"] = "csrf-of-the-session"
    return shop.client.post(path, data=sent, headers={"Accept": "text/html"})


def in_force(shop: MerchantShop) -> Stored:
    with shop.read() as data:
        return switching.stored(data, KEY)


def settings(shop: MerchantShop) -> ReturnsApprovalSettings:
    values = in_force(shop).values
    assert isinstance(values, ReturnsApprovalSettings)
    return values


def test_saving_an_untouched_form_stores_nothing(shop: MerchantShop) -> None:
    before = in_force(shop)
    answer = post(shop, RULES_PAGE, entries(shop.get(RULES_PAGE)))
    assert answer.location == f"{RULES_PAGE}?done=saved"
    assert in_force(shop) == before


def test_the_automations_page_leads_to_the_rules(shop: MerchantShop) -> None:
    assert shop.client.get(f"/app/automations/{KEY}").location == RULES_PAGE
    assert shop.post(f"/app/automations/{KEY}").status_code == 404
    assert shop.post(f"/app/automations/{KEY}/effect").status_code == 404
    assert "No rule" not in text_of(shop.get(RULES_PAGE))


def test_a_changed_rule_has_its_effect_on_the_next_return(shop: MerchantShop) -> None:
    dear = {"lines": (Line("11", "501", "Peştemal Ege", 1, Money(15_000, "EUR")),)}
    assert ask(shop, 0, ReturnReason.TOO_SMALL, **dear).state is ReturnState.HELD
    html = shop.get(RULES_PAGE)
    form = entries(html)
    form[f"rule-{place_of(html, 'value')}-amount"] = "200"
    effect = text_of(post(shop, f"{RULES_PAGE}/effect", form).text)
    assert "2 of the last 2 would be decided differently." in effect
    answer = post(shop, RULES_PAGE, form)
    assert answer.status_code == 303
    assert "The next return is decided by these rules." in text_of(shop.get(answer.location))
    assert ask(shop, 1, ReturnReason.TOO_SMALL, **dear).state is ReturnState.APPROVED
    value = next(rule for rule in settings(shop).rules if isinstance(rule, ValueRule))
    assert value.amount == 200


def test_every_kind_of_rule_can_be_added_and_removed(shop: MerchantShop) -> None:
    for kind in RULES:
        html = shop.get(RULES_PAGE)
        grown = post(shop, RULES_PAGE, entries(html), do="add", add=kind)
        assert grown.status_code == 200
        assert kinds(grown.text) == [*kinds(html), kind]
        assert post(shop, RULES_PAGE, entries(grown.text)).status_code == 303
        last = len(kinds(html))
        assert settings(shop).rules[last].kind == kind
        shrunk = post(shop, RULES_PAGE, entries(shop.get(RULES_PAGE)), do=f"remove-{last}")
        assert kinds(shrunk.text) == kinds(html)
        assert settings(shop).rules[last].kind == kind  # nothing is stored until it is saved
        assert post(shop, RULES_PAGE, entries(shrunk.text)).status_code == 303
    assert settings(shop) == ReturnsApprovalSettings()


def test_rules_move_up_and_down_with_their_entries(shop: MerchantShop) -> None:
    html = shop.get(RULES_PAGE)
    form, place = entries(html), place_of(html, "window")
    form[f"rule-{place}-days"] = "45"
    moved = post(shop, RULES_PAGE, form, do=f"up-{place}")
    assert place_of(moved.text, "window") == place - 1
    assert entries(moved.text)[f"rule-{place - 1}-days"] == "45"
    assert "was 30 days" in text_of(moved.text)
    assert "data-dirty" in moved.text
    assert in_force(shop).version == 1
    post(shop, RULES_PAGE, entries(moved.text))
    assert [rule.kind for rule in settings(shop).rules][place - 1] == "window"
    window = settings(shop).rules[place - 1]
    assert isinstance(window, WindowRule)
    assert window.days == 45


@pytest.mark.parametrize(
    "wish", ["up-0", "down-11", "up-99", "remove-99", "up-", "up-x", "nope-1", "add", "", "save-1"]
)
def test_moves_that_lead_nowhere_change_nothing(shop: MerchantShop, wish: str) -> None:
    html = shop.get(RULES_PAGE)
    answer = post(shop, RULES_PAGE, entries(html), do=wish, add="nonsense")
    assert answer.status_code in (200, 303)
    if answer.status_code == 200:
        assert kinds(answer.text) == kinds(html)
    assert in_force(shop).version == 1


WRONG = [
    ("window", "days", "soon", "“soon” is not a whole number."),
    ("window", "days", "0", "“0” is too little; 1 is the least."),
    ("window", "days", "731", "“731” is too much; 730 is the most."),
    ("window", "start", "birth", "Choose one of the values."),
    ("window", "outcome", "burn", "Choose one of the values."),
    ("not_sent", "outcome", "approve", "Choose one of the values."),
    ("sale", "outcome", "", "Choose one of the values."),
    ("value", "amount", "100.50", "“100.50” is not a whole number."),
    ("country", "countries", "Slovakia", "“SLOVAKIA” cannot be used here"),
    ("products", "products", "x" * 201, "This is too long; 200 characters are the most."),
    ("share", "percent", "101", "“101” is too much; 100 is the most."),
    ("returns", "count", str(10**30), "is too much; 100 is the most."),
]


@pytest.mark.parametrize(("kind", "name", "entry", "said"), WRONG)
def test_what_is_wrong_in_a_rule_is_said_in_its_place(
    shop: MerchantShop, kind: str, name: str, entry: str, said: str
) -> None:
    html = shop.get(RULES_PAGE)
    form, place = entries(html), place_of(html, kind)
    form[f"rule-{place}-{name}"] = entry
    answer = post(shop, RULES_PAGE, form)
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert said in text_of(answer.text)
    assert f'href="#f-rule-{place}-{name}"' in answer.text
    assert f'<details id="rule-{place}" open>' in answer.text
    if entry in ("soon", "0", "731", "100.50", "Slovakia"):
        assert entries(answer.text)[f"rule-{place}-{name}"] == entry
    assert in_force(shop).version == 1


def test_a_form_with_every_field_wrong_names_each_and_loses_nothing(shop: MerchantShop) -> None:
    html = shop.get(RULES_PAGE)
    form = entries(html)
    for kind, name, entry, _ in WRONG:
        form[f"rule-{place_of(html, kind)}-{name}"] = entry
    form["return_fee"], form["way_back"], form["otherwise"] = "free", "nobody", "maybe"
    form["send_back_to"] = "x" * 2001
    form["not_covered_products"] = ", ".join(f"sku-{n}" for n in range(501))
    form.poplist("reasons_offered")
    answer = post(shop, RULES_PAGE, form)
    assert answer.status_code == 422
    page = text_of(answer.text)
    told = {name for kind, name, _, _ in WRONG} | {
        "return_fee", "way_back", "otherwise", "send_back_to", "not_covered_products",
        "reasons_offered",
    }  # fmt: skip
    linked = {href.rpartition("-")[2] for href in re.findall(r'href="#f-([\w-]+)"', answer.text)}
    assert told <= linked
    assert "“free” is not an amount." in page
    assert "Choose at least one." in page
    assert in_force(shop).version == 1
    kept = entries(answer.text)
    assert kept["return_fee"] == "free"
    assert kept["send_back_to"] == "x" * 2001


@pytest.mark.parametrize(
    ("entry", "fee"), [("4.50", "4.50"), ("4,50", "4.50"), (" 7 ", "7"), ("0", "0")]
)
def test_an_amount_is_written_with_a_point_or_a_comma(
    shop: MerchantShop, entry: str, fee: str
) -> None:
    form = entries(shop.get(RULES_PAGE))
    form["return_fee"] = entry
    assert post(shop, RULES_PAGE, form).status_code == 303
    assert str(settings(shop).return_fee) == fee


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("-1", "“-1” is too little; 0 is the least."),
        ("10000,01", "“10000.01” is too much; 10,000 is the most."),
        ("1.234,50", "“1.234.50” is not an amount. Write it as digits, for example 4.50."),
        ("NaN", "“NaN” is not an amount."),
        ("Infinity", "“Infinity” is not an amount."),
        ("9" * 400, "“" + "9" * 59 + "…” is too much"),
    ],
)
def test_a_fee_that_cannot_be_is_refused_in_words(
    shop: MerchantShop, entry: str, said: str
) -> None:
    form = entries(shop.get(RULES_PAGE))
    form["return_fee"], form["otherwise"] = entry, "hold"
    answer = post(shop, RULES_PAGE, form)
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert entries(answer.text)["otherwise"] == "hold"
    assert in_force(shop).version == 1


def test_lists_of_reasons_are_checkboxes(shop: MerchantShop) -> None:
    form = entries(shop.get(RULES_PAGE))
    assert "not_asked" not in form.getlist("reasons_offered")
    form.setlist("reasons_offered", ["defective", "other"])
    form.setlist("shop_pays_for", [])
    assert post(shop, RULES_PAGE, form).status_code == 303
    stored = settings(shop)
    assert stored.reasons_offered == (ReturnReason.DEFECTIVE, ReturnReason.OTHER)
    assert stored.shop_pays_for == ()
    again = entries(shop.get(RULES_PAGE))
    assert again.getlist("reasons_offered") == ["defective", "other"]
    hostile = Form(again)
    hostile.setlist("reasons_offered", ["not_asked"])
    assert post(shop, RULES_PAGE, hostile).status_code == 422


def test_who_saves_second_sees_that_somebody_was_there(shop: MerchantShop) -> None:
    html = shop.get(RULES_PAGE)
    first, second = entries(html), entries(html)
    first["otherwise"] = "hold"
    assert post(shop, RULES_PAGE, first).status_code == 303
    second[f"rule-{place_of(html, 'window')}-days"] = "60"
    answer = post(shop, RULES_PAGE, second)
    assert answer.status_code == 409
    page = text_of(answer.text)
    assert "these settings were changed in the meantime" in page
    assert "was Leave to me" in page
    assert settings(shop).otherwise is ReturnOutcome.HOLD
    kept = entries(answer.text)
    assert kept[f"rule-{place_of(answer.text, 'window')}-days"] == "60"
    assert post(shop, RULES_PAGE, kept).status_code == 303  # knowingly now
    assert settings(shop).otherwise is ReturnOutcome.APPROVE


def test_what_a_newer_release_stored_is_kept(shop: MerchantShop) -> None:
    rules = [
        {"kind": "weather", "on": True, "outcome": "decline", "sky": "blue"},
        {"kind": "window", "days": 20, "grace": 3},
    ]
    with shop.read() as data:
        version = switching.stored(data, KEY).version
    switching.save(
        shop.deps, shop.shop.id, KEY, {"rules": rules}, expected_version=version, by="newer"
    )
    html = shop.get(RULES_PAGE)
    assert "A rule of a newer release" in html
    form = entries(html)
    form["rule-1-days"] = "25"
    assert post(shop, RULES_PAGE, form).status_code == 303
    stored = [rule.model_dump(mode="json") for rule in settings(shop).rules]
    assert stored[0] == rules[0]
    assert (stored[1]["days"], stored[1]["grace"]) == (25, 3)


def test_more_rules_than_there_may_be_are_refused(shop: MerchantShop) -> None:
    form: Form = MultiDict(entries(shop.get(RULES_PAGE)))
    places = [str(n) for n in range(60)]
    form.setlist("rule", places)
    for place in places:
        form[f"rule-{place}-kind"] = "sale"
        form[f"rule-{place}-outcome"] = "hold"
    answer = post(shop, RULES_PAGE, form)
    assert answer.status_code == 422
    assert "These are too many rules; 50 are the most." in text_of(answer.text)


# on and off


def test_switching_on_shows_what_the_rules_would_decide(shop: MerchantShop) -> None:
    shop.post(f"/app/automations/{KEY}/off")
    shop.take(order(0), order(2), order(3, delivered_at=NOW - 3 * DAY))
    off = text_of(shop.get(RULES_PAGE))
    assert "The rules are off. Every return is left to you." in off
    assert shop.client.get(f"/app/automations/{KEY}/on").location == f"{RULES_PAGE}/on"
    page = text_of(shop.get(f"{RULES_PAGE}/on?now=1"))
    assert "Looked at, the newest ones 3 Approved 3 Declined 0 Left to you 0" in page
    answer = shop.post(f"/app/automations/{KEY}/on")
    assert answer.location == f"{RULES_PAGE}?done=on"
    assert "On since 23 November 2026" in text_of(shop.get(answer.location))
    assert shop.client.get(f"{RULES_PAGE}/on").location == RULES_PAGE
    assert "every return is left to you" in text_of(shop.get(f"/app/automations/{KEY}/off"))


# dry run


def test_the_dry_run_shows_what_changes_and_saves_it(shop: MerchantShop) -> None:
    ask(shop, 0)  # held, because it is defective
    shop.take(order(2), order(3))
    html = shop.get(RULES_PAGE)
    form = entries(html)
    form[f"rule-{place_of(html, 'reasons')}-outcome"] = "approve"
    page = post(shop, DRY_RUN, form)
    assert page.status_code == 200
    told = text_of(page.text)
    assert "1 of 4 would be decided differently." in told
    assert "Looked at: 1 past return and 3 past orders." in told
    assert "RMA-1001 Left to you the reason for “Peştemal Ege” is “Defective” Approved" in told
    assert in_force(shop).version == 1
    carried: Form = MultiDict()
    saving = re.search(r"<form[^>]*>(?:(?!</form>).)*Save these rules", page.text, re.DOTALL)
    assert saving
    block = saving[0].rpartition("<form")[2]
    for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', block):
        carried.add(name, unescape(value))
    carried.poplist("csrf_token")
    assert post(shop, RULES_PAGE, carried).status_code == 303
    assert in_force(shop).version == 2
    back = post(shop, RULES_PAGE, carried, do="back")
    assert entries(back.text)[f"rule-{place_of(html, 'reasons')}-outcome"] == "approve"


def test_the_dry_run_of_the_stored_rules_changes_nothing(shop: MerchantShop) -> None:
    assert "There is no past yet" in text_of(shop.get(f"{DRY_RUN}?now=1"))
    shop.take(order(0))
    assert "Looking through your past" in text_of(shop.get(DRY_RUN))
    part = text_of(shop.get(f"{DRY_RUN}?part=1"))
    assert part.startswith("In short 1 past return or order was looked at.")
    page = text_of(shop.get(f"{DRY_RUN}?now=1"))
    assert part in page
    assert "1 past return or order was looked at." in page
    assert "Save these rules" not in page


def test_wrong_entries_are_not_tried_but_shown(shop: MerchantShop) -> None:
    html = shop.get(RULES_PAGE)
    form = entries(html)
    form[f"rule-{place_of(html, 'window')}-days"] = "soon"
    answer = post(shop, DRY_RUN, form)
    assert answer.status_code == 422
    assert "“soon” is not a whole number." in text_of(answer.text)
    effect = text_of(post(shop, f"{RULES_PAGE}/effect", form).text)
    assert effect == "Change a rule to see what it would have decided."


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rule": "x"},
        {"rule": "0", "rule-0-kind": "weather"},
        {"rule": "0", "rule-0-kind": "sale", "rule-0-from": "99"},
    ],
)
def test_forms_that_nobody_filled_in_do_no_harm(shop: MerchantShop, body: dict[str, str]) -> None:
    for path in (RULES_PAGE, DRY_RUN, f"{RULES_PAGE}/effect"):
        form: Form = MultiDict(body)
        assert post(shop, path, form).status_code < 500


def test_the_pages_speak_three_languages(shop: MerchantShop) -> None:
    ask(shop, 0)
    for path in (RULES_PAGE, DRY_RUN, "/app/returns", "/app/returns/1"):
        seen = {text_of(shop.get(path, language)) for language in ("en", "tr", "sk")}
        assert len(seen) == 3, path
