import multiprocessing
import os
from pathlib import Path

import pytest

from app.channels.outbox import OutboxMailbox, OutboxTransport
from app.domain.errors import Refused, Retryable

from .samples import MAIL, mail


def test_a_sent_mail_can_be_read_as_it_was(tmp_path: Path) -> None:
    OutboxTransport(tmp_path).send(MAIL)
    (entry,) = OutboxMailbox(tmp_path).list()
    assert (entry.kind, entry.to_address, entry.subject) == (
        "review_request", "zofia.novakova@posta.example", MAIL.subject,
    )  # fmt: skip
    assert entry.headers == {"X-Afterglow-Action": "act_91827"}
    stored = OutboxMailbox(tmp_path).get(entry.id)
    assert stored is not None
    assert stored.text == MAIL.text
    assert stored.html.strip() == MAIL.html
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in stored.raw


def test_a_repeat_is_accepted_and_leaves_the_first_mail(tmp_path: Path) -> None:
    outbox = OutboxTransport(tmp_path)
    outbox.send(MAIL)
    outbox.send(mail(subject="Something else"))
    assert [entry.subject for entry in OutboxMailbox(tmp_path).list()] == [MAIL.subject]


def test_lookup_knows_what_was_sent(tmp_path: Path) -> None:
    outbox = OutboxTransport(tmp_path / "not" / "there" / "yet")
    assert outbox.lookup(MAIL.message_id) is False
    outbox.send(MAIL)
    assert outbox.lookup(MAIL.message_id) is True


def _send_and_die_before_the_last_rename(directory: Path) -> None:
    replace = Path.replace

    def dying(self: Path, target: Path) -> Path:
        if target.suffix == ".json":
            os._exit(9)
        return replace(self, target)

    Path.replace = dying  # type: ignore[method-assign]  # only in the child process
    OutboxTransport(directory).send(MAIL)


def test_a_process_killed_half_way_leaves_no_mail_and_the_repeat_sends_it(tmp_path: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(
        target=_send_and_die_before_the_last_rename, args=(tmp_path,)
    )
    child.start()
    child.join()
    assert child.exitcode == 9
    assert OutboxMailbox(tmp_path).list() == ()
    outbox = OutboxTransport(tmp_path)
    assert outbox.lookup(MAIL.message_id) is False
    outbox.send(MAIL)
    assert len(OutboxMailbox(tmp_path).list()) == 1


def test_mails_are_listed_last_first(tmp_path: Path) -> None:
    outbox = OutboxTransport(tmp_path)
    for number in range(3):
        outbox.send(mail(message_id=f"<{number}@mail.example>", subject=f"Mail {number}"))
        newest = max(tmp_path.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        os.utime(newest, ns=(number, number))
    subjects = [entry.subject for entry in OutboxMailbox(tmp_path).list()]
    assert subjects == ["Mail 2", "Mail 1", "Mail 0"]


@pytest.mark.parametrize("mail_id", ["../../etc/passwd", "", "0" * 32, "x" * 32])
def test_an_unknown_id_finds_nothing(tmp_path: Path, mail_id: str) -> None:
    assert OutboxMailbox(tmp_path).get(mail_id) is None


def test_an_empty_outbox_lists_nothing(tmp_path: Path) -> None:
    assert OutboxMailbox(tmp_path / "none").list() == ()


def test_an_unwritable_outbox_can_be_tried_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(Retryable, match="outbox cannot be written"):
        OutboxTransport(tmp_path / "file").send(MAIL)


def test_a_refused_address_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        OutboxTransport(tmp_path).send(mail(to_address="žofia@posta.example"))
    assert OutboxMailbox(tmp_path).list() == ()
