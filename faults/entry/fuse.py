"""Dies by SIGKILL at the n-th step after an action of one kind was claimed.

A step lies before and after each commit, each request to a store and each mail while that action is
in hand: the claim, look-ups, the act itself, the end. The fuse comes from the environment as
`kind:n` (`coupon_create:3`, `effect:3` for whichever comes first); `any:n` counts from the first
commit of the process on, for web and clock.
A line in a file says where it died, written before the signal: nothing can be said after it.
"""

import json
import os
import signal
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from app import bootstrap
from app.channels.base import MailTransport, OutgoingMail, SendResult
from app.db.actions.performing import Performing
from app.db.incoming import Incoming, IncomingWriter
from app.db.session import PATIENCE, Database, UnitOfWork
from app.domain.actions import Action
from app.pipeline.effects.registry import EFFECTS
from app.platforms.shopify.transport import Transport
from app.platforms.woocommerce.client import StoreClient
from faults.entry.world import DIRECTORY

FUSE = "FAULTS_FUSE"  # environment variable
DEATHS = "deaths.jsonl"


class Fuse:
    """Counts steps once it is lit."""

    def __init__(self, told: str) -> None:
        self.kind, _, at = told.partition(":")
        self._at = int(at or 0)
        self._lit = self.kind == "any"
        self._steps = 0
        self._in_hand = self.kind

    def claimed(self, kind: str) -> None:
        """An action is being claimed: its steps are counted if it is of this fuse's kind."""
        if self.kind != "any":
            self._in_hand = kind
            self._lit, self._steps = self.kind in (kind, "effect"), 0

    def in_hand(self, kind: str) -> None:
        """An effect is looked up or carried out, perhaps without a claim of ours (recovery)."""
        if not self._lit and self.kind in (kind, "effect"):
            self.claimed(kind)

    def step(self, where: str) -> None:
        """One step; the process may not survive it."""
        if not self._lit:
            return
        self._steps += 1
        if self._steps == self._at:
            line = json.dumps(
                {"pid": os.getpid(), "kind": self._in_hand, "at": self._at, "of": where}
            )
            descriptor = os.open(
                Path(os.environ[DIRECTORY]) / DEATHS, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
            )
            os.write(descriptor, f"{line}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)


def lay() -> None:
    """Put the steps around everything that this process does outside itself."""
    fuse = Fuse(os.environ.get(FUSE, ""))
    if not fuse.kind:
        return

    class Mortal(Database):
        @contextmanager
        def write(self, patience: float = PATIENCE) -> Iterator[UnitOfWork]:
            with super().write(patience) as uow:
                yield uow
                fuse.step("before a commit")
            fuse.step("after a commit")

    bootstrap.Database = Mortal  # type: ignore[attr-defined]
    _around_deliveries(fuse)
    _around_claims(fuse)
    _around_effects(fuse)
    _around_stores(fuse)
    _around_mail(fuse)


def _around_deliveries(fuse: Fuse) -> None:
    """They are written past `Database.write`, many in one commit."""
    real = IncomingWriter.write

    def write(writer: IncomingWriter, rows: Sequence[Incoming]) -> int:
        fuse.step("before deliveries are stored")
        new = real(writer, rows)
        fuse.step("after deliveries were stored, before they are acknowledged")
        return new

    IncomingWriter.write = write  # type: ignore[method-assign,assignment]


def _around_claims(fuse: Fuse) -> None:
    real = Performing.claim

    def claim(self: Performing, action: Action, *given: Any, **named: Any) -> Action | None:
        fuse.claimed(action.kind)
        return real(self, action, *given, **named)

    Performing.claim = claim  # type: ignore[method-assign]


def _around_effects(fuse: Fuse) -> None:
    """Recovery comes without a claim: the look-up is where its action is in hand."""

    def lit(kind: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(work: Any) -> Any:
            fuse.in_hand(kind)
            return real(work)

        return call

    for kind, effect in EFFECTS.items():
        # Effects may be frozen; what is put around them is the harness's, not theirs.
        object.__setattr__(effect, "lookup", lit(kind, effect.lookup))
        object.__setattr__(effect, "execute", lit(kind, effect.execute))


def _around_stores(fuse: Fuse) -> None:
    """Each request to a store: one effect may need several, and die between two of them."""

    def mortal(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            fuse.step("before a request to the store")
            answer = real(*given, **named)
            fuse.step("after a request to the store")
            return answer

        return call

    Transport.post = mortal(Transport.post)  # type: ignore[method-assign]
    StoreClient._once = mortal(StoreClient._once)  # type: ignore[method-assign]  # noqa: SLF001


def _around_mail(fuse: Fuse) -> None:
    real = bootstrap._mail  # noqa: SLF001 - the one place that chooses a transport

    class Mail:
        def __init__(self, transport: MailTransport) -> None:
            self._transport = transport

        def send(self, message: OutgoingMail) -> SendResult:
            fuse.step("before mail.send")
            result = self._transport.send(message)
            fuse.step("after mail.send")
            return result

        def kept_open(self) -> AbstractContextManager[None]:
            return self._transport.kept_open()

        def forget(self, addresses: Collection[str]) -> None:
            self._transport.forget(addresses)

        def lookup(self, message_id: str) -> bool | None:
            return self._transport.lookup(message_id)

    bootstrap._mail = lambda settings: Mail(real(settings))  # noqa: SLF001
