"""Single-use values: wc-auth, one-time sign-in, hand-over tokens. Wall time."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from app.db.models import nonces
from app.db.session import UnitOfWork
from app.domain.ids import ShopId


@dataclass(frozen=True, slots=True)
class Nonce:
    """An unexpired nonce and what is bound to it."""

    shop_id: ShopId | None
    data: dict[str, Any]
    used: bool


def mint(
    uow: UnitOfWork,
    purpose: str,
    data: dict[str, Any],
    expires_at: datetime,
    shop_id: ShopId | None = None,
) -> str:
    """A fresh 256-bit value (base64url without padding: WooCommerce mangles the rest)."""
    value = secrets.token_urlsafe(32)
    remember(uow, purpose, value, data, expires_at=expires_at, shop_id=shop_id)
    return value


def remember(
    uow: UnitOfWork,
    purpose: str,
    value: str,
    data: dict[str, Any],
    *,
    expires_at: datetime,
    shop_id: ShopId | None = None,
) -> bool:
    """Store a value that came from outside (`jti`); False if it was seen before: a replay."""
    result = uow.connection.execute(
        uow.insert(nonces)
        .values(
            shop_id=shop_id,
            purpose=purpose,
            value_hash=_hash(value),
            sealed=uow.keyring.seal_json(data),
            expires_at=expires_at,
        )
        .on_conflict_do_nothing()
    )
    return bool(result.rowcount == 1)


def peek(uow: UnitOfWork, purpose: str, value: str, now: datetime) -> Nonce | None:
    """The nonce, used or not, while it has not expired."""
    row = uow.connection.execute(
        select(nonces).where(
            nonces.c.purpose == purpose,
            nonces.c.value_hash == _hash(value),
            nonces.c.expires_at > now,
        )
    ).first()
    if row is None:
        return None
    return Nonce(row.shop_id, uow.keyring.open_json(row.sealed), row.used_at is not None)


def consume(uow: UnitOfWork, purpose: str, value: str, now: datetime) -> Nonce | None:
    """Use it up; None if it is unknown, expired or used already."""
    result = uow.connection.execute(
        update(nonces)
        .where(
            nonces.c.purpose == purpose,
            nonces.c.value_hash == _hash(value),
            nonces.c.expires_at > now,
            nonces.c.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return peek(uow, purpose, value, now) if result.rowcount == 1 else None


def purge(uow: UnitOfWork, now: datetime) -> None:
    """Drop expired ones."""
    uow.connection.execute(delete(nonces).where(nonces.c.expires_at <= now))


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
