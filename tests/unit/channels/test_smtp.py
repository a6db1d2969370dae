import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from app.channels.smtp import SmtpSettings, SmtpTransport
from app.domain.errors import OperatorMustFix, Refused, Retryable, Uncertain

from .samples import MAIL, mail


class Inbox:
    """An SMTP server's behaviour: keeps what it accepts, answers what it is told to."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.received: list[Envelope] = []
        self.lines: list[Any] = []  # over which each came

    async def handle_MAIL(  # noqa: N802 – aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.answers.get("mail", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 OK")

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.answers.get(
            "data", "250 2.0.0 queued as 4F2A for zofia.novakova@posta.example"
        )
        if answer.startswith("2"):
            self.received.append(envelope)
            self.lines.append(session.peer)
        return answer


class AnyPort(Controller):
    """Controller that can be given port 0 and then knows the port it got."""

    def _trigger_server(self) -> None:
        assert self.server is not None
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def serving(inbox: Inbox, **options: Any) -> Iterator[SmtpTransport]:
    controller = AnyPort(inbox, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        yield transport(controller.port)
    finally:
        controller.stop()


def transport(port: int, **changes: Any) -> SmtpTransport:
    settings: dict[str, Any] = {"security": "none", "timeout": 5.0}
    return SmtpTransport(SmtpSettings("127.0.0.1", port, **settings | changes))


def port_of(connected: SmtpTransport) -> int:
    return connected._settings.port


def test_an_accepted_mail_arrives_once_as_written() -> None:
    inbox = Inbox()
    with serving(inbox) as smtp:
        result = smtp.send(MAIL)
    (envelope,) = inbox.received
    assert envelope.mail_from == "shops@mail.afterglow.example"
    assert envelope.rcpt_tos == ["zofia.novakova@posta.example"]
    content = envelope.content
    assert isinstance(content, bytes)
    assert f"List-Unsubscribe: <{MAIL.unsubscribe_url}>, ".encode() in content
    assert b"\r\n\r\n.first line\r\n" in content
    assert b"\r\n..\r\n" in content
    assert result.detail.startswith("250 2.0.0 queued as 4F2A")
    assert "posta.example" not in result.detail


def test_smtp_cannot_be_asked_what_it_accepted() -> None:
    assert transport(1).lookup(MAIL.message_id) is None


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("550 5.1.1 No such user", "address_refused"),
        ("550 no such user here", "address_refused"),
        ("554 5.2.1 mailbox disabled", "address_refused"),
        ("552 5.2.2 mailbox full", "mail_refused"),
        ("550 5.7.1 policy says no", "mail_refused"),
        ("554 no", "mail_refused"),
    ],
)
def test_a_refused_recipient_is_refused_for_good(answer: str, code: str) -> None:
    inbox = Inbox(rcpt=answer)
    with serving(inbox) as smtp, pytest.raises(Refused) as refused:
        smtp.send(MAIL)
    assert refused.value.code == code
    assert inbox.received == []


def test_a_refused_text_says_nothing_about_the_address() -> None:
    with (
        serving(Inbox(data="554 5.7.1 looks like spam")) as smtp,
        pytest.raises(Refused) as refused,
    ):
        smtp.send(MAIL)
    assert refused.value.code == "mail_refused"


@pytest.mark.parametrize("stage", ["mail", "rcpt", "data"])
def test_a_temporary_answer_at_any_stage_can_be_tried_again(stage: str) -> None:
    inbox = Inbox(**{stage: "451 4.7.1 greylisted, come back later"})
    with serving(inbox) as smtp, pytest.raises(Retryable):
        smtp.send(MAIL)
    assert inbox.received == []


def test_a_refused_sender_is_for_the_operator() -> None:
    with serving(Inbox(mail="553 5.7.1 sender not yours")) as smtp, pytest.raises(OperatorMustFix):
        smtp.send(MAIL)


def test_nobody_listening_can_be_tried_again() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Retryable):
        transport(port).send(MAIL)


def _login(
    server: SMTP, session: Session, envelope: Envelope, method: str, data: Any
) -> AuthResult:
    return AuthResult(success=data.password == b"right", handled=False)


AUTH = {"authenticator": _login, "auth_required": True, "auth_require_tls": False}


plain_login = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@plain_login
def test_the_right_password_sends() -> None:
    inbox = Inbox()
    with serving(inbox, **AUTH) as smtp:
        transport(port_of(smtp), username="app", password="right").send(MAIL)
    assert len(inbox.received) == 1


@plain_login
@pytest.mark.parametrize("login", [{"username": "app", "password": "s3cret-wrong"}, {}])
def test_a_wrong_or_missing_password_is_for_the_operator(login: dict[str, str]) -> None:
    inbox = Inbox()
    with serving(inbox, **AUTH) as smtp, pytest.raises(OperatorMustFix) as failed:
        transport(port_of(smtp), **login).send(MAIL)
    assert failed.value.retry_after == timedelta(minutes=15)
    assert "s3cret-wrong" not in str(failed.value)
    assert inbox.received == []


def test_a_server_without_the_wanted_encryption_gets_no_mail() -> None:
    inbox = Inbox()
    with serving(inbox) as smtp, pytest.raises(OperatorMustFix):
        transport(port_of(smtp), security="starttls").send(MAIL)
    assert inbox.received == []


def test_settings_do_not_show_their_password() -> None:
    assert "s3cret" not in repr(SmtpSettings("mail.example", 587, username="a", password="s3cret"))


Script = Callable[[socket.socket], None]


@contextmanager
def scripted(script: Script, **changes: float) -> Iterator[SmtpTransport]:
    """A server that follows a script and then drops the line."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                script(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield transport(listener.getsockname()[1], **changes)
        finally:
            thread.join()


def talk(connection: socket.socket, until: bytes, last: bytes | None = None) -> None:
    """Agree to everything until a command begins with `until`; answer that one with `last`."""
    connection.sendall(b"220 hello\r\n")
    with connection.makefile("rb") as lines:
        for line in lines:
            if line.upper().startswith(until):
                if last is not None:
                    connection.sendall(last)
                return
            connection.sendall(b"250 OK\r\n")


def read_mail(connection: socket.socket) -> None:
    received = b""
    while not received.endswith(b"\r\n.\r\n"):
        received += connection.recv(65536)


@pytest.mark.parametrize("command", [b"EHLO", b"MAIL", b"RCPT", b"DATA"])
def test_a_line_lost_before_the_mail_went_over_can_be_tried_again(command: bytes) -> None:
    with scripted(lambda line: talk(line, command)) as smtp, pytest.raises(Retryable):
        smtp.send(MAIL)


def test_a_line_lost_after_the_mail_went_over_leaves_it_uncertain() -> None:
    def script(connection: socket.socket) -> None:
        talk(connection, b"DATA", b"354 go on\r\n")
        read_mail(connection)

    with scripted(script) as smtp, pytest.raises(Uncertain):
        smtp.send(MAIL)


def test_silence_after_the_mail_went_over_leaves_it_uncertain() -> None:
    released = threading.Event()

    def script(connection: socket.socket) -> None:
        talk(connection, b"DATA", b"354 go on\r\n")
        read_mail(connection)
        released.wait(5)

    with scripted(script, acceptance_timeout=0.3) as smtp:
        with pytest.raises(Uncertain):
            smtp.send(MAIL)
        released.set()


def test_a_server_that_thinks_about_the_mail_is_waited_for_longer() -> None:
    """A repeated mail is the worse end: many look for viruses before they answer the dot."""

    def script(connection: socket.socket) -> None:
        talk(connection, b"DATA", b"354 go on\r\n")
        read_mail(connection)
        threading.Event().wait(0.5)
        connection.sendall(b"250 OK\r\n")
        while connection.recv(65536):  # until the line is closed
            pass

    with scripted(script, timeout=0.2, acceptance_timeout=5) as smtp, smtp.kept_open():
        assert smtp.send(MAIL).detail == "250 OK"
        begun = monotonic()
        with pytest.raises(Retryable):  # no longer than ever for the rest
            smtp.send(MAIL)
        assert monotonic() - begun < 4


def test_silence_before_the_mail_can_be_tried_again() -> None:
    released = threading.Event()

    def script(connection: socket.socket) -> None:
        talk(connection, b"RCPT")
        released.wait(5)

    with scripted(script, timeout=0.3) as smtp:
        with pytest.raises(Retryable):
            smtp.send(MAIL)
        released.set()


def test_a_line_lost_after_the_acceptance_changes_nothing() -> None:
    def script(connection: socket.socket) -> None:
        talk(connection, b"DATA", b"354 go on\r\n")
        read_mail(connection)
        connection.sendall(b"250 OK\r\n")

    with scripted(script) as smtp:
        assert smtp.send(MAIL).detail == "250 OK"


def test_an_unusable_address_never_reaches_the_server() -> None:
    inbox = Inbox()
    with serving(inbox) as smtp, pytest.raises(Refused):
        smtp.send(mail(to_address="žofia@posta.example"))
    assert inbox.received == []


# several mails over one connection


def test_mails_share_a_connection_while_it_is_kept_open() -> None:
    inbox = Inbox()
    with serving(inbox) as smtp:
        with smtp.kept_open():
            for _ in range(3):
                smtp.send(MAIL)
        smtp.send(MAIL)
        smtp.send(MAIL)
    assert len(inbox.received) == 5
    assert [inbox.lines.count(line) for line in dict.fromkeys(inbox.lines)] == [3, 1, 1]


def test_another_thread_has_its_own_connection() -> None:
    inbox = Inbox()
    with serving(inbox) as smtp, smtp.kept_open():
        smtp.send(MAIL)
        other = threading.Thread(target=smtp.send, args=(MAIL,))
        other.start()
        other.join()
        smtp.send(MAIL)
    assert [inbox.lines.count(line) for line in dict.fromkeys(inbox.lines)] == [2, 1]


def test_a_refused_mail_leaves_the_next_one_unharmed() -> None:
    inbox = Inbox()
    with serving(inbox) as smtp, smtp.kept_open():
        smtp.send(MAIL)
        inbox.answers["rcpt"] = "550 5.1.1 nobody here"
        with pytest.raises(Refused):
            smtp.send(MAIL)
        inbox.answers.clear()
        smtp.send(MAIL)
    assert len(inbox.received) == 2


@pytest.mark.parametrize("ending", [b"", b"421 4.3.2 too many mails\r\n"])
def test_a_server_that_has_enough_of_a_connection_gets_a_new_one(ending: bytes) -> None:
    """Nothing of the next mail was handed over yet: it is sent, and once."""
    taken: list[int] = []

    def one_mail(connection: socket.socket) -> None:
        talk(connection, b"DATA", b"354 go on\r\n")
        read_mail(connection)
        taken.append(connection.getpeername()[1])
        connection.sendall(b"250 OK\r\n" + ending)

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(3):
                with listener.accept()[0] as connection:
                    one_mail(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        smtp = transport(listener.getsockname()[1])
        with smtp.kept_open():
            for _ in range(3):
                assert smtp.send(MAIL).detail == "250 OK"
        thread.join()
    assert len(set(taken)) == 3


def test_the_closing_dot_does_not_wait_for_the_rest_to_be_confirmed() -> None:
    """It did, 40 ms with each mail: two small writes in a row are what Nagle's algorithm is for."""
    with serving(Inbox()) as smtp, smtp.kept_open():
        smtp.send(MAIL)
        kept = smtp._kept.server
        assert kept
        assert kept.sock
        assert kept.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
