"""Encryption at rest and keyed look-up hashes.

`SECRET_KEYS` (newest first) makes a `Keyring`: it seals personal data with MultiFernet, so that a
rotated key still opens old rows. Look-up hashes use a random key per shop, wrapped by the keyring
and never rotated: otherwise unsubscribed people would become mailable again.
"""

import base64
import hashlib
import hmac
import json
import secrets
import zlib
from collections.abc import Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from app.domain.errors import Bug


class Keyring:
    """Seals and opens with `SECRET_KEYS`; derives signing keys for links."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        self._secrets = tuple(secret_keys)
        fernets = [Fernet(_fernet_key(secret)) for secret in secret_keys]
        self._newest = fernets[0]
        self._fernet = MultiFernet(fernets)

    def seal(self, data: bytes) -> bytes:
        """Encrypt with the newest key."""
        return self._fernet.encrypt(data)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt with whichever key fits. Raises Bug if none does."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken as error:
            raise Bug(
                "A stored value cannot be decrypted: the key that sealed it is not in "
                "SECRET_KEYS. Put the old key back behind the new one."
            ) from error

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it."""
        try:
            self._newest.decrypt(sealed)
        except InvalidToken:
            return False
        return True

    def can_open(self, sealed: bytes) -> bool:
        """Whether any of the keys sealed it."""
        try:
            self._fernet.decrypt(sealed)
        except InvalidToken:
            return False
        return True

    def seal_json(self, value: Any) -> bytes:
        """Encrypt a JSON value."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def open_json(self, sealed: bytes) -> Any:
        """Decrypt a JSON value."""
        return json.loads(self.open(sealed))

    def seal_body(self, body: bytes) -> bytes:
        """Compress and encrypt a webhook body (6 KB become about 2 KB)."""
        return self.seal(zlib.compress(body, 1))

    def open_body(self, sealed: bytes) -> bytes:
        """The body as it was received, byte for byte."""
        return zlib.decompress(self.open(sealed))

    def link_keys(self) -> list[str]:
        """Keys for signed links, oldest first as itsdangerous wants them."""
        return [
            hashlib.sha256(b"links:" + secret.encode()).hexdigest()
            for secret in reversed(self._secrets)
        ]


class ShopHasher:
    """Keyed hashes of one shop's customers' addresses and ids."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def fingerprint(self, kind: str, value: str) -> str:
        """A look-up hash; equal values give equal hashes within one shop only."""
        return hmac.new(self._key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()


def new_shop_key() -> bytes:
    """A fresh random key for a shop's hashes."""
    return secrets.token_bytes(32)


def _fernet_key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"seal:" + secret.encode()).digest())
