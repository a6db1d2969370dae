"""Returns, as the store should know them and as it has them."""

from dataclasses import dataclass
from typing import Protocol

from app.domain.ids import PlatformId
from app.domain.returns import ReturnKind, ReturnReason, ReturnState
from app.platforms.base.reading import Fetched


@dataclass(frozen=True, slots=True)
class ReturnSpecLine:
    """Some of one order line. `note` is the customer's."""

    line_id: PlatformId
    title: str
    quantity: int
    reason: ReturnReason
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReturnSpec:
    """One of our returns as the store should know it.

    `reference` ("RMA-1004") is written where the platform has room, and found again by it.
    `ref` is the store's own id once it is known.
    """

    reference: str
    order_id: PlatformId
    kind: ReturnKind
    state: ReturnState
    lines: tuple[ReturnSpecLine, ...]
    ref: PlatformId | None = None
    answer: str = ""  # the merchant's words to the customer, with a decline
    period_over: bool = False  # declined because the time to return is over
    final_sale: bool = False  # declined because the goods cannot be returned


@dataclass(frozen=True, slots=True)
class RemoteReturn:
    """A return as the store has it."""

    ref: PlatformId
    state: ReturnState


class ReturnsPort(Protocol):
    """Returns of one store."""

    def find(self, spec: ReturnSpec) -> RemoteReturn | None:
        """The store's counterpart of ours, by `ref` or reference."""
        ...

    def request(self, spec: ReturnSpec) -> RemoteReturn:
        """Let the store know of it; the customer is not told by the store.

        Raises Refused("not_returnable") where the store has nothing of it to return.
        """
        ...

    def bring(self, spec: ReturnSpec) -> None:
        """Make the store's return what `spec.state` says; no error if it is so already.

        Raises Refused("return_moved_on") where the store's return is elsewhere meanwhile.
        """
        ...

    def fetch(self, return_id: PlatformId) -> Fetched | None:
        """The platform's own return; None if it is gone, or where the platform has none."""
        ...
