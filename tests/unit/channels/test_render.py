import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import get_args

import pytest

from app.channels.base import UnusableMail
from app.channels.messages import Mail
from app.channels.render import render
from app.domain.colour import contrast
from app.i18n import Language

from .samples import SHOP, coupon, data_export, every_mail, item, review_request, sign_in

LANGUAGES: tuple[Language, ...] = get_args(Language)
EVERY_MAIL = [
    pytest.param(mail, id=f"{lang}-{number}-{mail.kind}")
    for lang in LANGUAGES
    for number, mail in enumerate(every_mail(lang))
]


class Page(HTMLParser):
    """What a reader and a mail program see of a mail."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self._skipped = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag in ("style", "title"):
            self._skipped = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._skipped:
            self._skipped = ""

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def links(self) -> list[str]:
        return [link["href"] for link in self.all("a")]


def page(mail: Mail, *, test: bool = False) -> Page:
    return Page(render(mail, test=test).html)


def both(mail: Mail) -> Iterator[str]:
    rendered = render(mail)
    yield Page(rendered.html).text
    yield " ".join(rendered.text.split())


@pytest.mark.parametrize("mail", EVERY_MAIL)
def test_every_mail_is_whole_in_every_language(mail: Mail) -> None:
    rendered = render(mail)
    seen = Page(rendered.html)
    assert seen.all("html")[0]["lang"] == mail.lang
    assert mail.shop.name in seen.text
    for text in (rendered.subject, seen.text, rendered.text):
        assert not re.search(r"%\(|{{|{%|None|<mj|&amp;|&#|\s[,.?!](\s|$)", text), text
    assert len(rendered.subject) <= 50
    assert len(rendered.html.encode()) <= 60_000


@pytest.mark.parametrize("mail", EVERY_MAIL)
def test_text_has_the_same_links_as_html(mail: Mail) -> None:
    rendered = render(mail)
    in_text = re.findall(r"https?://\S+", rendered.text)
    assert set(Page(rendered.html).links) == set(in_text)


@pytest.mark.parametrize("mail", EVERY_MAIL)
def test_nothing_is_fetched_but_pictures_of_the_shop(mail: Mail) -> None:
    html = render(mail).html
    seen = Page(html)
    assert {tag for tag, _ in seen.tags}.isdisjoint({"link", "script", "iframe", "form"})
    assert "@import" not in html
    assert "url(" not in html
    assert all(image["src"].startswith("https://img.example/") for image in seen.all("img"))
    assert all(image["alt"] for image in seen.all("img"))


@pytest.mark.parametrize("mail", EVERY_MAIL)
def test_dark_theme_is_announced_and_has_its_own_colours(mail: Mail) -> None:
    html = render(mail).html
    announced = {meta.get("name"): meta.get("content") for meta in Page(html).all("meta")}
    assert announced["color-scheme"] == announced["supported-color-schemes"] == "light dark"
    assert html.count("prefers-color-scheme: dark") == 1


@pytest.mark.parametrize("mail", EVERY_MAIL)
def test_a_test_mail_says_so_and_leads_nowhere(mail: Mail) -> None:
    rendered = render(mail, test=True)
    seen = Page(rendered.html)
    assert set(seen.links) == {"https://test.invalid/"}
    assert set(re.findall(r"https?://\S+", rendered.text)) == {"https://test.invalid/"}
    assert rendered.subject.endswith(render(mail).subject)
    assert rendered.subject != render(mail).subject
    assert rendered.text.startswith("*** ")


def test_review_request_in_english() -> None:
    for text in both(review_request()):
        assert "How are your things, Žofia? Order #4187, delivered on 17 November 2026" in text
        assert "Good or bad, we publish it." in text
        assert "Peştemal Ege" in text
        assert "Nothing is published until you press the button there." in text
        assert "Just reply to this mail." in text
        assert "You get this because you bought from Çınar & Breza (order #4187)." in text
        assert "Dolná 14, 969 01 Banská Štiavnica" in text
    assert render(review_request()).subject == "Žofia, how is your Peştemal Ege?"


def test_each_star_is_a_link_that_a_screen_reader_can_tell_apart() -> None:
    stars = [link for link in page(review_request()).all("a") if link.get("class") == "star"]
    assert [star["aria-label"] for star in stars[:5]] == [
        "Peştemal Ege: 1 of 5, poor",
        "Peştemal Ege: 2 of 5, fair",
        "Peştemal Ege: 3 of 5, all right",
        "Peştemal Ege: 4 of 5, good",
        "Peştemal Ege: 5 of 5, very good",
    ]
    assert [star["href"][-7:] for star in stars[:5]] == [f"stars={n}" for n in range(1, 6)]
    assert len(stars) == 10


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_review_request_promises_anything_for_a_review(lang: Language) -> None:
    for text in both(review_request(lang=lang)):
        assert not re.search(r"coupon|discount|% |kupon|indirim|kupón|zľav", text.lower())


@pytest.mark.parametrize(
    ("lang", "subject", "heading"),
    [
        ("en", "How is your Peştemal Ege?", "How did it turn out?"),
        ("tr", "Peştemal Ege nasıl?", "Nasıl buldunuz?"),
        ("sk", "Ako vám slúži Peştemal Ege?", "Čo poviete na svoj nákup?"),
    ],
)
def test_without_a_name_and_a_date_the_mail_still_reads_well(
    lang: Language, subject: str, heading: str
) -> None:
    mail = review_request(lang=lang, first_name=None, delivered_on=None, items=(item(),))
    assert render(mail).subject == subject
    assert heading in page(mail).text
    assert "#4187" in page(mail).text


def test_without_an_address_for_answers_nobody_is_invited_to_reply() -> None:
    for text in both(review_request(shop=replace(SHOP, reply_to=None))):
        assert "reply" not in text


def test_twelve_items_fit_and_the_rest_is_counted() -> None:
    links = tuple(f"https://afterglow.example/r/{'a' * 160}?item=7&stars={n}" for n in range(1, 6))
    things = tuple(
        item(
            f"Ručne tkaná osuška z organickej bavlny {n}",
            star_urls=links,
            image_url=f"https://img.example/{'b' * 120}.jpg",
        )
        for n in range(15)
    )
    twelve = render(review_request(items=things[:12]))
    assert len(Page(twelve.html).all("img")) == 12
    assert len(twelve.html.encode()) <= 60_000
    for text in both(review_request(items=things)):
        assert "3 more items are on the page." in text
        assert "bavlny 11" in text
        assert "bavlny 12" not in text


def test_very_long_names_neither_break_the_size_nor_the_subject() -> None:
    mail = review_request(
        first_name="Wolfeschlegelsteinhausenbergerdorff" * 3,
        items=tuple(item("Sabun " * 500, variant="v" * 5000) for _ in range(12)),
    )
    rendered = render(mail)
    assert rendered.subject == "How is what you bought?"
    assert len(rendered.html.encode()) <= 60_000


HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>&lt;b&gt;{{ 7*7 }}'


def test_hostile_names_are_shown_and_do_nothing() -> None:
    mail = review_request(
        first_name=HOSTILE,
        order_number=HOSTILE,
        shop=replace(SHOP, name=HOSTILE, postal_address=HOSTILE),
        items=(
            item(
                HOSTILE, variant=HOSTILE, image_alt=HOSTILE, image_url="https://img.example/a.png"
            ),
        ),
    )
    for test in (False, True):
        seen = page(mail, test=test)
        assert "script" not in {tag for tag, _ in seen.tags}
        assert not [name for _, attributes in seen.tags for name in attributes if name[:2] == "on"]
        assert [image["src"] for image in seen.all("img")] == ["https://img.example/a.png"]
        assert HOSTILE in seen.text


@pytest.mark.parametrize("mail", [coupon(code=HOSTILE), sign_in(store_name=HOSTILE)])
def test_hostile_texts_do_nothing_in_other_mails(mail: Mail) -> None:
    seen = page(mail)
    assert {tag for tag, _ in seen.tags}.isdisjoint({"script", "img"})
    assert HOSTILE in seen.text


def test_a_name_cannot_write_lines_into_the_text() -> None:
    text = render(review_request(items=(item("Sabun\r\n\r\nYour account is closed"),))).text
    assert not re.search(r"^Your account is closed", text, re.MULTILINE)
    assert "\x00" not in render(review_request(first_name="A\x00B")).html


def test_only_web_addresses_become_links_and_pictures() -> None:
    with pytest.raises(UnusableMail):
        render(review_request(review_url="javascript:alert(1)"))
    picture = item(image_url="javascript:alert(1)")
    assert page(review_request(items=(picture,))).all("img") == []
    assert "javascript" not in render(coupon(shop=replace(SHOP, logo_url="javascript:x"))).html


def test_a_logo_stands_in_for_the_name() -> None:
    (logo,) = page(coupon(shop=replace(SHOP, logo_url="https://img.example/logo.png"))).all("img")
    assert logo["alt"] == "Çınar & Breza"


@pytest.mark.parametrize("colour", ["#8a2f3c", "#ffe000", "#ffffff", "#000000", "#7f7f7f", "#0f0"])
def test_button_and_links_can_be_read_in_any_shop_colour(colour: str) -> None:
    html = render(coupon(shop=replace(SHOP, colour=colour))).html
    button = re.search(r'<a [^>]*style="([^"]*background:[^"]*)"', html)
    assert button
    ground, ink = (
        re.search(rf"(?:^|;)\s*{name}:\s*(#\w{{6}})", button[1]) for name in ("background", "color")
    )
    assert ground
    assert ink
    assert contrast(ground[1], ink[1]) >= 4.5
    assert contrast(ground[1], "#ffffff") >= 4.5
    dark = re.search(r"\.button a {[^}]*background: (#\w{6})[^}]*color: (#\w{6})", html)
    assert dark
    assert contrast(dark[1], dark[2]) >= 4.5
    assert contrast(dark[1], "#1e1b1b") >= 4.5


def test_coupon_says_all_that_is_needed_to_use_it() -> None:
    for text in both(coupon()):
        assert "You have placed 3 orders with us." in text
        assert "10% off your next order" in text
        assert "THANKS-7QK4-M2XW" in text
        assert "Can be used once, until 23 February 2027." in text
        assert "For orders from €30.00." in text
        assert "Enter the code at the checkout." in text


@pytest.mark.parametrize(
    ("lang", "percent", "orders"),
    [
        ("en", "10% off your next order", "You have placed 5 orders with us."),
        ("tr", "Bir sonraki siparişinizde %10 indirim", "Bizden 5 sipariş verdiniz."),
        ("sk", "Zľava 10 % na ďalšiu objednávku", "Máte u nás 5 objednávok."),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(
    lang: Language, percent: str, orders: str
) -> None:
    mail = coupon(lang=lang, milestone=replace(coupon().milestone, reached=5))
    for text in both(mail):
        assert percent in text
        assert orders in text


def test_marketing_mail_offers_the_way_out_and_transactional_mail_does_not() -> None:
    assert review_request().unsubscribe_url in page(review_request()).links
    assert coupon().unsubscribe_url in page(coupon()).links
    assert page(sign_in()).links == [sign_in().sign_in_url]
    assert page(data_export()).links == [data_export().download_url]


def test_sign_in_mail_says_how_long_and_what_if_it_was_not_you() -> None:
    for text in both(sign_in(minutes=15)):
        assert "It works once, for 15 minutes." in text
        assert "without this link nobody gets in" in text


def test_data_mail_names_the_request_or_the_store() -> None:
    assert "request DR-102" in page(data_export()).text
    assert "keeps for Çınar & Breza" in page(data_export(request=None)).text
    assert "request" not in page(data_export(request=None)).text
