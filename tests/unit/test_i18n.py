"""Words and formats in the three languages."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import PoFileError
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment, select_autoescape

from app.domain.money import Money
from app.i18n import SUPPORTED, Translator, install, negotiate
from app.i18n.catalogues import read_catalogue

NBSP = "\N{NO-BREAK SPACE}"
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("tr-TR", "tr"),
        ("sk_SK", "sk"),
        ("de-CH", "en"),
        ("TR", "tr"),
        (None, "en"),
        ("", "en"),
        ("de-CH, sk;q=0.8, tr;q=0.9", "tr"),
        ("tr;q=0, sk;q=0.1", "sk"),
        ("tr;q=nonsense, sk;q=0.1", "sk"),
        ("trv", "en"),
    ],
)
def test_the_most_wanted_language_that_we_speak_wins(accepted: str | None, language: str) -> None:
    assert negotiate(accepted) == language


@given(st.text())
def test_any_header_gets_a_language(header: str) -> None:
    assert negotiate(header) in SUPPORTED


def test_dates_have_month_names_in_the_readers_language() -> None:
    day = date(2026, 11, 22)
    assert Translator("en").date(day) == "22 November 2026"
    assert Translator("tr").date(day) == "22 Kasım 2026"
    assert Translator("sk").date(day) == "22. novembra 2026"
    assert Translator("en").date(day, style="short") == "22 Nov 2026"


def test_a_moment_is_shown_in_the_given_zone() -> None:
    late = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)
    istanbul = ZoneInfo("Europe/Istanbul")
    assert Translator("en").datetime(late, istanbul) == "23 November 2026, 01:30"
    assert Translator("tr").datetime(late, istanbul, style="short") == "23 Kas 2026 01:30"
    assert Translator("sk").datetime(late, UTC) == "22. novembra 2026 o 22:30"
    assert Translator("en").date(late, tz=istanbul) == "23 November 2026"
    assert Translator("en").time(late, istanbul) == "01:30"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        Translator("en").datetime(NOON.replace(tzinfo=None), UTC)
    with pytest.raises(ValueError, match="pass tz"):
        Translator("en").date(NOON)


def test_money_is_written_as_shops_write_it() -> None:
    amount = Money(7600, "EUR")
    assert Translator("en").money(amount) == "€76.00"
    assert Translator("tr").money(amount) == f"76,00{NBSP}€"
    assert Translator("sk").money(amount) == f"76,00{NBSP}€"


def test_money_has_the_digits_of_its_currency() -> None:
    assert Translator("en").money(Money(1204, "JPY")) == "JP¥1,204"
    assert Translator("en").money(Money(1204, "KWD")) == f"KWD{NBSP}1.204"
    assert Translator("en").money(Money(-50, "EUR")) == "-€0.50"


@given(st.integers(-(10**14), 10**14), st.sampled_from(["EUR", "JPY", "KWD", "TRY"]))
def test_no_minor_unit_is_lost_in_writing(minor: int, currency: str) -> None:
    for language in SUPPORTED:
        written = Translator(language).money(Money(minor, currency))
        assert int("".join(c for c in written if c.isdigit())) == abs(minor)


def test_numbers_have_the_languages_separators() -> None:
    assert Translator("en").number(12480) == "12,480"
    assert Translator("tr").number(Decimal("1204.5")) == "1.204,5"


def test_relative_time() -> None:
    assert Translator("en").ago(NOON - timedelta(minutes=4), NOON) == "4 minutes ago"
    assert Translator("tr").ago(NOON + timedelta(days=2), NOON) == "2 gün sonra"
    assert Translator("sk").ago(NOON - timedelta(seconds=20), NOON) == "práve teraz"
    elsewhere = NOON.astimezone(timezone(timedelta(hours=3)))
    assert Translator("en").ago(elsewhere, NOON) == "just now"


def test_slovak_has_three_plural_forms_and_turkish_its_own() -> None:
    def changes(language: str, n: int) -> str:
        return Translator(negotiate(language)).ngettext("%(n)s change", "%(n)s changes", n)

    assert [changes("en", n) for n in (1, 2, 1204)] == ["1 change", "2 changes", "1,204 changes"]
    assert [changes("sk", n) for n in (1, 2, 5)] == ["1 zmena", "2 zmeny", "5 zmien"]
    assert [changes("tr", n) for n in (1, 5)] == ["1 değişiklik", "5 değişiklik"]


def test_a_percent_sign_is_text_and_a_parameter_is_never_a_format() -> None:
    translator = Translator("en")
    assert translator.gettext("10 % off, %(name)s", name="100 %(x)s") == "10 % off, 100 %(x)s"
    assert translator.gettext("100 %") == "100 %"
    with pytest.raises(KeyError):
        translator.gettext("%(missing)s")


def test_no_text_stays_no_text() -> None:
    assert [Translator(language).gettext("") for language in SUPPORTED] == ["", "", ""]


def environment(translator: Translator) -> Environment:
    templates = {
        "page.html": "{% trans name=name %}<b>{{ name }}</b>, 10 %{% endtrans %}",
        "count.html": (
            '{{ ngettext("%(n)s change", "%(n)s changes", n) }}'
            "{% trans n=n %}{{ n }} change{% pluralize %}{{ n }} changes{% endtrans %}"
        ),
        "page.txt": '{{ _("%(name)s wrote", name=name) }}',
        "formats.html": '{{ amount|money }} {{ day|date }} {{ 5|number }} {{ "just now"|t }}',
    }
    env = Environment(
        loader=DictLoader(templates), autoescape=select_autoescape(["html"]), cache_size=10
    )
    install(env, translator)
    return env


def test_templates_escape_parameters_where_they_are_html() -> None:
    env = environment(Translator("en"))
    assert env.get_template("page.html").render(name="<i>") == "<b>&lt;i&gt;</b>, 10 %"
    assert env.get_template("page.txt").render(name="<i>") == "<i> wrote"


def test_templates_use_the_languages_plurals() -> None:
    env = environment(Translator("sk"))
    assert env.get_template("count.html").render(n=3) == "3 zmeny3 zmeny"


def test_one_environment_can_serve_readers_of_all_languages() -> None:
    env = Environment(autoescape=True)
    reader = Translator("en")
    install(env, lambda: reader)
    template = env.from_string('{{ amount|money }} {{ day|date }} {{ "just now"|t }}')
    values = {"amount": Money(7600, "EUR"), "day": date(2026, 11, 22)}
    assert template.render(values) == "€76.00 22 November 2026 just now"
    reader = Translator("tr")
    assert template.render(values).endswith("22 Kasım 2026 az önce")


def test_a_malformed_catalogue_is_refused_with_its_line(tmp_path: Path) -> None:
    broken = tmp_path / "broken.po"
    broken.write_text('msgid "a"\nnonsense "b"\n', encoding="utf-8")
    with pytest.raises(PoFileError):
        read_catalogue(broken, "tr")
