"""What the pipeline works with; built once in `bootstrap`, handed to every step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.channels.base import MailTransport
from app.channels.links import Links
from app.db.session import Database
from app.db.shops import Shop
from app.domain.clocks import Clock
from app.platforms.base import Platform, Store


@dataclass(frozen=True)
class Runtime:
    """Database, clocks, platforms and channels. `open_store` gives ports to a shop's store."""

    db: Database
    wall: Clock
    business: Clock
    platforms: Mapping[str, Platform]
    open_store: Callable[[Shop], Store]
    mail: MailTransport
    mail_from: str
    links: Links
