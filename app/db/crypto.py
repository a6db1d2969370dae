"""Encryption at rest and keyed look-up hashes.

`SECRET_KEYS` (newest first) makes a `Keyring`: it seals personal data with AES-256-GCM and opens
with whichever key fits, so that a rotated key still opens old rows. Look-up hashes use a random key
per shop, wrapped by the keyring and never rotated: otherwise unsubscribed people would become
mailable again.

A sealed value is `version ‖ salt ‖ nonce ‖ ciphertext`. Each keyring, so each process, seals under
a key of its own, derived with its random salt: random nonces of one key must stay far below 2³²
(NIST SP 800-38D), which all values of an installation together would not. Values of before
(Fernet; bodies packed by zlib) begin with other bytes and stay readable. Why: docs/adr/0014.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.domain.errors import Bug

_VERSION = b"\x02"
_SALT = 16
_NONCE = 12
_HEAD = len(_VERSION) + _SALT + _NONCE
_TAG = 16
_ZSTD = b"\x28\xb5\x2f\xfd"  # how a packed body begins; zlib's begin otherwise
_PACKED_LEVEL = 1  # 13 µs for 6 KB; higher levels save little of what is kept for 30 days


class Keyring:
    """Seals and opens with `SECRET_KEYS`; derives signing keys for links."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        self._secrets = tuple(secret_keys)
        self._keys = [_Key(secret) for secret in secret_keys]
        self._salt = secrets.token_bytes(_SALT)
        self._sealing = self._keys[0].cipher(self._salt)
        self._packers = threading.local()  # a compressor serves one thread at a time

    def seal(self, data: bytes) -> bytes:
        """Encrypt with the newest key."""
        nonce = secrets.token_bytes(_NONCE)
        return b"".join((_VERSION, self._salt, nonce, self._sealing.encrypt(nonce, data, None)))

    def open(self, sealed: bytes) -> bytes:
        """Decrypt with whichever key fits. Raises Bug if none does."""
        for key in self._keys:
            data = key.open(sealed)
            if data is not None:
                return data
        raise Bug(
            "A stored value cannot be decrypted: the key that sealed it is not in "
            "SECRET_KEYS. Put the old key back behind the new one."
        )

    def is_newest(self, sealed: bytes) -> bool:
        """Whether the newest key sealed it, in the present way."""
        return sealed[:1] == _VERSION and self._keys[0].open(sealed) is not None

    def can_open(self, sealed: bytes) -> bool:
        """Whether any of the keys sealed it."""
        return any(key.open(sealed) is not None for key in self._keys)

    def seal_json(self, value: Any) -> bytes:
        """Encrypt a JSON value."""
        return self.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())

    def open_json(self, sealed: bytes) -> Any:
        """Decrypt a JSON value."""
        return json.loads(self.open(sealed))

    def seal_body(self, body: bytes) -> bytes:
        """Compress and encrypt a webhook body (6 KB become about 2 KB)."""
        return self.seal(self._packer().compress(body))

    def open_body(self, sealed: bytes) -> bytes:
        """The body as it was received, byte for byte."""
        packed = self.open(sealed)
        if packed.startswith(_ZSTD):
            return zstandard.ZstdDecompressor().decompress(packed)
        return zlib.decompress(packed)

    def link_keys(self) -> list[str]:
        """Keys for signed links, oldest first as itsdangerous wants them."""
        return [
            hashlib.sha256(b"links:" + secret.encode()).hexdigest()
            for secret in reversed(self._secrets)
        ]

    def _packer(self) -> zstandard.ZstdCompressor:
        if not hasattr(self._packers, "one"):
            self._packers.one = zstandard.ZstdCompressor(level=_PACKED_LEVEL)
        packer: zstandard.ZstdCompressor = self._packers.one
        return packer


class _Key:
    """One of `SECRET_KEYS`, in both ways in which it seals or once sealed."""

    def __init__(self, secret: str) -> None:
        self._root = hashlib.sha256(b"seal-v2:" + secret.encode()).digest()
        self._fernet = Fernet(_fernet_key(secret))
        # Salts are as many as there were processes; a batch of rows shares a few of them.
        self.cipher = lru_cache(maxsize=256)(self._cipher)

    def _cipher(self, salt: bytes) -> AESGCM:
        """The key derived for one salt."""
        return AESGCM(hmac.digest(self._root, b"process:" + salt, hashlib.sha256))

    def open(self, sealed: bytes) -> bytes | None:
        """What was sealed; None if this key did not seal it."""
        try:
            if sealed[:1] != _VERSION:
                return self._fernet.decrypt(sealed)
            if len(sealed) < _HEAD + _TAG:
                return None
            cipher = self.cipher(sealed[1 : 1 + _SALT])
            return cipher.decrypt(sealed[1 + _SALT : _HEAD], sealed[_HEAD:], None)
        except (InvalidTag, InvalidToken):
            return None


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
