"""Codes by which a customer proves an address. A look-up that found no order has a row, too, so
that nobody can tell the two apart.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, delete, select, update

from app.db.base import Repository
from app.db.models import otp_codes
from app.db.session import UnitOfWork
from app.domain.ids import PlatformId


@dataclass(frozen=True, slots=True)
class Lookup:
    """A look-up that waits for its code. `order_id` is empty where no order was found.

    Known by `public_ref` outside: SQLite gives the ids of purged rows to new ones.
    """

    id: int
    public_ref: str
    order_id: PlatformId
    code: str
    attempts: int


class Codes(Repository):
    """Codes of one shop."""

    def add(self, order_id: PlatformId, code: str, now: datetime, expires_at: datetime) -> Lookup:
        """Remember a look-up."""
        public_ref = secrets.token_hex(16)
        row_id = self._connection.execute(
            self._insert(
                otp_codes,
                public_ref=public_ref,
                sealed=self._keyring.seal_json({"order": order_id, "code": code}),
                attempts=0,
                created_at=now,
                expires_at=expires_at,
            ).returning(otp_codes.c.id)
        ).scalar_one()
        return Lookup(row_id, public_ref, order_id, code, 0)

    def waiting(self, public_ref: str, now: datetime) -> Lookup | None:
        """The look-up of a page, if it is neither used nor too old."""
        return self._opened(
            self._connection.execute(
                select(otp_codes).where(
                    self._mine(otp_codes),
                    otp_codes.c.public_ref == public_ref,
                    otp_codes.c.expires_at > now,
                    otp_codes.c.used_at.is_(None),
                )
            ).first()
        )

    def count_attempt(self, lookup: Lookup, limit: int) -> bool:
        """Count one try; False once there were too many. Counted before the code is compared."""
        done = self._connection.execute(
            update(otp_codes)
            .where(self._mine(otp_codes), otp_codes.c.id == lookup.id, otp_codes.c.attempts < limit)
            .values(attempts=otp_codes.c.attempts + 1)
        )
        return bool(done.rowcount)

    def use(self, lookup: Lookup, now: datetime) -> bool:
        """Use it up; False if somebody did."""
        done = self._connection.execute(
            update(otp_codes)
            .where(
                self._mine(otp_codes), otp_codes.c.id == lookup.id, otp_codes.c.used_at.is_(None)
            )
            .values(used_at=now)
        )
        return bool(done.rowcount)

    def _opened(self, row: Row[tuple[object, ...]] | None) -> Lookup | None:
        if row is None:
            return None
        held = self._keyring.open_json(row.sealed)
        return Lookup(row.id, row.public_ref, held["order"], held["code"], row.attempts)


def purge_codes(uow: UnitOfWork, now: datetime) -> None:
    """Drop those that are of no use any more."""
    uow.connection.execute(delete(otp_codes).where(otp_codes.c.expires_at <= now))
