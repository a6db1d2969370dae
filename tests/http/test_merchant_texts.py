"""Merchants' own texts: pages, saving, refusing, two tabs, another shop, back to ours."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import unescape
from pathlib import Path
from threading import Barrier

import pytest

from app.channels.messages import WITH_TEXTS
from app.db.shops import Shops, ShopState
from app.db.tenant import ShopData
from app.i18n import SUPPORTED
from app.services import test_mails, texts
from tests.http.merchant_shop import NOW, MerchantShop, merchant_shop, order, text_of

TURKISH = "/app/texts/review_request/tr"
OWN = {
    "subject": '{{ first_name | default: "Merhaba" }}, {{ item }} nasıl?',
    "heading": "",
    "intro": "Bir satır.\r\n\r\n<strong>{{ shop_name }}</strong> için.",
    "button": "Yorum yaz",
}


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[MerchantShop]:
    with merchant_shop(database_url, tmp_path) as found:
        yield found


def entries(html: str) -> dict[str, str]:
    """The form as a browser would send it."""
    form = re.search(r'<form class="panel stack" id="words".*?</form>', html, re.DOTALL)
    assert form
    sent = {
        name: unescape(value)
        for name, value in re.findall(r'<textarea [^>]*name="(\w+)"[^>]*>(.*?)</textarea>', form[0],
                                      re.DOTALL)
    }  # fmt: skip
    for tag in re.findall(r"<input [^>]*>", form[0]):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        sent[attributes["name"]] = unescape(attributes["value"])
    return sent


def stored(shop: MerchantShop, language: str = "tr") -> dict[str, str]:
    with shop.read() as data:
        row = data.templates.current("review_request", language)
    return row.texts if row else {}


def frame(html: str) -> str:
    """The mail in the preview."""
    found = re.search(r'srcdoc="([^"]*)"', html)
    assert found
    return unescape(found[1])


def test_every_mail_is_listed_in_every_language_and_leads_to_its_page(shop: MerchantShop) -> None:
    shop.take(order(0))
    shop.post(TURKISH, {**OWN, "version": "0"})
    html = shop.get("/app/texts")
    for message in WITH_TEXTS:
        for language in SUPPORTED:
            assert f'href="/app/texts/{message}/{language}"' in html
            shop.get(f"/app/texts/{message}/{language}")
    assert html.count("Yours") == 1
    for page in ("/app/automations", "/app/automations/review_request"):
        assert 'href="/app/texts"' in shop.get(page)


def test_every_mail_with_fields_has_an_example() -> None:
    assert set(test_mails.EXAMPLES) >= set(WITH_TEXTS)


@pytest.mark.parametrize("message", WITH_TEXTS)
@pytest.mark.parametrize("language", SUPPORTED)
def test_an_untouched_form_stores_nothing(shop: MerchantShop, message: str, language: str) -> None:
    path = f"/app/texts/{message}/{language}"
    assert shop.post(path, entries(shop.get(path))).status_code == 303
    with shop.read() as data:
        assert data.templates.all_current() == []


def test_saved_texts_are_what_a_mail_says(shop: MerchantShop) -> None:
    shop.take(order(0))
    answer = shop.post(TURKISH, {**OWN, "version": "0"})
    assert answer.location == f"{TURKISH}?done=saved"
    page = shop.get(answer.location)
    assert "Saved. The next mail says it." in text_of(page)
    assert "Yours since 23 November 2026" in text_of(page)
    assert stored(shop) == {
        "subject": OWN["subject"],
        "intro": "Bir satır.\n\n<strong>{{ shop_name }}</strong> için.",
        "button": "Yorum yaz",
    }
    assert entries(page) == {
        **OWN, "intro": OWN["intro"].replace("\r\n", "\n"), "version": "1",
        "csrf_token": "csrf-of-the-session",
    }  # fmt: skip
    assert shop.post(f"{TURKISH}/test").location == f"{TURKISH}?done=sent"
    (mail,) = shop.mails()
    assert mail.to_address == "eliska@cinar-breza.example"
    assert mail.subject == "Deneme: Žofia, Peştemal Ege nasıl?"
    with shop.read() as data:
        (line,) = [each for each in data.journal.all() if each.verb == "text_saved"]
    assert (line.what, line.params) == ("review_request", {"language": "tr", "version": 1})


def test_other_languages_and_mails_stay_ours(shop: MerchantShop) -> None:
    shop.post(TURKISH, {**OWN, "version": "0"})
    for path in ("/app/texts/review_request/sk", "/app/texts/milestone_coupon/tr"):
        assert set(entries(shop.get(path)).values()) == {"", "0", "csrf-of-the-session"}
        assert "Yorum yaz" not in frame(shop.get(path))


def test_what_is_wrong_is_said_at_its_place_and_entries_stay(shop: MerchantShop) -> None:
    wrong = {
        "subject": "{{ frist_name }}",
        "heading": "{% if item %}",
        "intro": "Dear\n{{ first_name }},",
        "button": "Fine",
        "version": "0",
    }
    answer = shop.post(TURKISH, wrong)
    page = text_of(answer.text)
    assert answer.status_code == 422
    assert "<title>Error:" in answer.text
    assert "Not saved: 3 fields to correct" in page
    for said in (
        "Subject: Line 1, character 4: There is no field “frist_name”. Perhaps you mean",
        "Heading: Line 1, character 1: “if” is never closed. Write “{% endif %}” where it ends.",
        "Opening: Line 2, character 4: “first_name” is not always known.",
    ):
        assert said in page
    assert entries(answer.text) == {**wrong, "csrf_token": "csrf-of-the-session"}
    assert stored(shop) == {}
    assert "Fine" in frame(answer.text)  # the preview shows what can be used


def test_one_line_fields_are_stored_on_one_line(shop: MerchantShop) -> None:
    shop.post(TURKISH, {"subject": "a\r\nBcc: x@y.example", "version": "0"})
    assert stored(shop) == {"subject": "a Bcc: x@y.example"}


def test_the_preview_shows_entries_and_stores_nothing(shop: MerchantShop) -> None:
    shop.take(order(0))
    form = {**OWN, "heading": "Selam {{ gone }}", "version": "0"}
    part = shop.post(f"{TURKISH}/preview?part=1", form)
    assert part.status_code == 200
    assert "<html" not in part.text.split("srcdoc")[0]
    assert "Subject Žofia, Peştemal Ege nasıl?" in text_of(part.text.split("<iframe")[0])
    assert "Heading: Line 1, character 10: There is no field “gone”." in text_of(part.text)
    assert "Çınar &amp; Breza</strong> için." in frame(part.text)
    whole = shop.post(f"{TURKISH}/preview", form)
    assert entries(whole.text)["heading"] == "Selam {{ gone }}"
    assert frame(whole.text) == frame(part.text)
    assert stored(shop) == {}


def test_a_mail_in_the_page_neither_acts_nor_leads_anywhere(shop: MerchantShop) -> None:
    shop.take(order(0, person=replace(order(0).person, first_name="<script>alert(1)</script>")))
    shop.post(TURKISH, {"intro": "{{ first_name | default: 1 }}", "version": "0"})
    html = shop.get(TURKISH)
    assert re.search(r"<iframe [^>]*sandbox></iframe>", html)
    mail = frame(html)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in mail
    assert set(re.findall(r'href="([^"]+)"', mail)) == {"https://test.invalid/"}


def test_the_second_of_two_tabs_sees_what_differs(shop: MerchantShop) -> None:
    first = {**entries(shop.get(TURKISH)), "subject": "Bir", "intro": "Birinci"}
    second = {**entries(shop.get(TURKISH)), "subject": "İki", "intro": "İkinci"}
    assert shop.post(TURKISH, first).status_code == 303
    # a look at the preview does not hide it
    second = entries(shop.post(f"{TURKISH}/preview", second).text)
    answer = shop.post(TURKISH, second)
    assert answer.status_code == 409
    page = text_of(answer.text)
    assert "Not saved: these texts were changed in the meantime." in page
    assert "was Bir" in page
    assert "What is stored now Birinci" in page
    assert entries(answer.text)["subject"] == "İki"
    assert stored(shop)["subject"] == "Bir"
    assert shop.post(TURKISH, entries(answer.text)).status_code == 303
    assert stored(shop) == {"subject": "İki", "intro": "İkinci"}


def test_back_to_our_words_tells_first_and_keeps_what_was_there(shop: MerchantShop) -> None:
    shop.post(TURKISH, {**OWN, "version": "0"})
    shop.post("/app/texts/review_request/sk", {"subject": "Moje", "version": "0"})
    for page in (shop.get(TURKISH), shop.get(f"{TURKISH}/reset")):
        assert "From the next mail on, all words of this mail in this language are ours." in page
    assert stored(shop)
    assert shop.post(f"{TURKISH}/reset").location == f"{TURKISH}?done=reset"
    assert stored(shop) == {}
    assert stored(shop, "sk") == {"subject": "Moje"}
    assert "All words are ours again." in shop.get(f"{TURKISH}?done=reset")
    assert shop.client.get(f"{TURKISH}/reset").location == TURKISH  # there is nothing to reset


@pytest.mark.parametrize(
    "path",
    ["sign_in_link/en", "review_request/de", "nonsense/tr", "review_request/TR"],
)
@pytest.mark.parametrize("view", ["", "/reset"])
def test_what_cannot_be_worded_is_not_there(shop: MerchantShop, path: str, view: str) -> None:
    assert shop.client.get(f"/app/texts/{path}{view}").status_code == 404
    for action in ("", "/preview", "/reset", "/test"):
        assert shop.post(f"/app/texts/{path}{action}", {"subject": "x"}).status_code == 404


def test_a_strange_version_is_a_conflict_and_a_form_without_token_is_refused(
    shop: MerchantShop,
) -> None:
    for version in ("7", "-1", "x" * 50, str(10**30)):
        saved = shop.post(TURKISH, {"subject": "a", "version": version})
        assert saved.status_code == (303 if version.startswith("x") else 409), version
    for action in ("", "/preview", "/reset", "/test"):
        answer = shop.client.post(f"{TURKISH}{action}", data={"subject": "b", "version": "1"})
        assert answer.status_code == 403
    assert stored(shop) == {"subject": "a"}


def test_a_broken_text_is_told_in_the_list_until_it_is_mended(shop: MerchantShop) -> None:
    with shop.write() as data:  # by another release, whose mail had another field
        data.templates.save(
            "review_request", "tr", {"subject": "{{ gone }}"},
            expected_version=0, changed_by="x", now=NOW,
        )  # fmt: skip
        data.templates.save(
            "review_request", "sk", {"subject": "{{ gone }}"},
            expected_version=0, changed_by="x", now=NOW,
        )  # fmt: skip
        params = {
            "message": "review_request",
            "language": "tr",
            "slot": "subject",
            "why": "missing",
            "line": 1,
            "column": 4,
            "params": {"name": "gone"},
        }
        data.problems.open("text_refused", params, NOW)
    assert text_of(shop.get("/app/texts")).count("Yours, not used") == 2
    assert "One of your own texts could not be used in a mail" in text_of(shop.get("/app/"))
    page = text_of(shop.get(TURKISH).split("<iframe")[0])
    assert "Subject: Line 1, character 4: There is no field “gone”." in page
    shop.post(TURKISH, {"subject": "{{ item }}", "version": "1"})
    with shop.read() as data:
        assert data.problems.is_open("text_refused")  # the Slovak one
    home = shop.get("/app/")
    assert "See the texts" in home
    assert "/app/problems/text_refused/again" not in home  # no look at the store mends a text
    shop.post("/app/texts/review_request/sk/reset")
    with shop.read() as data:
        assert not data.problems.is_open("text_refused")
    assert "Yours, not used" not in shop.get("/app/texts")


def test_what_only_one_mail_could_not_hold_is_told_on_its_page(shop: MerchantShop) -> None:
    shop.post(TURKISH, {"button": "{{ item }}", "version": "0"})
    with shop.write() as data:
        params = {"message": "review_request", "language": "tr", "slot": "button",
                  "why": "result_too_long", "line": 0, "column": 0,
                  "params": {"most": "60"}}  # fmt: skip
        data.problems.open("text_refused", params, NOW)
    told = "Button: Filled in, the text is too long; 60 characters are the most."
    assert told in text_of(shop.get(TURKISH).split("<iframe")[0])
    assert text_of(shop.get("/app/texts")).count("Yours, not used") == 1
    assert told not in text_of(shop.get("/app/texts/review_request/sk"))
    shop.post(TURKISH, {"button": "{{ item | truncate: 50 }}", "version": "1"})
    assert told not in text_of(shop.get(TURKISH))


# storage


@pytest.mark.both_databases
def test_versions_are_appended_and_each_shop_has_its_own(shop: MerchantShop) -> None:
    with shop.deps.db.write() as uow:
        other = Shops(uow).ensure("woocommerce", "https://other.example", ShopState.ACTIVE, NOW)
        data, others = ShopData(uow, shop.shop.id), ShopData(uow, other.id)

        def save(data: ShopData, texts: dict[str, str], expected: int, language: str = "tr") -> int:
            saved = data.templates.save(
                "review_request", language, texts,
                expected_version=expected, changed_by="me", now=NOW,
            )  # fmt: skip
            return saved or 0

        assert save(data, {"subject": "bir"}, 0) == 1
        assert save(data, {"subject": "iki"}, 0) == 0
        assert save(data, {"subject": "iki"}, 1) == 2
        assert save(data, {"intro": "prvý"}, 0, "sk") == 1
        assert save(others, {"subject": "başka"}, 0) == 1
        found = data.templates.current("review_request", "tr")
        assert found
        assert (found.texts, found.version, found.changed_by) == ({"subject": "iki"}, 2, "me")
        assert found.created_at == NOW
        assert data.templates.current("review_request", "en") is None
        current = sorted((row.language, row.version) for row in data.templates.all_current())
        assert current == [("sk", 1), ("tr", 2)]
        assert [row.texts for row in others.templates.all_current()] == [{"subject": "başka"}]


@pytest.mark.both_databases
def test_of_two_who_save_at_once_one_is_told(shop: MerchantShop) -> None:
    start = Barrier(2)

    def save(words: str) -> texts.SaveResult:
        start.wait()
        return texts.save(
            shop.deps, shop.shop.id, "review_request", "tr", {"subject": words},
            expected_version=0, by="x",
        )  # fmt: skip

    with ThreadPoolExecutor(2) as pool:
        results = dict(zip(("bir", "iki"), pool.map(save, ("bir", "iki")), strict=True))
    assert sorted(result.saved for result in results.values()) == [False, True]
    (winner,) = [words for words, result in results.items() if result.saved]
    assert stored(shop) == {"subject": winner}


def test_what_is_another_shops_is_not_shown(shop: MerchantShop) -> None:
    shop.post(TURKISH, {**OWN, "version": "0"})
    with shop.deps.db.write() as uow:
        shops = Shops(uow)
        other = shops.ensure("woocommerce", "https://other.example", ShopState.ACTIVE, NOW)
        shops.open_installation(other.id, [], NOW)
        other = shops.get(other.id)
    intruder = replace(shop, shop=other)
    for path in ("/app/texts", TURKISH):
        html = intruder.get(path)
        assert "Yorum yaz" not in html
        assert "Yours" not in html
    assert intruder.post(f"{TURKISH}/reset").status_code == 303
    assert intruder.post(TURKISH, {"subject": "mine", "version": "0"}).status_code == 303
    assert stored(intruder) == {"subject": "mine"}
    assert stored(shop)["button"] == "Yorum yaz"
