"""Names, subjects and addresses with line ends in a mail: on the raw bytes that go out."""

import re

from app.channels.base import UnusableMail
from app.channels.email import build
from app.domain.errors import Refused
from tests.unit.channels.test_email import mail

# Whatever any reader of headers may take for the end of a line.
ENDS = (
    "\r\n", "\n", "\r", "\0", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029",
    "\r\n\r\n", "\n ", "\r\n\t", "=0D=0A", "%0d%0a", "=?utf-8?q?=0D=0A?=", "\ud800\n",
)  # fmt: skip
TYPED = ("to_name", "from_name", "subject")  # people type these; they are cleaned
ADDRESSES = ("to_address", "reply_to", "from_address")  # these are refused


def headers_of(raw: bytes) -> list[bytes]:
    """Their names, in order; a folded line goes on with the one before."""
    head = raw.split(b"\r\n\r\n", 1)[0]
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert b"\r" not in head.replace(b"\r\n", b"")
    assert b"\0" not in head
    return re.findall(rb"^([!-9;-~]+):", head, re.MULTILINE)


def test_nothing_typed_becomes_a_header_or_a_body() -> None:
    usual = headers_of(build(mail()))
    for end in ENDS:
        for field in TYPED:
            typed = f"Eva{end}Bcc: evil@evil.example{end}{end}<script>"
            raw = build(mail(**{field: typed}))
            assert headers_of(raw) == usual, (field, end)
            assert not re.search(rb"^\s*Bcc", raw, re.MULTILINE | re.IGNORECASE), (field, end)


def test_an_address_with_a_line_end_writes_no_mail() -> None:
    for end in ENDS:
        for field in ADDRESSES:
            for wrong in (
                f"a@b.example{end}Bcc: c@d.example",
                f"a{end}@b.example",
                f"{end}a@b.example",
                f"a@b{end}.example",
                f"a@b.example{end}",
            ):
                try:
                    raw = build(mail(**{field: wrong}))
                except (UnusableMail, Refused):
                    continue
                assert headers_of(raw) == headers_of(build(mail(**{field: "a@b.example"}))), wrong
                assert b"d.example" not in raw, wrong
