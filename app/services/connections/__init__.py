"""A shop's connection to its store: opened, checked, renewed, closed."""

from app.services.connections.checking import check
from app.services.connections.closing import disconnect
from app.services.connections.connecting import (
    PENDING_FOR,
    CannotConnect,
    connect,
    drop_granted_keys,
    enter,
    keep_granted_keys,
    pending_id,
    verdict,
    verify,
    verify_pending,
)
from app.services.connections.opener import StoreOpener

__all__ = [
    "PENDING_FOR",
    "CannotConnect",
    "StoreOpener",
    "check",
    "connect",
    "disconnect",
    "drop_granted_keys",
    "enter",
    "keep_granted_keys",
    "pending_id",
    "verdict",
    "verify",
    "verify_pending",
]
