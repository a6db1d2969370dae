"""What lies in the database sealed: opened by its keys only, also what an older release sealed."""

import base64
import hashlib
import zlib

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st

from app.db.crypto import Keyring
from app.domain.errors import Bug

OLD, NEW, OTHER = "o" * 40, "n" * 40, "x" * 40


def sealed_by_the_release_before(secret: str, data: bytes) -> bytes:
    key = base64.urlsafe_b64encode(hashlib.sha256(b"seal:" + secret.encode()).digest())
    return Fernet(key).encrypt(data)


@given(st.binary(max_size=20_000))
def test_what_was_sealed_comes_back_byte_for_byte(data: bytes) -> None:
    ring = Keyring([OLD])
    assert ring.open(ring.seal(data)) == data
    assert ring.open_body(ring.seal_body(data)) == data
    assert Keyring([NEW, OLD]).open_body(ring.seal_body(data)) == data  # another process


def test_one_value_is_sealed_differently_each_time_and_shows_nothing_of_itself() -> None:
    ring, secret = Keyring([NEW]), b"eva@example.sk lives in Nitra"
    sealed = {ring.seal(secret) for _ in range(50)} | {Keyring([NEW]).seal(secret)}
    assert len(sealed) == 51
    assert not any(b"eva" in value or b"Nitra" in value for value in sealed)


@given(st.data())
def test_a_changed_or_cut_value_is_refused(data: st.DataObject) -> None:
    ring = Keyring([NEW])
    sealed = ring.seal(b"something")
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytearray(sealed)
    changed[at] ^= data.draw(st.integers(1, 255))
    for broken in (bytes(changed), sealed[:at]):
        assert not ring.can_open(broken)
        with pytest.raises(Bug, match="SECRET_KEYS"):
            ring.open(broken)


def test_another_installation_s_key_opens_nothing() -> None:
    with pytest.raises(Bug, match="Put the old key back"):
        Keyring([OTHER, OLD]).open(Keyring([NEW]).seal(b"data"))


def test_what_the_release_before_sealed_is_read_and_counts_as_to_be_sealed_anew() -> None:
    value = sealed_by_the_release_before(OLD, zlib.compress(b'{"id": 1}', 1))
    for ring in (Keyring([OLD]), Keyring([NEW, OLD])):
        assert ring.open_body(value) == b'{"id": 1}'
        assert ring.can_open(value)
        assert not ring.is_newest(value)
    assert not Keyring([NEW]).can_open(value)
    ring = Keyring([NEW, OLD])
    assert not ring.is_newest(Keyring([OLD]).seal(b""))
    assert ring.is_newest(ring.seal(b""))
