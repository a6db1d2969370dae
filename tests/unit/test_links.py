"""Signed links: one spelling each, and worth nothing for anything else."""

import pytest

from app.channels.links import Links, Purpose

LINKS = Links("https://afterglow.example", ["former", "present"])
NAMED = {"s": "shop", "o": "4100"}
TOKEN = LINKS.make(Purpose.RETURN, NAMED).rpartition("/")[2]


def test_a_link_names_what_it_was_made_for() -> None:
    assert LINKS.read(Purpose.RETURN, TOKEN) == NAMED
    assert LINKS.read(Purpose.REVIEW, TOKEN) is None


@pytest.mark.parametrize("more", ["=", "!", "~~~~", "é"])
def test_a_link_has_one_spelling(more: str) -> None:
    """Found by fuzzing: the rate limits of a link count its spelling."""
    assert LINKS.read(Purpose.RETURN, TOKEN + more) is None


def test_spare_bits_of_the_signature_are_no_second_spelling() -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    read = [letter for letter in letters if LINKS.read(Purpose.RETURN, TOKEN[:-1] + letter)]
    assert read == [TOKEN[-1]]


def test_the_former_key_still_opens() -> None:
    token = Links("https://x.example", ["former"]).make(Purpose.RETURN, NAMED).rpartition("/")[2]
    assert LINKS.read(Purpose.RETURN, token) == NAMED
