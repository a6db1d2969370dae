from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.channels.base import UnusableMail
from app.channels.email import ascii_address, build
from app.domain.errors import Refused

from .samples import MAIL, mail


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)


def header_lines(raw: bytes) -> list[bytes]:
    return raw.split(b"\r\n\r\n", 1)[0].split(b"\r\n")


def test_one_click_headers_stand_literally_on_one_line_each() -> None:
    lines = header_lines(build(MAIL))
    target = f"<{MAIL.unsubscribe_url}>, <{MAIL.unsubscribe_mailto}>"
    assert f"List-Unsubscribe: {target}".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    assert b"Message-ID: <3f9c2b7a51d84e0c@mail.afterglow.example>" in lines
    assert b"X-Afterglow-Action: act_91827" in lines


def test_transactional_mail_offers_no_unsubscribing() -> None:
    raw = build(mail(marketing=False, kind="sign_in_link"))
    assert b"list-unsubscribe" not in raw.lower()
    assert b"feedback-id" not in raw.lower()


def test_both_bodies_and_all_names_survive_the_wire() -> None:
    message = parsed(build(MAIL))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == MAIL.text
    assert message.get_body(("html",)).get_content().strip() == MAIL.html
    assert message["From"].addresses[0].display_name == "Çınar & Breza, s.r.o."
    assert message["To"].addresses[0].display_name == "Žofia Nováková"
    assert message["Reply-To"].addresses[0].addr_spec == "ahoj@cinar-breza.example"
    assert message["Subject"] == MAIL.subject
    assert message["Date"].datetime == MAIL.date
    assert message["Auto-Submitted"] == "auto-generated"


def test_wire_is_seven_bit_with_short_lines_except_machine_read_headers() -> None:
    raw = build(MAIL)
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    long = [line for line in raw.split(b"\r\n") if len(line) > 76]
    assert [line.split(b":")[0] for line in long] == [b"List-Unsubscribe"]


@pytest.mark.parametrize("length", [1, 40, 75, 120])
def test_long_subjects_come_back_whole(length: int) -> None:
    subject = ("Şile bezi gömlek, ďalší kúsok " * 10)[:length].strip()
    assert parsed(build(mail(subject=subject)))["Subject"] == subject


def shown_to(raw: bytes) -> tuple[str, str]:
    """Name and address of the only recipient; read with the older parser, which joins the parts
    of a long name as RFC 2047 says (the newer one of Python 3.11 leaves spaces between them)."""
    ((name, address),) = getaddresses([message_from_bytes(raw)["To"].replace("\r\n", "")])
    return str(make_header(decode_header(name))), address


@pytest.mark.parametrize(
    "name",
    [
        "Şile bezi gömlek, ďalší kúsok " * 3 + "Şile",
        'Smith, John "Jack" \\ ' + "a@b.example, " * 4 + "Jr.",
        "(comment) <c@d.example>; group:",
    ],
)
def test_an_awkward_name_comes_back_whole(name: str) -> None:
    assert shown_to(build(mail(to_name=name))) == (name, MAIL.to_address)


@settings(deadline=None)
@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "Zs", "So"]), max_size=99))
def test_any_name_leaves_one_recipient_and_short_lines(name: str) -> None:
    raw = build(mail(to_name=name))
    assert raw.isascii()
    assert [a.addr_spec for a in parsed(raw)["To"].addresses] == [MAIL.to_address]
    assert all(len(line) <= 78 for line in header_lines(raw) if line.startswith(b" =?"))


@settings(deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=60))
def test_no_name_or_subject_can_add_a_header(shop: str, customer: str, subject: str) -> None:
    injection = "\r\nBcc: a@b.example"
    raw = build(
        mail(from_name=shop + injection, to_name=customer + injection, subject=subject + injection)
    )
    message = parsed(raw)
    assert message["Bcc"] is None
    assert len(message["To"].addresses) == len(message["From"].addresses) == 1
    assert message["To"].addresses[0].addr_spec == MAIL.to_address


def test_international_domain_is_written_as_idna() -> None:
    raw = build(mail(to_address="info@çınar-breza.example"))
    assert b"info@xn--nar-breza-p3a82f.example" in raw


@pytest.mark.parametrize(
    "address",
    ["žofia@posta.example", "no-at", "@posta.example", "a b@posta.example", "a@straße.example",
     "a@posta..example", "a@b.example\r\nBcc: c@d.example", "a,b@posta.example", ""],
)  # fmt: skip
def test_an_address_mail_cannot_reach_is_refused_for_good(address: str) -> None:
    with pytest.raises(Refused) as refused:
        build(mail(to_address=address))
    assert refused.value.code == "address_refused"
    assert not address or address not in str(refused.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("message_id", "no brackets@x"),
        ("message_id", "<a@b>\r\nBcc: c@d.example"),
        ("date", datetime(2026, 11, 24, 9, 0)),  # noqa: DTZ001 – the missing zone is the point
        ("from_address", "žltá@shop.example"),
        ("unsubscribe_url", None),
        ("unsubscribe_url", "http://afterglow.example/u/1"),
        ("unsubscribe_url", "https://afterglow.example/u/1>\r\nBcc: c@d.example"),
        ("unsubscribe_mailto", "stop@mail.afterglow.example"),
        ("headers", {"X-Afterglow-Action": "1\r\nBcc: c@d.example"}),
        ("headers", {"Bcc": "c@d.example"}),
        ("headers", {"X-Long": "a" * 1000}),
    ],
)
def test_a_badly_composed_mail_is_never_written(field: str, value: object) -> None:
    with pytest.raises(UnusableMail):
        build(mail(**{field: value}))


def test_demo_on_one_machine_may_unsubscribe_without_https() -> None:
    raw = build(mail(unsubscribe_url="http://127.0.0.1:8080/u/1", unsubscribe_mailto=None))
    assert b"List-Unsubscribe: <http://127.0.0.1:8080/u/1>" in header_lines(raw)


def test_address_keeps_the_case_of_its_local_part() -> None:
    assert ascii_address("Zofia.N+shop@POSTA.Example") == "Zofia.N+shop@posta.example"


def test_the_same_mail_gives_the_same_date_header() -> None:
    message = parsed(build(mail(date=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))))
    assert message["Date"] == "Fri, 02 Jan 2026 03:04:05 +0000"
