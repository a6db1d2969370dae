"""Raw bytes of a mail: headers that one-click unsubscribe survives, text and HTML.

`List-Unsubscribe` and identifiers are written on one line, never folded and never as RFC 2047
encoded words: mailbox providers read them literally. Everything else keeps to 76 columns.
"""

import re
import unicodedata
from email.header import Header
from email.headerregistry import Address, AddressHeader, SingleAddressHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from email.utils import format_datetime, quote
from urllib.parse import urlsplit

from app.channels.base import ADDRESS_REFUSED, OutgoingMail, UnusableMail
from app.domain.errors import Refused

_NAME_LIMIT = 100
_SUBJECT_LIMIT = 200
_LINE_LIMIT = 998  # RFC 5322, 2.1.1, without CRLF
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9-]{1,63})*")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9._=+-]+@[A-Za-z0-9.-]+>")
_OWN_HEADER = re.compile(r"X-[A-Za-z0-9-]{1,60}")
_PRINTABLE = re.compile(r"[\x21-\x7e]+( [\x21-\x7e]+)*")
_TARGET = re.compile(r"[!-+\--;=?-~]{1,450}")  # printable ASCII without < > and comma
_ENCODED = "=?"  # begins an encoded word (RFC 2047)
_UNPRINTABLE = ("Cc", "Cs", "Zl", "Zp")
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_VERBATIM = ("message-id", "list-unsubscribe", "list-unsubscribe-post", "feedback-id")


class _MailPolicy(EmailPolicy):
    """7-bit mail with CRLF; machine-read headers verbatim, the others folded as usual."""

    def fold_binary(self, name: str, value: str) -> bytes:
        if name.lower() in _VERBATIM or name.lower().startswith("x-"):
            return f"{name}: {value}\r\n".encode("ascii")
        if isinstance(value, SingleAddressHeader | AddressHeader):
            return _address_line(name, value.addresses[0]).encode("ascii")
        return super().fold_binary(name, value)


def _address_line(name: str, address: Address) -> str:
    """Name and address; the library loses the quotes of long names, and with them the commas."""
    words = address.display_name
    if words.isascii():
        shown = f'"{quote(words)}" ' if words else ""
    else:
        shown = Header(words, "utf-8", header_name=name).encode(linesep="\r\n") + "\r\n "
    return f"{name}: {shown}<{address.addr_spec}>\r\n"


_POLICY = _MailPolicy(linesep="\r\n", cte_type="7bit", max_line_length=76)


def build(mail: OutgoingMail) -> bytes:
    """Write the mail as it goes over the wire.

    Raises `UnusableMail` for what the composer got wrong, and `Refused` when the customer's
    address cannot exist or needs SMTPUTF8, which many servers lack.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = _address(mail.from_name, ascii_address(mail.from_address))
    message["To"] = _address(mail.to_name or "", recipient(mail))
    if mail.reply_to:
        message["Reply-To"] = _address("", ascii_address(mail.reply_to))
    message["Subject"] = _one_line(mail.subject, _SUBJECT_LIMIT)
    message["Date"] = _date(mail)
    message["Message-ID"] = _message_id(mail)
    message["Content-Language"] = mail.lang
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no vacation notes in return
    for name, value in (_list_headers(mail) | _own_headers(mail)).items():
        message[name] = value
    message.set_content(mail.text, cte="quoted-printable")
    message.add_alternative(mail.html, subtype="html", cte="quoted-printable")
    return message.as_bytes()


def ascii_address(address: str) -> str:
    """Return the address with its domain in IDNA form. Raises UnusableMail if it is none."""
    local, at, domain = address.rpartition("@")
    domain = _idna(domain)
    if not at or len(local) > 64 or not _LOCAL_PART.fullmatch(local) or _ENCODED in local:
        raise UnusableMail("The part before @ is empty or has characters that mail cannot carry.")
    if not _DOMAIN.fullmatch(domain):
        raise UnusableMail("The part after @ is no domain.")
    return f"{local}@{domain}"


def can_carry(address: str) -> bool:
    """Whether a header of ours may hold this address."""
    try:
        ascii_address(address)
    except UnusableMail:
        return False
    return True


def _idna(domain: str) -> str:
    """Return the domain in ASCII, or nothing when it has none that surely is the same one."""
    try:
        encoded = domain.encode("idna")
        # The codec is IDNA 2003: it would turn straße.de into another domain, strasse.de.
        same = encoded.decode("idna").lower() == domain.lower()
    except UnicodeError:
        return ""
    return encoded.decode("ascii").lower() if same else ""


def recipient(mail: OutgoingMail) -> str:
    """Return the customer's address as the envelope needs it, or raise Refused."""
    try:
        return ascii_address(mail.to_address)
    except UnusableMail as error:
        raise Refused(ADDRESS_REFUSED, str(error)) from error


def _address(name: str, address: str) -> Address:
    return Address(_one_line(name, _NAME_LIMIT), addr_spec=address)


def _one_line(text: str, limit: int) -> str:
    """Names and subjects hold what people typed: control characters become spaces.

    So do they where somebody typed them encoded (`=?utf-8?q?=0D=0A?=`): the library reads encoded
    words in what it is given, and would write the line end that they hold.
    """
    printable = "".join(" " if unicodedata.category(c) in _UNPRINTABLE else c for c in text)
    return " ".join(printable.replace(_ENCODED, "= ?").split())[:limit]


def _date(mail: OutgoingMail) -> str:
    if mail.date.tzinfo is None:
        raise UnusableMail("The date of a mail needs a time zone.")
    return format_datetime(mail.date)


def _message_id(mail: OutgoingMail) -> str:
    if not _MESSAGE_ID.fullmatch(mail.message_id) or len(mail.message_id) > 250:
        raise UnusableMail("A Message-ID looks like <random@domain>.")
    return mail.message_id


def _list_headers(mail: OutgoingMail) -> dict[str, str]:
    if not mail.marketing:
        return {}
    if not mail.unsubscribe_url:
        raise UnusableMail(f"A {mail.kind} mail needs an address that unsubscribes with one click.")
    return {
        "List-Unsubscribe": ", ".join(f"<{target}>" for target in _unsubscribe_targets(mail)),
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Feedback-ID": f"::{mail.kind}:afterglow",
    }


def _unsubscribe_targets(mail: OutgoingMail) -> list[str]:
    url = urlsplit(mail.unsubscribe_url or "")
    # RFC 8058 wants https; a demo on one machine has no certificate for itself.
    if url.scheme != "https" and url.hostname not in _LOOPBACK:
        raise UnusableMail("One-click unsubscribe needs an https address.")
    targets = [mail.unsubscribe_url or ""]
    if mail.unsubscribe_mailto:
        if not mail.unsubscribe_mailto.startswith("mailto:"):
            raise UnusableMail("The second way to unsubscribe is a mailto: address.")
        targets.append(mail.unsubscribe_mailto)
    for target in targets:
        if not _TARGET.fullmatch(target):
            raise UnusableMail("An unsubscribe address is short, ASCII, without <, > and commas.")
    return targets


def _own_headers(mail: OutgoingMail) -> dict[str, str]:
    for name, value in mail.headers.items():
        if not _OWN_HEADER.fullmatch(name) or not _PRINTABLE.fullmatch(value):
            raise UnusableMail(f"The header {name!r} is not an X- header in printable ASCII.")
        if len(name) + len(value) + 2 > _LINE_LIMIT:
            raise UnusableMail(f"The header {name!r} is too long for one line.")
    return dict(mail.headers)
