"""Mail through an SMTP server, with the moment of the acceptance told exactly.

The standard library's `sendmail` cannot say whether a lost connection came before or after the
mail was handed over. Here the closing dot is sent apart: until then nothing was accepted, after
it only the server's answer tells.
"""

import contextlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal

from app.channels.base import ADDRESS_REFUSED, MAIL_REFUSED, OutgoingMail, SendResult
from app.channels.email import ascii_address, build, recipient
from app.domain.errors import OperatorMustFix, Refused, Retryable, Uncertain

_OPERATOR_PAUSE = timedelta(minutes=15)
# RFC 3463: 5.1.x says the address is wrong, 5.2.1 that the mailbox is closed. Other 5.x.x
# (full mailbox, policy, spam filter) say nothing lasting about the address.
_BAD_ADDRESS = ("5.1.", "5.2.1")
_BAD_ADDRESS_CODES = (550, 551, 553)
_ACCOUNT_CODES = (530, 534, 535, 538)
_ENHANCED_STATUS = re.compile(r"5\.\d{1,3}\.\d{1,3}")
_ADDRESS = re.compile(r"\S*@\S*")


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """How to reach the server. `timeout` is in seconds, for each answer.

    `acceptance_timeout` is for the answer to the whole mail. Many servers look for viruses first,
    and whoever leaves too early does not know what became of the mail. RFC 5321 (4.5.3.2.6) asks
    for ten minutes; an action's lease (`pipeline/perform.py`) leaves room for one, beside all the
    other answers.
    """

    host: str
    port: int
    security: Literal["none", "starttls", "tls"] = "starttls"
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    timeout: float = 20.0
    acceptance_timeout: float = 60.0
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context, repr=False)


class SmtpTransport:
    """Hands each mail to one SMTP server: on a connection of its own, or on one that is kept."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings
        self._kept = _Kept()

    def send(self, message: OutgoingMail) -> SendResult:
        """Send one mail; the errors are those of `MailTransport`."""
        raw = build(message)
        sender, to = ascii_address(message.from_address), recipient(message)
        with _connection_faults(), self._line(f"MAIL FROM:<{sender}>") as server:
            _say(server, f"RCPT TO:<{to}>", _recipient_refused)
            _say(server, "DATA", _mail_refused)
            server.send(_dot_stuffed(raw))
            return SendResult(_hand_over(server, self._settings.acceptance_timeout))

    @contextlib.contextmanager
    def kept_open(self) -> Iterator[None]:
        """Mails that this thread sends inside go over one connection, as long as all goes well."""
        self._kept.wanted = True
        try:
            yield
        finally:
            self._kept.wanted = False
            if server := self._kept.take():
                _say_goodbye(server)

    def patient(self, seconds: float) -> "SmtpTransport":
        """The same with another time-out, for the whole mail as well."""
        settings = replace(self._settings, timeout=seconds, acceptance_timeout=seconds)
        return SmtpTransport(settings)

    def probe(self, sender: str) -> None:
        """Log in and name the sender, but send nothing; the errors are those of `send`."""
        with _connection_faults(), self._line(f"MAIL FROM:<{ascii_address(sender)}>") as server:
            server.rset()

    def lookup(self, message_id: str) -> None:  # noqa: ARG002 – SMTP cannot be asked afterwards
        """Nobody can know: SMTP has no way to ask."""
        return

    def forget(self, addresses: Collection[str]) -> None:
        """Nothing is kept here of what was handed over."""

    @contextlib.contextmanager
    def _line(self, begin: str) -> Iterator[smtplib.SMTP]:
        """A connection on which a mail has begun. Afterwards it is kept, if that is wanted."""
        server = self._kept.take()
        if server is None or not _begins(server, begin):
            server = self._connected()
            try:
                self._log_in(server)
                _say(server, begin, _sender_refused)
            except BaseException:
                server.close()
                raise
        try:
            yield server
        except BaseException:
            server.close()
            raise
        if self._kept.wanted:
            self._kept.server = server
        else:
            _say_goodbye(server)

    def _connected(self) -> smtplib.SMTP:
        chosen = self._settings
        if chosen.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                chosen.host, chosen.port, timeout=chosen.timeout, context=chosen.tls
            )
        else:
            server = smtplib.SMTP(chosen.host, chosen.port, timeout=chosen.timeout)
        try:
            # The closing dot is a packet of its own: without this it is held back until the other
            # side confirms what came before, and that takes its time (40 ms on Linux).
            if server.sock:
                server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            server.ehlo_or_helo_if_needed()
            if chosen.security == "starttls":
                server.starttls(context=chosen.tls)
                server.ehlo()
        except BaseException:
            server.close()
            raise
        return server

    def _log_in(self, server: smtplib.SMTP) -> None:
        chosen = self._settings
        if chosen.username is None or chosen.password is None:
            return
        try:
            server.login(chosen.username, chosen.password)
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code < 500:
                raise Retryable("The mail server cannot check our log-in just now.") from None
            # The error's own text can repeat the user name: only its code goes on.
            raise _operator_must_fix("refused our log-in", error.smtp_code) from None


class _Kept(threading.local):
    """The connection that a thread keeps between its mails."""

    wanted = False
    server: smtplib.SMTP | None = None

    def take(self) -> smtplib.SMTP | None:
        """It, if there is one; it belongs to the caller then."""
        server, self.server = self.server, None
        return server


def _begins(server: smtplib.SMTP, begin: str) -> bool:
    """Whether a kept connection takes one more mail. If not it is closed, and nothing was lost:
    servers end connections that wait or that had enough mails, and a new one tells what is wrong.
    """
    with contextlib.suppress(OSError):
        if 200 <= server.docmd(begin)[0] < 300:
            return True
    server.close()
    return False


def _say_goodbye(server: smtplib.SMTP) -> None:
    """Whatever was sent is accepted; how the goodbye goes changes nothing."""
    with contextlib.suppress(OSError):
        server.quit()
    server.close()


@contextlib.contextmanager
def _connection_faults() -> Iterator[None]:
    """Before the hand-over every broken connection means: not accepted, try again."""
    try:
        yield
    except smtplib.SMTPNotSupportedError as error:
        raise OperatorMustFix(
            f"The mail server lacks what our settings ask for ({error}). No mail is sent. "
            "Mend the SMTP settings.",
            _OPERATOR_PAUSE,
        ) from None
    except ssl.SSLCertVerificationError as error:
        raise OperatorMustFix(
            f"The mail server's certificate is not valid ({error.verify_message}). No mail is "
            "sent. Mend the certificate or the host name in the SMTP settings.",
            _OPERATOR_PAUSE,
        ) from error
    except OSError as error:  # SMTPException is an OSError too
        raise Retryable(
            f"The mail server could not be used ({type(error).__name__}). The mail waits and is "
            "tried again."
        ) from None


def _say(server: smtplib.SMTP, command: str, refused: Callable[[int, str], Exception]) -> None:
    """Send one command; 4xx may work later, 5xx is what `refused` makes of it."""
    code, answer = server.docmd(command)
    if 200 <= code < 400:
        return
    if code in _ACCOUNT_CODES:
        raise _operator_must_fix("wants a log-in that it accepts", code)
    if 500 <= code < 600:
        raise refused(code, answer.decode("ascii", "replace"))
    raise Retryable(f"The mail server asks us to wait (code {code}). The mail is tried again.")


def _sender_refused(code: int, _answer: str) -> Exception:
    return _operator_must_fix("refused our sender address", code)


def _recipient_refused(code: int, answer: str) -> Exception:
    status = _ENHANCED_STATUS.match(answer)
    gone = status[0].startswith(_BAD_ADDRESS) if status else code in _BAD_ADDRESS_CODES
    return Refused(
        ADDRESS_REFUSED if gone else MAIL_REFUSED,
        f"The mail server refused the recipient ({_said(code, answer)}).",
    )


def _mail_refused(code: int, answer: str) -> Exception:
    return Refused(MAIL_REFUSED, f"The mail server refused the mail ({_said(code, answer)}).")


def _operator_must_fix(what: str, code: int) -> OperatorMustFix:
    return OperatorMustFix(
        f"The mail server {what} (code {code}). No mail is sent; all of it waits. "
        "Mend the SMTP settings.",
        _OPERATOR_PAUSE,
    )


def _hand_over(server: smtplib.SMTP, patience: float) -> str:
    """Close the mail with its dot and return the server's answer: the moment of acceptance."""
    try:
        server.send(b".\r\n")
        with _patient(server, patience):
            code, answer = server.getreply()
    except OSError as error:
        raise Uncertain("The mail server went silent after it had the whole mail.") from error
    text = answer.decode("ascii", "replace")
    if 200 <= code < 300:
        return _said(code, text)
    if 400 <= code < 500:
        raise Retryable(f"The mail server did not accept the mail yet (code {code}).")
    if 500 <= code < 600:
        raise _mail_refused(code, text)
    raise Uncertain("The mail server gave an answer to the mail that means nothing.")


@contextlib.contextmanager
def _patient(server: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Wait longer for an answer than for the others on this connection."""
    line = server.sock
    if line is None:
        raise smtplib.SMTPServerDisconnected("closed")
    before = line.gettimeout()
    line.settimeout(seconds)
    try:
        yield
    finally:
        line.settimeout(before)


def _said(code: int, answer: str) -> str:
    """The server's words without addresses, short enough for a journal."""
    return f"{code} {_ADDRESS.sub('…', answer)}"[:200]


def _dot_stuffed(raw: bytes) -> bytes:
    """Double leading dots (RFC 5321, 4.5.2) and end with a full line."""
    stuffed = re.sub(rb"(?m)^\.", b"..", raw)
    return stuffed if stuffed.endswith(b"\r\n") else stuffed + b"\r\n"
