"""What a channel promises: one mail in, an acceptance out, or an error that says who must act."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

ADDRESS_REFUSED = "address_refused"
"""Code of `Refused`: the mailbox does not exist; the caller suppresses the address."""

MAIL_REFUSED = "mail_refused"
"""Code of `Refused`: this mail was refused for good, but the address may be fine."""


class UnusableMail(ValueError):
    """A mail that must not or cannot be written as it is: a fault of whoever composed it."""


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """One mail, complete: whatever sends it adds nothing and looks nothing up.

    `message_id` is minted once per action and kept in it, so that a repeat is recognisable.
    `date` is timezone-aware. `unsubscribe_url` takes the one-click POST of RFC 8058 and is
    required when `marketing`; `headers` are our own `X-` headers in printable ASCII.
    """

    message_id: str
    date: datetime
    from_name: str
    from_address: str
    to_address: str
    subject: str
    html: str
    text: str
    kind: str
    lang: str
    to_name: str | None = None
    reply_to: str | None = None
    marketing: bool = False
    unsubscribe_url: str | None = None
    unsubscribe_mailto: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class SendResult:
    """The mail was accepted. `detail` is the accepting side's own answer, free of addresses."""

    detail: str


class MailTransport(Protocol):
    """Hands mails to whoever delivers them."""

    def send(self, message: OutgoingMail) -> SendResult:
        """Hand over one mail and return once it is accepted.

        Raises `Retryable` (surely not accepted, later may work), its kind `OperatorMustFix`
        (our account or sender was refused), `Refused` with one of the two codes above,
        `Uncertain` (handed over, no answer), and `UnusableMail` before anything was sent.
        """
        ...

    def kept_open(self) -> AbstractContextManager[None]:
        """While inside, this thread's mails may share what is dear to open."""
        ...

    def lookup(self, message_id: str) -> bool | None:
        """Tell whether a mail with this Message-ID was accepted; None means nobody can know."""
        ...

    def forget(self, addresses: Collection[str]) -> None:
        """Throw away what is still here of mails to these addresses, given in canonical form."""
        ...
