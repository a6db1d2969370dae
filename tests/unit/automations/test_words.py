"""What merchants read: reasons, names and settings, in each language."""

import itertools
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel

from app.automations.base import ContactPolicy
from app.automations.registry import AUTOMATIONS, by_key
from app.automations.words import ABOUT, KINDS, outcome
from app.automations.words import AUTOMATIONS as NAMES
from app.domain.actions import ActionKind, ActionState
from app.domain.money import Money
from app.domain.reason_words import DETAILED, WORDS
from app.domain.reasons import Reason, ReasonCode
from app.i18n import Language, Translator
from app.i18n.reasons import explain

BRATISLAVA = ZoneInfo("Europe/Bratislava")
# Half past midnight on the 22nd in Bratislava.
LATE = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)


def told(reason: Reason, language: Language) -> str:
    return explain(reason, Translator(language), BRATISLAVA)


@pytest.mark.parametrize(
    ("reason", "english", "turkish", "slovak"),
    [
        (
            Reason.of(ReasonCode.ORDER_CANCELLED, date=LATE),
            "the order was cancelled on 22 November 2026",
            "sipariş 22 Kasım 2026 tarihinde iptal edildi",
            "objednávka bola zrušená 22. novembra 2026",
        ),
        (
            Reason.of(ReasonCode.RETURN_OPEN, name="RMA-104"),
            "return RMA-104 is open",
            "RMA-104 numaralı iade henüz sonuçlanmadı",
            "vrátenie RMA-104 je otvorené",
        ),
        (
            Reason.of(ReasonCode.AFTER_DELIVERY, n=7, date=LATE),
            "7 days after the last parcel arrived on 22 November 2026",
            "22 Kasım 2026 tarihinde ulaşan son paketten 7 gün sonra",
            "7 dní po doručení poslednej zásielky 22. novembra 2026",
        ),
        (
            Reason.of(ReasonCode.BUDGET_USED, n=2, days=7),
            "the limit of 2 messages per 7-day period is reached",
            "7 günlük dönem için 2 ileti sınırına ulaşıldı",
            "limit 2 správ na 7-dňové obdobie je vyčerpaný",
        ),
        (
            Reason.of(ReasonCode.MILESTONE_SPEND, amount=Money(20000, "EUR")),
            "the customer has spent €200.00 in all",
            "müşterinin toplam harcaması 200,00\N{NO-BREAK SPACE}€ tutarına ulaştı",
            "zákazník nakúpil spolu za 200,00\N{NO-BREAK SPACE}€",
        ),
        (
            Reason.of(ReasonCode.NO_CONSENT, country="DE"),
            "there is no recorded consent to marketing mail; the law asks for it (Germany)",
            "pazarlama e-postası için kayıtlı bir onay yok; yasa bunu gerektiriyor (Almanya)",
            "chýba zaznamenaný súhlas s marketingovou poštou; vyžaduje ho zákon (Nemecko)",
        ),
    ],
)
def test_a_reason_is_a_sentence_with_its_facts(
    reason: Reason, english: str, turkish: str, slovak: str
) -> None:
    assert told(reason, "en") == english
    assert told(reason, "tr") == turkish
    assert told(reason, "sk") == slovak


@pytest.mark.parametrize(("n", "slovak"), [(1, "1 rok od"), (2, "2 roky od"), (5, "5 rokov od")])
def test_numbers_take_their_plural(n: int, slovak: str) -> None:
    reason = Reason.of(ReasonCode.MILESTONE_ANNIVERSARY, n=n, date=LATE)
    assert told(reason, "sk").startswith(slovak)


def test_a_country_without_a_name_is_called_unknown() -> None:
    assert "(unknown country)" in told(Reason.of(ReasonCode.NO_CONSENT, country="XQ"), "en")


FACTS = {
    "n": 3, "days": 7, "first": 50, "per_hour": 10, "date": LATE, "until": LATE,
    "amount": Money(100, "EUR"), "country": "SK", "name": "RMA-1", "code": "X1",
    "begin": "21:00", "end": "08:00", "item": "Blue mug", "limit": 2, "of": 5, "reason": "damaged",
}  # fmt: skip


@pytest.mark.parametrize("language", ["en", "tr", "sk"])
@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_can_be_read_with_and_without_its_facts(
    code: ReasonCode, language: Language
) -> None:
    for reason in (Reason.of(code), Reason.of(code, **FACTS)):
        words = told(reason, language)
        assert words
        assert "%" not in words
        assert not words.endswith(".")
        assert language == "en" or words != told(reason, "en")


def test_no_two_reasons_read_alike() -> None:
    texts = [*WORDS.values(), *DETAILED.values()]
    assert len(set(texts)) == len(texts)


def test_every_automation_and_kind_has_a_name() -> None:
    for automation in AUTOMATIONS:
        assert by_key(automation.key) is automation
        assert NAMES[automation.key]
        assert ABOUT[automation.key]
        assert automation.__doc__
    for kind, state in itertools.product(ActionKind, ActionState):
        assert KINDS[kind]
        assert outcome(kind, state)
    assert outcome(ActionKind.REVIEW_REQUEST_MAIL, ActionState.SKIPPED) == "Not asked"
    assert outcome(ActionKind.COUPON_MAIL, ActionState.SKIPPED) == "Not done"


@pytest.mark.parametrize("schema", [ContactPolicy, *(a.Settings for a in AUTOMATIONS)])
def test_every_setting_explains_itself(schema: type[BaseModel]) -> None:
    assert schema()
    for name, field in schema.model_fields.items():
        assert field.title, name
        assert field.description, name
        for text in (field.title, field.description):
            assert Translator("tr").gettext(text) != text
            assert Translator("sk").gettext(text) != text


def test_unknown_settings_are_kept() -> None:
    newer = ContactPolicy.model_validate({"from_a_newer_release": 1})
    assert newer.model_dump()["from_a_newer_release"] == 1
