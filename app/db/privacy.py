"""Privacy requests from the platforms, and the exports that answer them."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from app.db.base import Repository
from app.db.codec import person_doc, person_from
from app.db.models import exports, privacy_requests
from app.db.session import UnitOfWork
from app.domain.ids import PlatformId, ShopId
from app.domain.snapshots import Control, Person


@dataclass(frozen=True, slots=True)
class PrivacyRequest:
    """A request to be carried out within 30 days."""

    id: int
    kind: Control
    person: Person
    order_ids: tuple[PlatformId, ...]
    requested_at: datetime


class Privacy(Repository):
    """Requests and exports of one shop."""

    def ask(
        self,
        kind: Control,
        person: Person,
        order_ids: tuple[PlatformId, ...],
        inbox_id: int,
        now: datetime,
    ) -> None:
        """Remember a request; asked again after it was done, it is open again."""
        sealed = self._keyring.seal_json(
            {"person": person_doc(person), "order_ids": list(order_ids)}
        )
        values = {"sealed": sealed, "state": "open", "requested_at": now, "done_at": None}
        self._connection.execute(
            self._insert(
                privacy_requests, kind=kind, inbox_id=inbox_id, **values
            ).on_conflict_do_update(
                index_elements=["shop_id", "inbox_id"],
                set_=values,
                where=privacy_requests.c.state == "done",
            )
        )

    def open_requests(self) -> list[PrivacyRequest]:
        """What is still to be carried out."""
        query = select(privacy_requests).where(
            self._mine(privacy_requests), privacy_requests.c.state == "open"
        )
        found = []
        for row in self._connection.execute(query):
            data = self._keyring.open_json(row.sealed)
            found.append(
                PrivacyRequest(
                    row.id,
                    Control(row.kind),
                    person_from(data["person"]),
                    tuple(data["order_ids"]),
                    row.requested_at,
                )
            )
        return found

    def done(self, request: PrivacyRequest, now: datetime) -> None:
        """Carried out; the person's data in the request goes with it."""
        self._connection.execute(
            update(privacy_requests)
            .where(self._mine(privacy_requests), privacy_requests.c.id == request.id)
            .values(state="done", sealed=None, done_at=now)
        )

    def add_export(self, filename: str, content: bytes, now: datetime, expires_at: datetime) -> str:
        """Store a downloadable file; returns the token of its address."""
        token = secrets.token_urlsafe(32)
        self._connection.execute(
            exports.insert().values(
                shop_id=self._shop_id,
                token_hash=_hash(token),
                filename=filename,
                sealed=self._keyring.seal_body(content),
                created_at=now,
                expires_at=expires_at,
            )
        )
        return token


def export_by_token(uow: UnitOfWork, token: str, now: datetime) -> tuple[ShopId, str, bytes] | None:
    """Shop, file name and content of an export that has not expired."""
    row = uow.connection.execute(
        select(exports).where(exports.c.token_hash == _hash(token), exports.c.expires_at > now)
    ).first()
    return (row.shop_id, row.filename, uow.keyring.open_body(row.sealed)) if row else None


def shops_with_open_requests(uow: UnitOfWork) -> list[ShopId]:
    """Shops that wait for a privacy request to be carried out (the sweep)."""
    query = select(privacy_requests.c.shop_id).where(privacy_requests.c.state == "open").distinct()
    return [ShopId(shop_id) for (shop_id,) in uow.connection.execute(query)]


def purge_exports(uow: UnitOfWork, now: datetime) -> None:
    """Drop expired files."""
    uow.connection.execute(delete(exports).where(exports.c.expires_at <= now))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
