"""Our GraphQL documents against Shopify's schema, and our pruned schema against the full one."""

from __future__ import annotations

import gzip
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest
from graphql import (
    GraphQLSchema,
    NoDeprecatedCustomRule,
    build_schema,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    parse,
    specified_rules,
    validate,
)

ROOT = Path(__file__).parents[2]
SHOPIFY = ROOT / "app/platforms/shopify"
OPERATIONS = sorted((SHOPIFY / "operations").glob("*.graphql"))
PRUNED = SHOPIFY / "schema/admin-2026-10.graphql"
FULL = ROOT.parent / "shared/schema/shopify-admin-2026-10.graphql.gz"
# Of the pruned file as it was last compared with the official schema. After running
# scripts/prune_shopify_schema.py, run these tests where the official schema is, then renew it.
PRUNED_SHA256 = "d201b110800b9a9edf91898cb430704395ec40cd4ac05f0532c1471c3f641ce2"


@pytest.fixture(scope="module")
def pruned() -> GraphQLSchema:
    return build_schema(PRUNED.read_text())


@pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
def test_operation_is_valid_and_uses_nothing_deprecated(path: Path, pruned: GraphQLSchema) -> None:
    rules = [*specified_rules, NoDeprecatedCustomRule]
    assert validate(pruned, parse(path.read_text()), rules) == []


def test_pruned_schema_is_the_one_that_was_compared_with_the_official_one() -> None:
    assert sha256(PRUNED.read_bytes()).hexdigest() == PRUNED_SHA256
    assert PRUNED.stat().st_size < 300_000


def test_toml_scopes_cover_every_operation() -> None:
    config = tomllib.loads((ROOT / "shopify/shopify.app.toml").read_text())
    granted = set(config["access_scopes"]["scopes"].split(","))
    granted |= {scope.replace("write_", "read_") for scope in granted}
    for path in OPERATIONS:
        first_line = path.read_text().splitlines()[0]
        assert first_line.startswith("# Scopes: "), path.name
        needed = set(first_line.removeprefix("# Scopes: ").split(", ")) - {"none"}
        assert needed <= granted, path.name


def _compare(name: str, pruned: GraphQLSchema, full: GraphQLSchema) -> None:
    ours, theirs = pruned.type_map[name], full.type_map[name]
    assert type(ours) is type(theirs)
    if is_enum_type(ours):
        assert list(ours.values) == list(theirs.values)
    elif is_input_object_type(ours):
        assert {n: str(f.type) for n, f in ours.fields.items()} == {
            n: str(f.type) for n, f in theirs.fields.items()
        }
    elif is_object_type(ours) or is_interface_type(ours):
        for field_name, field in ours.fields.items():
            official = theirs.fields[field_name]
            assert str(field.type) == str(official.type), field_name
            assert field.deprecation_reason == official.deprecation_reason, field_name
            assert {n: str(a.type) for n, a in field.args.items()} == {
                n: str(a.type) for n, a in official.args.items()
            }, field_name


if FULL.exists():  # elsewhere the stored digest stands for this comparison

    @pytest.fixture(scope="module")
    def full() -> GraphQLSchema:
        return build_schema(gzip.decompress(FULL.read_bytes()).decode(), assume_valid=True)

    def test_pruned_schema_agrees_with_the_official_one(
        pruned: GraphQLSchema, full: GraphQLSchema
    ) -> None:
        for name in pruned.type_map:
            _compare(name, pruned, full)

    @pytest.mark.parametrize("path", OPERATIONS, ids=lambda path: path.stem)
    def test_operation_is_valid_against_the_official_schema(
        path: Path, full: GraphQLSchema
    ) -> None:
        rules = [*specified_rules, NoDeprecatedCustomRule]
        assert validate(full, parse(path.read_text()), rules) == []
