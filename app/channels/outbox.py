"""A mailbox of files: where mails go on a machine that has no mail server.

Each mail is one `.eml` and one `.json` beside it, named after its Message-ID. The `.json` is
written last and is what counts, so a kill between the two leaves no half mail, and a repeat
under the same Message-ID finds the first one and writes nothing.
"""

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from app.channels.base import OutgoingMail, SendResult
from app.channels.email import build
from app.domain.emails import canonical_email
from app.domain.errors import Retryable

_ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """What a list of mails shows. `date` is ISO 8601, as the mail's own Date header."""

    id: str
    message_id: str
    kind: str
    marketing: bool
    lang: str
    date: str
    from_name: str
    to_address: str
    subject: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class StoredMail:
    """One mail as a mail program would show it, and its source."""

    entry: OutboxEntry
    html: str
    text: str
    raw: bytes


class OutboxTransport:
    """Accepts every well-formed mail by writing it into a directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def send(self, message: OutgoingMail) -> SendResult:
        """Write the mail once; a repeat of its Message-ID is accepted and changes nothing."""
        entry = _entry(message)
        raw = build(message)
        if self.lookup(message.message_id):
            return SendResult("already in the outbox")
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._directory / f"{entry.id}.eml", raw)
            _write(self._directory / f"{entry.id}.json", json.dumps(asdict(entry)).encode())
        except OSError as error:
            raise Retryable(
                f"The outbox cannot be written ({error.strerror}). The mail waits. "
                "Make room or mend the directory's permissions."
            ) from error
        return SendResult("written to the outbox")

    def kept_open(self) -> AbstractContextManager[None]:
        """Nothing here is dear to open."""
        return nullcontext()

    def lookup(self, message_id: str) -> bool:
        """Tell whether a mail with this Message-ID was written."""
        return (self._directory / f"{_id_of(message_id)}.json").exists()

    def forget(self, addresses: Collection[str]) -> None:
        """Delete their files; the mail itself goes last, so that a killed process begins again."""
        for file in self._directory.glob("*.eml"):
            message = message_from_bytes(file.read_bytes(), policy=default)
            if canonical_email(message["To"].addresses[0].addr_spec) in addresses:
                file.with_suffix(".json").unlink(missing_ok=True)
                file.unlink(missing_ok=True)


class OutboxMailbox:
    """Reads what the transport wrote."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def list(self) -> tuple[OutboxEntry, ...]:
        """Return all mails, the one written last first."""
        files = sorted(self._directory.glob("*.json"), key=_written, reverse=True)
        return tuple(_read_entry(file) for file in files)

    def get(self, mail_id: str) -> StoredMail | None:
        """Return one mail by its id, or None when there is no such mail."""
        file = self._directory / f"{mail_id}.json"
        if not _ID.fullmatch(mail_id) or not file.exists():
            return None
        raw = file.with_suffix(".eml").read_bytes()
        message = message_from_bytes(raw, policy=default)
        return StoredMail(
            _read_entry(file), html=_body(message, "html"), text=_body(message, "plain"), raw=raw
        )


def _entry(mail: OutgoingMail) -> OutboxEntry:
    return OutboxEntry(
        id=_id_of(mail.message_id),
        message_id=mail.message_id,
        kind=mail.kind,
        marketing=mail.marketing,
        lang=mail.lang,
        date=mail.date.isoformat(),
        from_name=mail.from_name,
        to_address=mail.to_address,
        subject=mail.subject,
        headers=dict(mail.headers),
    )


def _id_of(message_id: str) -> str:
    return hashlib.sha256(message_id.encode()).hexdigest()[:32]


def _write(target: Path, content: bytes) -> None:
    """Replace the file in one step, on disk before it has its name."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _written(file: Path) -> int:
    return file.stat().st_mtime_ns


def _read_entry(file: Path) -> OutboxEntry:
    return OutboxEntry(**json.loads(file.read_bytes()))


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return part.get_content().replace("\r\n", "\n") if part else ""
