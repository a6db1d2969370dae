"""Merchants' own words: what they come to in each language, and why one cannot be used."""

import re
from dataclasses import replace
from datetime import date
from email import message_from_bytes
from html import unescape
from typing import Any

import pytest

from app.channels.email import build
from app.channels.fields import TextField
from app.channels.messages import WITH_TEXTS, MilestoneCouponMail, ReviewRequestMail
from app.channels.render import RenderedMail, render
from app.channels.texts import FILTERS, SLOTS, Refusal, Why, check
from app.domain.money import Money
from app.i18n import SUPPORTED, Language, Translator
from app.services.text_words import WORDS, explain

from .samples import SHOP, coupon, every_mail, item, mail, review_request
from .test_render import Page

REVIEW, COUPON = ReviewRequestMail.fields, MilestoneCouponMail.fields


def refusal(
    source: str, slot: str = "intro", fields: tuple[TextField, ...] = REVIEW, lang: Language = "en"
) -> Refusal | None:
    return check(SLOTS[slot], source, fields, Translator(lang))


def subject(source: str, lang: Language = "en", **fields: Any) -> str:
    """What a subject comes to; it must be used."""
    rendered = render(review_request(lang=lang, **fields), {"subject": source})
    assert rendered.refused == {}
    return rendered.subject


def coupon_subject(source: str, lang: Language = "en", **fields: Any) -> str:
    rendered = render(coupon(lang=lang, **fields), {"subject": source})
    assert rendered.refused == {}
    return rendered.subject


def intro(source: str, **fields: Any) -> RenderedMail:
    rendered = render(review_request(**fields), {"intro": source})
    assert rendered.refused == {}
    return rendered


def paragraphs(rendered: RenderedMail) -> list[str]:
    """The opening's paragraphs as the mail has them, without styles."""
    found = re.findall(r'<p class="para"[^>]*>(.*?)</p>', rendered.html, re.DOTALL)
    return [re.sub(r' style="[^"]*"', "", each) for each in found]


def assert_harmless(rendered: RenderedMail) -> None:
    """The mail's own tags, and none that act."""
    seen = Page(rendered.html)
    assert {tag for tag, _ in seen.tags}.isdisjoint({"script", "img", "iframe", "form", "i"})
    assert not [name for _, attributes in seen.tags for name in attributes if name[:2] == "on"]
    assert all(re.match("https:|mailto:", link) for link in seen.links)


# what texts come to


@pytest.mark.parametrize(
    ("lang", "money", "day", "short", "percent"),
    [
        ("en", "TRY\xa01,234.50", "22 November 2026", "22 Nov 2026", "10%"),
        ("tr", "1.234,50\xa0₺", "22 Kasım 2026", "22 Kas 2026", "%10"),
        ("sk", "1\xa0234,50\xa0TRY", "22. novembra 2026", "22. 11. 2026", "10\xa0%"),
    ],
)
def test_money_dates_and_percents_are_written_as_the_language_writes_them(
    lang: Language, money: str, day: str, short: str, percent: str
) -> None:
    known = {"minimum": Money(123_450, "TRY"), "expires_on": date(2026, 11, 22)}

    def comes_to(source: str) -> str:
        return coupon_subject(source, lang, **known)

    assert comes_to("{{ minimum }}") == comes_to("{{ minimum | money }}")
    assert comes_to("{{ expires_on }}") == comes_to("{{ expires_on | date }}") == day
    assert comes_to('{{ expires_on | date: "short" }}') == short
    # in a subject white space is folded, so the amount is looked at in the opening
    words = Translator(lang)
    assert words.money(known["minimum"]) == money  # type: ignore[arg-type]
    rendered = render(coupon(lang=lang, **known), {"intro": "{{ minimum }} {{ discount }}"})
    assert rendered.refused == {}
    assert money in rendered.html.replace("&nbsp;", "\xa0")
    assert percent in rendered.html.replace("&nbsp;", "\xa0")


@pytest.mark.parametrize(
    ("lang", "said"),
    [("en", "22. November"), ("tr", "22. Kasım"), ("sk", "22. novembra")],
)
def test_liquids_own_patterns_speak_the_readers_language(lang: Language, said: str) -> None:
    source = '{{ expires_on | date: "%d. %B" }}'
    assert coupon_subject(source, lang, expires_on=date(2026, 11, 22)) == said


def test_turkish_has_two_letters_i() -> None:
    assert subject("{{ item | upcase }}", "tr", items=(item("çini ılık"),)) == "ÇİNİ ILIK"
    assert subject("{{ item | downcase }}", "tr", items=(item("IŞIK İZ"),)) == "ışık iz"
    assert subject("{{ item | capitalize }}", "tr", items=(item("ipek"),)) == "İpek"
    assert subject("{{ item | upcase }}", "en", items=(item("silk"),)) == "SILK"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ first_name | default: 1 }}: {{ order_number }}", "Žofia: #4187"),
        ("{{ items }}", "Peştemal Ege, Bakır cezve"),
        ('{{ items | join: " & " }}', "Peştemal Ege & Bakır cezve"),
        ("{{ items.size }} {{ items.last }} {{ items[0] }}", "2 Bakır cezve Peştemal Ege"),
        ("{% for thing in items %}{{ forloop.index }}.{{ thing }} {% endfor %}",
         "1.Peştemal Ege 2.Bakır cezve"),
        ("{% if item_count > 1 %}many{% else %}one{% endif %}", "many"),
        ("{% unless item_count == 1 %}many{% endunless %}", "many"),
        ("{% case item_count %}{% when 1 %}one{% when 2 %}two{% else %}more{% endcase %}", "two"),
        ("{% assign n = item_count | plus: 1 | times: 2 %}{{ n }}", "6"),
        ("{{ item_count | minus: 3 }} {{ 7 | divided_by: 2 }} {{ 7 | modulo: 2 }}", "-1 3 1"),
        ("{{ 2.567 | round: 2 }} {{ 2.5 | plus: 1 }}", "2.57 3.5"),
        ('{{ item | replace: "Ege", "Akdeniz" | remove: "Peş" }}', "temal Akdeniz"),
        ('{{ item | append: "!" | prepend: "¡" }}', "¡Peştemal Ege!"),
        ("{{ item | truncate: 9 }} {{ item | truncatewords: 1 }}", "Peştemal… Peştemal…"),
        ('{{ "a,b,a" | split: "," | uniq | join: "+" }}', "a+b"),
        ("{{ item | slice: 0, 3 }} {{ item | slice: -3, 3 }} {{ item | size }}", "Peş Ege 12"),
        ("{% comment %} not said {% endcomment %}said", "said"),
        ('{{ "" | default: "empty" }}', "empty"),
        ('{{ "A & B" | escape }}', "A & B"),
        ("  two\n lines\t", "two lines"),
    ],
)  # fmt: skip
def test_what_a_text_comes_to(source: str, said: str) -> None:
    assert refusal(source, "intro") is None
    assert subject(source) == said


def test_each_part_is_the_merchants_or_ours() -> None:
    plain = render(review_request())
    own = render(
        review_request(),
        {"heading": "Well, {{ first_name }}?", "button": "Say it", "intro": "Tell us."},
    )
    assert own.subject == plain.subject
    assert (own.said.heading, own.said.button, own.said.opening) == (
        "Well, Žofia?", "Say it", "Tell us.",
    )  # fmt: skip
    assert own.ours == plain.said
    for text in (own.html, own.text):
        assert "Well, Žofia?" in text
        assert "Say it" in text
        assert "Tell us." in text
        assert "Your review helps others" not in text
        assert review_request().unsubscribe_url in text.replace("&amp;", "&")
        assert "You get this because you bought from" in text


@pytest.mark.parametrize("lang", SUPPORTED)
def test_every_mail_that_may_be_worded_shows_each_part(lang: Language) -> None:
    words = {"subject": "Own subject", "heading": "Own heading", "intro": "Own\n\nopening",
             "button": "Own button"}  # fmt: skip
    worded = [each for each in every_mail(lang) if each.kind in WITH_TEXTS]
    assert {each.kind for each in worded} == set(WITH_TEXTS)
    for each in worded:
        rendered = render(each, words)
        assert (rendered.subject, rendered.refused) == ("Own subject", {})
        shown = [words["heading"], "Own", "opening"]
        if rendered.ours.button is not None:
            shown.append(words["button"])
            assert rendered.ours.button not in rendered.html, each.kind
        for text in (rendered.html, rendered.text):
            assert [part for part in shown if part not in text] == [], each.kind
        assert rendered.ours.why in unescape(Page(rendered.html).text), each.kind


def test_links_and_the_laws_lines_stay_ours_whatever_is_written() -> None:
    hostile = dict.fromkeys(("subject", "heading", "button"), "</p></td></table>{{ shop_name }}")
    rendered = render(review_request(), hostile)
    assert rendered.refused == {}
    assert rendered.html.count("&lt;/table&gt;") >= 3
    for url in (review_request().unsubscribe_url, review_request().review_url):
        assert url in rendered.html


def test_the_opening_has_paragraphs_lines_emphasis_and_links() -> None:
    rendered = intro(
        "Dear {{ first_name }},\nthank <strong>you</strong> & yours.\n\n"
        'See <a href="{{ shop_url | url }}">us</a>, or <a href="mailto:a@b.example">write</a>.'
    )
    assert paragraphs(rendered)[0] == "Dear Žofia,<br>thank <strong>you</strong> &amp; yours."
    assert 'href="https://cinar-breza.example/" target="_blank">us</a>' in paragraphs(rendered)[1]
    assert (
        "Dear Žofia,\nthank you & yours.\n\n"
        "See us (https://cinar-breza.example/), or write (a@b.example).\n"
    ) in rendered.text
    assert "Dear Žofia, thank you &amp; yours. See us" in rendered.html  # beside the subject


def test_links_of_a_test_lead_nowhere() -> None:
    rendered = render(review_request(), {"intro": '<a href="https://x.example/">x</a>'}, test=True)
    assert rendered.refused == {}
    assert "x.example" not in rendered.html + rendered.text
    assert set(re.findall(r'href="([^"]+)"', rendered.html)) == {"https://test.invalid/"}


# strangers' values

HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 | times: 7 }}</p>'


def test_hostile_names_are_shown_and_do_nothing() -> None:
    rendered = intro(
        'Hi {{ first_name }}, <b>{{ item }}</b> {{ items | join: "<i>" }} {{ item | escape }}',
        first_name=HOSTILE,
        items=(item(HOSTILE),),
    )
    assert_harmless(rendered)
    assert "49" not in paragraphs(rendered)[0]
    assert HOSTILE in rendered.text


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\nscript:alert(1)", "data:text/html,x",
     "vbscript:x", "//evil.example", "http://plain.example/", "https:", "https://[", " "],
)  # fmt: skip
def test_no_value_becomes_a_link_to_anything_but_the_web(url: str) -> None:
    mail_with = review_request(shop=replace(SHOP, url=url))
    rendered = render(mail_with, {"intro": '<a href="{{ shop_url | url }}">us</a>'})
    assert rendered.refused["intro"].why in (Why.FILTER_USE, Why.MISSING)
    assert rendered.said == rendered.ours
    assert "javascript" not in rendered.html.lower()


def test_a_value_cannot_leave_its_attribute() -> None:
    address = "https://x.example/\"><script>'<mj-raw>"
    rendered = intro(
        '<a href="{{ shop_url | url }}">us</a>', shop=replace(SHOP, url=address), items=(item(),)
    )
    (link,) = [a for a in re.findall(r'href="([^"]*)"', rendered.html) if "x.example" in a]
    assert "<" not in link
    assert_harmless(rendered)


@pytest.mark.parametrize("name", ["A\r\nBcc: x@y.example", "A\x00B\x0b\u2028C", "A\ud800B"])
def test_a_subject_is_one_line_whatever_a_name_holds(name: str) -> None:
    written = subject("Hi {{ first_name }}\nand\r\nBcc: you", first_name=name)
    assert written.isprintable()
    headers = message_from_bytes(build(mail(subject=written)))
    assert "Bcc" not in headers
    assert headers["Subject"]


def test_a_name_cannot_begin_a_paragraph() -> None:
    assert len(paragraphs(intro("Hi {{ first_name }}", first_name="A\n\nB"))) == 1


# why a text cannot be used


@pytest.mark.parametrize(
    ("source", "why", "place", "params"),
    [
        ("a\nb {{ frist_name }}", Why.FIELD, (2, 6), {"name": "frist_name",
                                                     "nearest": "first_name"}),
        ("{{ zzz }}", Why.FIELD, (1, 4), {"name": "zzz"}),
        ("{{ now }}", Why.FIELD, (1, 4), {"name": "now"}),
        ("{% if gone %}x{% endif %}", Why.FIELD, (1, 7), {"name": "gone"}),
        ("{{ item | append: gone }}", Why.FIELD, (1, 19), {"name": "gone"}),
        ("x {{ item.price }}", Why.FIELD_PART, (1, 6), {"name": "item"}),
        ("x {{ items.size.x }}", Why.FIELD_PART, (1, 6), {"name": "items"}),
        ("{{ item | upcse }}", Why.FILTER, (1, 11), {"name": "upcse", "nearest": "upcase"}),
        ("{% if false %}{{ item | zip }}{% endif %}x", Why.FILTER, (1, 25), {"name": "zip"}),
        ("x\n\n{{ item | plus: 1 }}", Why.FILTER_USE, (3, 11), {"name": "plus"}),
        ("{{ item | date }}", Why.FILTER_USE, (1, 11), {"name": "date"}),
        ("{{ item | money }}", Why.FILTER_USE, (1, 11), {"name": "money"}),
        ("{{ item | url }}", Why.FILTER_USE, (1, 11), {"name": "url"}),
        ('{{ delivered_on | date: "%Q" | default: "x" }}', Why.FILTER_USE, (1, 19),
         {"name": "date"}),
        ("{{ 1 | divided_by: 0 }}", Why.FILTER_USE, (1, 8), {"name": "divided_by"}),
        ("{% if item > 3 %}x{% endif %}y", Why.COMPARED, (1, 12), {}),
        ("Hi {{ first_name }}", Why.MISSING, (1, 7), {"name": "first_name"}),
        ("{{ first_name | upcase }}", Why.MISSING, (1, 4), {"name": "first_name"}),
        ("{% if first_name %}{{ delivered_on }}{% else %}x{% endif %}", Why.MISSING, (1, 23),
         {"name": "delivered_on"}),
        ("{% if first_name %}{{ first_name }}{% endif %}", Why.EMPTY_WITHOUT, (0, 0),
         {"names": "first_name"}),
        ("{% if false %}x{% endif %}", Why.EMPTY, (0, 0), {}),
        ("a {{ item", Why.NOT_CLOSED, (1, 3), {"opening": "{{", "closing": "}}"}),
        ("a\n {% if item", Why.NOT_CLOSED, (2, 2), {"opening": "{%", "closing": "%}"}),
        ("a\n{% if item %}", Why.BLOCK_OPEN, (2, 1), {"name": "if"}),
        ("{% if item %}x{% endfor %}", Why.BLOCK_STRAY, (1, 15), {"name": "endfor"}),
        ("{% else %}", Why.BLOCK_STRAY, (1, 1), {"name": "else"}),
        ("{% when 1 %}", Why.BLOCK_STRAY, (1, 1), {"name": "when"}),
        ("{% include 'x' %}", Why.TAG, (1, 1), {"name": "include"}),
        ("{% render 'x' %}", Why.TAG, (1, 1), {"name": "render"}),
        ("{% raw %}x{% endraw %}", Why.TAG, (1, 1), {"name": "raw"}),
        ("{% capture x %}{% endcapture %}", Why.TAG, (1, 1), {"name": "capture"}),
        ("{%  %}", Why.NO_NAME, (1, 1), {}),
        ("a\n{{ }}", Why.SYNTAX, (2, 1), {"near": ""}),
        ("{{ 1 2 }}", Why.SYNTAX, (1, 6), {"near": "2"}),
        ("a\n{% for x of items %}{% endfor %}", Why.SYNTAX, (2, 10), {"near": "of"}),
        ("{{ (1..3) }}", Why.RANGE, (1, 4), {}),
        ("a\n<script>x</script>", Why.HTML_TAG, (2, 1), {"name": "script"}),
        ("<!-- x -->", Why.HTML_TAG, (1, 1), {"name": "!--"}),
        ("<img src=x>", Why.HTML_TAG, (1, 1), {"name": "img"}),
        ("a <b>x", Why.HTML_OPEN, (1, 3), {"name": "b"}),
        ("<b>x\n\ny</b>", Why.HTML_OPEN, (1, 1), {"name": "b"}),
        ("<b><i>x</b></i>", Why.HTML_OPEN, (1, 4), {"name": "i"}),
        ("x</b>", Why.HTML_TAG, (1, 2), {"name": "/b"}),
        ("<b onclick=x>x</b>", Why.HTML_ATTRIBUTE, (1, 1), {"name": "onclick"}),
        ("<a href='javascript:alert(1)'>x</a>", Why.LINK, (1, 1), {"url": "javascript:alert(1)"}),
        ("<a href='&#106;avascript:alert(1)'>x</a>", Why.LINK, (1, 1),
         {"url": "javascript:alert(1)"}),
        ("<a href='{{ shop_url }}'>x</a>", Why.LINK_FILTER, (1, 10), {}),
        ("<a href='https://x.example/?q={{ item }}'>x</a>", Why.LINK_FILTER, (1, 31), {}),
    ],
)  # fmt: skip
def test_a_refused_text_names_line_and_reason(
    source: str, why: Why, place: tuple[int, int], params: dict[str, str]
) -> None:
    found = refusal(source)
    assert found
    assert (found.why, (found.line, found.column), found.params) == (why, place, params)


def test_lengths_are_bounded_before_and_after_filling_in() -> None:
    for slot in SLOTS.values():
        found = refusal("x" * (slot.longest + 1), slot.name)
        assert found == Refusal(Why.TOO_LONG, params={"most": str(slot.longest)})
    found = refusal("{{ item }}" * 6, "button")
    assert found == Refusal(Why.RESULT_TOO_LONG, params={"most": "60"})
    long = refusal("{{ " + "item | upcase" * 30 + " }}")
    assert long == Refusal(Why.PART_TOO_LONG, 1, 1, {"most": "300"})


def test_what_fits_the_example_but_not_the_mail_is_left_to_ours() -> None:
    rendered = render(
        review_request(items=(item("Very long " * 50),)), {"button": "{{ item }}", "heading": "Hi"}
    )
    assert rendered.refused == {"button": Refusal(Why.RESULT_TOO_LONG, params={"most": "60"})}
    assert rendered.said.button == rendered.ours.button
    assert rendered.said.heading == "Hi"


@pytest.mark.parametrize("lang", SUPPORTED)
@pytest.mark.parametrize("why", Why)
def test_every_reason_has_words_in_every_language(lang: Language, why: Why) -> None:
    params = {"name": "nm", "names": "ns", "nearest": "nr", "near": "ne", "most": "7",
              "url": "u:", "opening": "{{", "closing": "}}"}  # fmt: skip
    words = Translator(lang)
    said = explain(Refusal(why, 3, 14, params), REVIEW, words)
    assert "3" in said
    assert "14" in said
    assert not re.search(r"%\(|None|nm nm", said)
    bare = explain(Refusal(why, params={n: v for n, v in params.items() if n != "nearest"}),
                   REVIEW, words)  # fmt: skip
    assert bare
    assert lang == "en" or WORDS[why] not in said


def test_an_unknown_field_is_answered_with_the_fields_there_are() -> None:
    found = refusal("{{ frist_name }}")
    assert found
    assert explain(found, REVIEW, Translator("en")) == (
        "Line 1, character 4: There is no field “frist_name”. Perhaps you mean “first_name”. There "
        "are: first_name, item, items, item_count, order_number, delivered_on, shop_name, shop_url."
    )


# the declarations


@pytest.mark.parametrize("kind", WITH_TEXTS)
@pytest.mark.parametrize("lang", SUPPORTED)
def test_every_field_can_be_written_by_itself(kind: str, lang: Language) -> None:
    for field in WITH_TEXTS[kind].fields:
        for slot in SLOTS.values():
            source = f'{{{{ {field.name} | default: "x" }}}}'
            assert refusal(source, slot.name, WITH_TEXTS[kind].fields, lang) is None, field.name


@pytest.mark.parametrize("kind", WITH_TEXTS)
def test_fields_have_names_of_their_own(kind: str) -> None:
    fields = WITH_TEXTS[kind].fields
    names = [field.name for field in fields]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z][a-z_]*", name) for name in names)


def test_fields_read_what_the_mail_knows() -> None:
    assert coupon_subject(
        "{% if orders %}{{ orders }}{% elsif years %}{{ years }}y{% else %}{{ spent }}{% endif %}",
    ) == "3"  # fmt: skip
    bare = coupon(first_name=None, minimum=None)
    source = "{% if minimum or first_name or years %}known{% else %}{{ code }}{% endif %}"
    assert render(bare, {"subject": source}).subject == "THANKS-7QK4-M2XW"
    nobody = review_request(first_name="", delivered_on=None)
    text = '{{ first_name | default: "You" }}{{ delivered_on | default: ", then" }}'
    assert render(nobody, {"subject": text}).subject == "You, then"
    refused = render(nobody, {"subject": "{{ first_name }}"})
    assert refused.refused["subject"].why is Why.MISSING
    assert refused.subject == refused.ours.subject


def test_every_filter_is_bounded_and_known_by_name() -> None:
    from app.channels.texts.filters import filters_for

    for lang in SUPPORTED:
        filters = filters_for(Translator(lang))
        assert set(filters) == FILTERS
        assert all(getattr(each, "with_context", False) for each in filters.values())
