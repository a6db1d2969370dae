"""A mail server whose answers a test chooses."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from app.channels.base import OutgoingMail, SendResult
from tests.contract.effects_world import World


@dataclass
class Server:
    """A mail server that takes each mail and then does the next of these, if any is left."""

    world: World
    ends: list[Callable[[], None]]
    takes: bool = True

    def send(self, message: OutgoingMail) -> SendResult:
        took = self.world.mail.send(message) if self.takes else SendResult("")
        if self.ends:
            self.ends.pop(0)()
        return took

    def kept_open(self) -> AbstractContextManager[None]:
        return nullcontext()

    def lookup(self, _message_id: str) -> None:
        return None

    def forget(self, addresses: Collection[str]) -> None:
        self.world.mail.forget(addresses)
