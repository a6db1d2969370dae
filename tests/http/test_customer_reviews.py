"""Writing a review through the link of a mail, as a customer does it."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from app.channels.links import Purpose
from app.customer_pages.review_form import plain
from app.db.erasure import Traces
from app.db.shops import Shops, ShopState
from app.domain.actions import ActionKind, ActionState
from app.domain.ids import ReviewId
from app.domain.snapshots import Person, RefundSnapshot
from tests.http.customer_shop import NOW, ORDER, CustomerShop, customer_shop, euros

GOOD = {"stars-11": "4", "text-11": "Dries fast.", "author": "initial"}


@pytest.fixture
def shop(database_url: str) -> Iterator[CustomerShop]:
    with customer_shop(database_url) as found:
        yield found


def checked(page: TestResponse) -> list[tuple[str, str]]:
    """Name and value of every chosen radio."""
    return re.findall(
        r'<input type="radio" name="([^"]+)" value="([^"]+)"[^>]* checked', page.text
    ) + [
        (name, value)
        for name, value in re.findall(
            r'<input type="radio" name="(author)" id="[^"]+" value="([^"]+)" checked', page.text
        )
    ]


def stored(shop: CustomerShop) -> dict[str, tuple[int, str, str, int]]:
    """Product → stars, text, author, revision."""
    with shop.read() as data:
        return {
            row.product_id: (row.rating, words.text, words.author, row.revision)
            for row in data.reviews.of_order("4187")
            for words in [data.reviews.words(row)]
        }


def test_the_form_shows_what_was_bought_and_can_be_reviewed(shop: CustomerShop) -> None:
    page = shop.client.get(shop.review_link())
    assert page.status_code == 200
    assert '<html lang="en">' in page.text
    assert "How are your things, Žofia?" in page.text
    assert "Order #4187, delivered on 17 November 2026" in page.text
    assert page.text.count("<legend>Your rating") == 2
    assert "Peştemal Ege" in page.text
    assert "copper, 3 cups" in page.text
    assert "https://cdn.example/pestemal.jpg" in page.text
    assert "Gift card" not in page.text
    for name in ("Žofia N.", "Žofia, Trnava", "A customer"):
        assert f">{name}</label>" in page.text


def test_a_tapped_star_is_filled_in_and_nothing_is_stored(shop: CustomerShop) -> None:
    before = shop.state()
    page = shop.client.get(shop.review_link(item="12", stars="5"))
    assert ("stars-12", "5") in checked(page)
    assert [name for name, _ in checked(page)] == ["stars-12", "author"]
    assert shop.client.head(shop.review_link(item="12", stars="5")).status_code == 200
    assert shop.state() == before
    assert shop.signals == []


@pytest.mark.parametrize("stars", ["0", "6", "five", "", "5 "])
def test_a_star_that_is_none_is_ignored(shop: CustomerShop, stars: str) -> None:
    page = shop.client.get(shop.review_link(item="12", stars=stars))
    assert [name for name, _ in checked(page)] == ["author"]


def test_items_are_those_that_the_mail_asked_about(shop: CustomerShop) -> None:
    item = {"line_id": "12", "product_id": "502", "title": "Bakır cezve", "variant": None}
    customer = shop.add_order()
    shop.plan(ActionKind.REVIEW_REQUEST_MAIL, "review:4187", customer, items=[item])
    page = shop.client.get(shop.review_link())
    assert "Bakır cezve" in page.text
    assert "Peştemal" not in page.text


def test_a_returned_item_is_left_out(shop: CustomerShop) -> None:
    refund = RefundSnapshot("r1", "4187", NOW, euros(3_000), {"12": 1})
    shop.add_order(replace(ORDER, refunds=(refund,)))
    page = shop.client.get(shop.review_link())
    assert "Peştemal Ege" in page.text
    assert "Bakır cezve" not in page.text


@pytest.mark.both_databases
def test_a_review_is_kept_and_its_publishing_planned(shop: CustomerShop) -> None:
    answer = shop.client.post(shop.review_link(), data=GOOD)
    assert answer.status_code == 303
    assert stored(shop) == {"501": (4, "Dries fast.", "Žofia N.", 1)}
    with shop.read() as data:
        (row,) = data.reviews.of_order("4187")
        (fact,) = data.events.of_order("4187")
        lines = [(line.verb, line.what) for line in data.journal.of_order("4187")]
    assert (fact.type, fact.key, fact.data) == (
        "review_submitted",
        f"{row.id}:1",
        {"review_id": row.id},
    )
    assert lines == [("submitted", "review"), ("planned", "review_publish")]
    action = shop.action(f"review-publish:{row.id}:1")
    assert (action.kind, action.state, action.automation) == (
        ActionKind.REVIEW_PUBLISH,
        ActionState.PLANNED,
        "",
    )
    assert (action.due_at, action.useful_until) == (NOW, NOW + timedelta(days=90))
    assert action.payload == {"review_id": row.id}
    assert ("perform", (shop.shop.id,)) in shop.signals
    thanks = shop.client.get(answer.headers["Location"])
    assert "Thank you, Žofia" in thanks.text
    assert "Dries fast." in thanks.text
    assert "Being published" in thanks.text


def test_the_thank_you_says_when_it_is_published(shop: CustomerShop) -> None:
    location = shop.client.post(shop.review_link(), data=GOOD).headers["Location"]
    with shop.write() as data:
        (row,) = data.reviews.of_order("4187")
        data.reviews.published(ReviewId(row.id), row.revision, "900")
    assert "Published" in shop.client.get(location).text


def test_sending_twice_changes_nothing(shop: CustomerShop) -> None:
    link = shop.review_link()
    shop.client.post(link, data=GOOD)
    before = shop.state()
    assert shop.client.post(link, data=GOOD).status_code == 303
    assert shop.state() == before


@pytest.mark.both_databases
def test_the_same_form_sent_twice_at_once_is_kept_once(shop: CustomerShop) -> None:
    link = shop.review_link()
    together = Barrier(2)

    def send() -> int:
        together.wait(timeout=10)
        return shop.client.post(link, data=GOOD).status_code

    with ThreadPoolExecutor(2) as pool:
        sent = [pool.submit(send) for _ in range(2)]
        assert [future.result() for future in sent] == [303, 303]
    assert stored(shop) == {"501": (4, "Dries fast.", "Žofia N.", 1)}


@pytest.mark.both_databases
def test_a_review_can_be_changed_with_the_same_link(shop: CustomerShop) -> None:
    link = shop.review_link()
    shop.client.post(link, data=GOOD)
    form = shop.client.get(link)
    assert ("stars-11", "4") in checked(form)
    assert "Dries fast.</textarea>" in form.text
    changed = {**GOOD, "stars-11": "2", "author": "anonymous", "stars-12": "5"}
    assert shop.client.post(link, data=changed).status_code == 303
    # published under the word of the shop's own language
    assert stored(shop) == {
        "501": (2, "Dries fast.", "Zákazník", 2),
        "502": (5, "", "Zákazník", 1),
    }
    assert ("author", "anonymous") in checked(shop.client.get(link))
    with shop.read() as data:
        keys = {event.key for event in data.events.of_order("4187")}
        ids = {row.product_id: row.id for row in data.reviews.of_order("4187")}
    assert keys == {f"{ids['501']}:1", f"{ids['501']}:2", f"{ids['502']}:1"}


def test_a_tapped_star_wins_over_the_earlier_rating(shop: CustomerShop) -> None:
    shop.client.post(shop.review_link(), data=GOOD)
    page = shop.client.get(shop.review_link(item="11", stars="1"))
    assert ("stars-11", "1") in checked(page)
    assert "Dries fast.</textarea>" in page.text


@pytest.mark.parametrize(
    ("fields", "message", "control"),
    [
        ({"text-11": "Good."}, "Choose a number of stars, or delete the text.", "stars-11"),
        ({}, "Choose a number of stars for at least one item.", "stars-11"),
        ({"stars-12": "9"}, "Choose a number of stars for at least one item.", "stars-11"),
        (
            {"stars-12": "3", "text-12": "x" * 5_001},
            "Shorten the text to 5,000 characters.",
            "text-12",
        ),
    ],
)
def test_mistakes_are_named_and_nothing_entered_is_lost(
    shop: CustomerShop, fields: dict[str, str], message: str, control: str
) -> None:
    sent = {"text-12": "Copper & <b>tin</b>", "stars-12": "3", "author": "city", **fields}
    if not fields or "9" in fields.values():
        sent = {**fields, "author": "city"}
    page = shop.client.post(shop.review_link(), data=sent)
    assert page.status_code == 422
    assert "<title>Error: Your review" in page.text
    assert f'<li><a href="#{control}">{message}</a></li>' in page.text
    assert f'id="{control}"' in page.text
    assert f'id="{control}-error"' in page.text
    assert ("author", "city") in checked(page)
    for name, value in fields.items():
        if name.startswith("text"):
            assert f"{value}</textarea>" in page.text
    assert stored(shop) == {}


def test_five_thousand_characters_are_enough_whatever_the_line_ends(shop: CustomerShop) -> None:
    text = "ž\r\n" * 2_499 + "žž"
    assert shop.client.post(shop.review_link(), data={**GOOD, "text-11": text}).status_code == 303
    assert stored(shop)["501"][1] == text.replace("\r\n", "\n")


def test_a_large_honest_form_is_taken_and_a_huge_one_is_not(shop: CustomerShop) -> None:
    fullest = {**GOOD, "text-11": "🙂" * 5_000, "stars-12": "1", "text-12": "ş" * 5_000}
    assert shop.client.post(shop.review_link(), data=fullest).status_code == 303
    huge = shop.client.post(shop.review_link(), data={**GOOD, "text-11": "x" * 5_000_001})
    assert huge.status_code == 413


def test_text_stays_text(shop: CustomerShop) -> None:
    nasty = "</textarea><script>alert(1)</script>\"'><img src=x onerror=alert(2)> & <3"
    link = shop.review_link()
    location = shop.client.post(link, data={**GOOD, "text-11": nasty}).headers["Location"]
    assert stored(shop)["501"][1] == nasty
    for page in (shop.client.get(location), shop.client.get(link)):
        assert "<script" not in page.text
        assert "<img src=x" not in page.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text


def test_names_and_titles_are_escaped(shop: CustomerShop) -> None:
    evil = Person(email="e@posta.example", first_name="<b>E</b>", city="<i>C</i>")
    line = replace(ORDER.lines[0], title="<script>x</script>", image_url='javascript:alert("x")')
    shop.add_order(replace(ORDER, order_id="66", person=evil, lines=(line,)))
    page = shop.client.get(shop.review_link("66"))
    assert "How are your things, &lt;b&gt;E&lt;/b&gt;?" in page.text
    assert "<script" not in page.text
    assert "javascript:" not in page.text


def test_pictures_may_come_from_a_store_without_https_but_not_change_the_policy(
    shop: CustomerShop,
) -> None:
    def policy(image_url: str) -> str:
        line = replace(ORDER.lines[1], image_url=image_url)
        shop.add_order(replace(ORDER, lines=(line,)))
        return shop.client.get(shop.review_link()).headers["Content-Security-Policy"]

    assert "img-src 'self' https: data: http://127.0.0.1:8123;" in policy(
        "http://127.0.0.1:8123/cezve.jpg"
    )
    usual = policy("https://cdn.example/cezve.jpg")
    assert "img-src 'self' https: data:;" in usual
    assert policy("http://a;script-src *;/x.jpg") == usual


def test_without_a_review_there_is_nothing_to_thank_for(shop: CustomerShop) -> None:
    token = shop.review_link().removeprefix("/r/")
    assert shop.client.get(f"/r/{token}/thanks").headers["Location"] == f"/r/{token}"


@given(st.text(st.characters(codec="utf-8"), max_size=80))
def test_kept_text_has_no_control_characters_and_is_stable(text: str) -> None:
    kept = plain(text)
    assert plain(kept) == kept
    assert not [char for char in kept if char != "\n" and category(char) == "Cc"]
    assert [c for c in kept if c.isalnum()] == [c for c in text if c.isalnum()]


def test_control_characters_and_turned_text_are_dropped(shop: CustomerShop) -> None:
    sent = {**GOOD, "text-11": " \x00Fi\x08ne\u202e!\r\n\u2066Really\x7f \u200d"}
    shop.client.post(shop.review_link(), data=sent)
    assert stored(shop)["501"][1] == "Fine!\nReally \u200d"


def test_the_name_is_chosen_never_typed(shop: CustomerShop) -> None:
    shop.client.post(shop.review_link(), data={**GOOD, "author": "The Director"})
    assert stored(shop)["501"][2] == "Žofia N."


def test_unknown_items_and_fields_are_ignored(shop: CustomerShop) -> None:
    shop.client.post(shop.review_link(), data={**GOOD, "stars-13": "5", "stars-99": "5"})
    assert stored(shop).keys() == {"501"}


@pytest.mark.parametrize("language", ["tr", "sk"])
def test_the_language_can_be_switched_and_stays(shop: CustomerShop, language: str) -> None:
    link = shop.review_link(item="12", stars="5", lang=language)
    page = shop.client.get(link)
    assert f'<html lang="{language}">' in page.text
    assert ("stars-12", "5") in checked(page)
    assert "item=12&amp;stars=5&amp;lang=en" in page.text
    answer = shop.client.post(shop.review_link(lang=language), data=GOOD)
    assert answer.headers["Location"].endswith(f"?lang={language}")
    wrong = shop.client.post(shop.review_link(lang=language), data={})
    assert f'<html lang="{language}">' in wrong.text


def closed_page(shop: CustomerShop, words: str) -> None:
    link, before = shop.review_link(), shop.state()
    for answer in (shop.client.get(link), shop.client.post(link, data=GOOD)):
        assert answer.status_code == 410
        assert words in answer.text
        assert "Žofia" not in answer.text
    assert shop.state() == before


@pytest.mark.parametrize(
    "change",
    [
        {"cancelled_at": NOW},
        {"trashed": True},
        {"refunds": (RefundSnapshot("r1", "4187", NOW, euros(9_000), None),)},
    ],
)
def test_an_order_that_ended_is_refused_kindly(
    shop: CustomerShop, change: dict[str, object]
) -> None:
    shop.add_order(replace(ORDER, **change))
    closed_page(shop, "nedá hodnotiť")


def test_a_forgotten_buyer_is_refused_kindly(shop: CustomerShop) -> None:
    with shop.write() as data:
        data.erasure.forget(Traces((), ("4187",)), NOW)
    closed_page(shop, "neuchovávame")


def test_whoever_is_being_forgotten_leaves_nothing_new(shop: CustomerShop) -> None:
    with shop.write() as data:  # the first step of forgetting; the order still names the buyer
        data.customers.bury_person(ORDER.person, NOW)
    closed_page(shop, "neuchovávame")


def test_a_disconnected_shop_takes_no_reviews(shop: CustomerShop) -> None:
    with shop.deps.db.write() as uow:
        Shops(uow).change(shop.shop.id, state=ShopState.DISCONNECTED)
    closed_page(shop, "neprijíma")


def test_altered_and_foreign_links_reveal_nothing(shop: CustomerShop) -> None:
    good = shop.review_link().removeprefix("/r/")
    other_purpose = shop.preferences_link().removeprefix("/p/")
    missing_shop = shop.link(Purpose.REVIEW, {"s": "nobody", "o": "4187"}).removeprefix("/r/")
    bodies = set()
    for token in (good[:-1], good[1:], f"x{good}", other_purpose, missing_shop, "x"):
        for answer in (
            shop.client.get(f"/r/{token}"),
            shop.client.post(f"/r/{token}", data=GOOD),
            shop.client.get(f"/r/{token}/thanks"),
        ):
            assert answer.status_code == 400
            assert "This link does not work" in answer.text
            bodies.add(re.sub(r"/r/[^?\"]+", "", answer.text))
    assert len(bodies) == 1
    assert stored(shop) == {}


def test_a_link_of_another_shop_reaches_only_that_shop(shop: CustomerShop) -> None:
    with shop.deps.db.write() as uow:
        shops = Shops(uow)
        other = shops.ensure("woocommerce", "https://other.example", ShopState.ACTIVE, NOW)
        shops.open_installation(other.id, [], NOW)
    foreign = shop.link(Purpose.REVIEW, {"s": other.public_ref, "o": "4187"})
    assert shop.client.post(foreign, data=GOOD).status_code == 410
    assert stored(shop) == {}


def test_an_order_that_we_do_not_know_looks_like_a_forgotten_one(shop: CustomerShop) -> None:
    unknown = shop.client.get(shop.review_link("1"))
    with shop.write() as data:
        data.erasure.forget(Traces((), ("4187",)), NOW)
    forgotten = shop.client.get(shop.review_link())
    assert unknown.status_code == forgotten.status_code == 410
    assert re.sub(r"/r/[^?\"]+", "", unknown.text) == re.sub(r"/r/[^?\"]+", "", forgotten.text)


def test_one_link_is_good_for_twenty_changes_an_hour(shop: CustomerShop) -> None:
    link = shop.review_link()
    for n in range(20):
        assert shop.client.post(link, data={**GOOD, "text-11": f"{n}"}).status_code == 303
    page = shop.client.post(link, data={**GOOD, "text-11": "One more"})
    assert page.status_code == 429
    assert "One more</textarea>" in page.text
    assert stored(shop)["501"][1] == "19"


def test_pages_keep_the_address_to_themselves(shop: CustomerShop) -> None:
    for path in (shop.review_link(), shop.preferences_link(), "/r/x"):
        headers = shop.client.get(path).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "noindex" in headers["X-Robots-Tag"]
        policy = headers["Content-Security-Policy"]
        assert "script-src 'none'" in policy
        assert "unsafe" not in policy
        assert "Set-Cookie" not in headers
