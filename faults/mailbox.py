"""The mail server of the world: takes mails over SMTP and keeps what counts of each.

It is the ledger of mails: what was accepted here was sent, whatever the product remembers.
"""

import asyncio
import email
import html
import json
import re
import threading
import time
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

REVIEW_REQUEST, COUPON = "review_request_mail", "coupon_mail"
MARKETING = (REVIEW_REQUEST, COUPON)
_FEEDBACK = re.compile(r"::(\w+):afterglow")
_CODE = re.compile(r"\bTHANKS-[A-Z0-9]{10}\b")
_REVIEW_LINK = re.compile(r"http\S+/r/([^\s?\"]+)")


@dataclass(frozen=True)
class Mail:
    """One accepted mail. `about`: the order of a review request, the code of a coupon mail."""

    at: float  # monotonic seconds
    to: str
    kind: str  # "" for transactional mail
    about: str
    message_id: str
    action: str
    unsubscribe: str
    text: str  # of mails that a story follows; the others are not kept


class Mailbox:
    """An SMTP server on a free port of loopback, and what it accepted."""

    def __init__(self, *, seconds_each: float = 0) -> None:
        """`seconds_each`: how long it takes over a mail (a slow server)."""
        self._each = seconds_each
        self._lock = threading.Lock()
        self._mails: list[Mail] = []
        self._review_of: dict[tuple[str, str], list[Mail]] = {}
        self._seen: set[tuple[str, str, str]] = set()
        self.doubled = False  # whether a marketing mail came twice
        self._trouble: Callable[[], str] = lambda: ""
        self.cut = 0
        self._controller = _AnyPort(self, hostname="127.0.0.1", port=0)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    def be_troubled(self, trouble: Callable[[], str]) -> None:
        """`trouble` is asked for each mail: "" takes it, `refuse` says 451, `cut` takes it and cuts
        the line before it can say so.
        """
        self._trouble = trouble

    def all(self) -> list[Mail]:
        """Everything accepted so far."""
        with self._lock:
            return list(self._mails)

    def request_for(self, email_address: str, order: str) -> Mail | None:
        """The review request that came for an order."""
        with self._lock:
            found = self._review_of.get((email_address, order))
            return found[0] if found else None

    def coupon_for(self, email_address: str) -> Mail | None:
        """The mail with a code."""
        with self._lock:
            return next(
                (m for m in self._mails if m.to == email_address and m.kind == COUPON), None
            )

    def _note(self, mail: Mail) -> None:
        if mail.kind in MARKETING:
            what = (mail.to, mail.kind, mail.about)
            self.doubled = self.doubled or what in self._seen
            self._seen.add(what)

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Take one mail, or be troubled."""
        trouble = self._trouble()
        if self._each:
            await asyncio.sleep(self._each)
        if trouble == "refuse":
            return "451 4.3.0 Try again later"
        mail = _read(_bytes(envelope.content), envelope.rcpt_tos[0].lower())
        with self._lock:
            self._mails.append(mail)
            self._note(mail)
            if mail.kind == REVIEW_REQUEST:
                self._review_of.setdefault((mail.to, mail.about), []).append(mail)
        if trouble == "cut" and server.transport is not None:
            self.cut += 1
            transport: Any = server.transport
            transport.abort()
        return "250 2.0.0 queued"


class _AnyPort(Controller):
    """Controller that can be given port 0 and then knows the port it got."""

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def _bytes(content: bytes | str | None) -> bytes:
    return content.encode() if isinstance(content, str) else content or b""


def _read(raw: bytes, to: str) -> Mail:
    message = email.message_from_bytes(raw, EmailMessage, policy=default)
    feedback = _FEEDBACK.search(str(message.get("Feedback-ID", "")))
    body = message.get_body(("plain",))
    text = body.get_content() if body else ""
    kind = feedback[1] if feedback else ""
    unsubscribe = re.search(r"http[^\s>]+", str(message.get("List-Unsubscribe", "")))
    return Mail(
        at=time.monotonic(),
        to=to,
        kind=kind,
        about=_about(kind, text),
        message_id=str(message["Message-ID"]),
        action=str(message.get("X-Afterglow-Action", "")),
        unsubscribe=unsubscribe.group() if unsubscribe else "",
        text=html.unescape(text) if kind == REVIEW_REQUEST else "",
    )


def _about(kind: str, text: str) -> str:
    if kind == COUPON:
        found = _CODE.search(text)
        return found.group() if found else "?"
    if kind == REVIEW_REQUEST:
        link = _REVIEW_LINK.search(text)
        return str(payload_of(link[1]).get("o", "?")) if link else "?"
    return ""


def payload_of(token: str) -> dict[str, Any]:
    """What a signed link names; anybody can read that."""
    packed = token.startswith(".")
    part = token.lstrip(".").split(".")[0]
    raw = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    named: dict[str, Any] = json.loads(zlib.decompress(raw) if packed else raw)
    return named


def review_link(mail: Mail) -> str:
    """Where a review request leads."""
    found = _REVIEW_LINK.search(mail.text)
    if found is None:
        raise ValueError("the mail has no link to the form")
    return found.group()
