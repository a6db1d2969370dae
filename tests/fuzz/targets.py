"""All that is fuzzed: what takes bytes from outside. Each runs one input and raises if it breaks.

An input is not the data itself but choices (`Dice`): which example, which topic, what to change.
So changed bytes are mostly still bodies, tokens and texts, and get past the first check.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import bodies, signatures, words

FINDINGS = Path(__file__).parent / "findings"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to fuzz."""

    run: Callable[[bytes], None]
    seeds: Sequence[bytes] = (b"", bytes(range(64)), b"\1" * 32, b"\xff" * 32)

    @property
    def name(self) -> str:
        """As `make fuzz TARGET=…` names it."""
        return self.run.__name__

    def findings(self) -> list[Path]:
        """Inputs that once broke it; each is run again by the tests."""
        return sorted((FINDINGS / self.name).glob("*"))


TARGETS = {
    target.name: target
    for target in (
        Target(signatures.verify_shopify),
        Target(signatures.verify_woocommerce),
        Target(signatures.id_token),
        Target(signatures.plugin_tokens),
        Target(signatures.links),
        Target(bodies.normalise_shopify, bodies.seeds(bodies.shopify_bodies())),
        Target(bodies.normalise_woocommerce, bodies.seeds(bodies.woocommerce_bodies())),
        Target(bodies.body_reader),
        Target(words.money),
        Target(words.addresses),
        Target(words.templates),
        Target(words.ways_back),
    )
}

# What the fuzzer must find broken: a search that cannot fail would prove nothing.
SELF_TESTS = {target.name: target for target in (Target(signatures.links_unguarded),)}
