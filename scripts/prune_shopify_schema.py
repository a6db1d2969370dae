"""Cut Shopify's official Admin schema down to what our GraphQL documents reach.

    python scripts/prune_shopify_schema.py FULL.graphql[.gz] DOCUMENT.graphql... > pruned.graphql

The documents are `app/platforms/shopify/operations/*.graphql` and, for what only the twin executes,
`twins/shopify/graphql/beyond_the_app.graphql`.

Kept: every field that a document selects, with all its arguments; every leaf field of a type so
reached, deprecated ones too (so that a test can refuse them); input types and enums whole; all
members of interfaces and unions that have such a field. Dropped: descriptions and all the rest.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import Any

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    is_leaf_type,
    parse,
    print_schema,
    visit,
)

Composite = GraphQLObjectType | GraphQLInterfaceType


def read_schema(path: Path) -> GraphQLSchema:
    """The full schema from SDL, gzipped or not."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return build_schema(raw.decode(), assume_valid=True)


class Reach(Visitor):
    """Collects the types and the fields that documents select."""

    def __init__(self, schema: GraphQLSchema, info: TypeInfo) -> None:
        super().__init__()
        self.schema, self.info = schema, info
        self.types: dict[str, GraphQLNamedType] = {}
        self.fields: dict[str, set[str]] = {}

    def enter_field(self, node: FieldNode, *_args: Any) -> None:
        """A selected field: keep it on its type and on the interfaces that declare it."""
        parent = self.info.get_parent_type()
        definition = self.info.get_field_def()
        if parent is None or definition is None:
            raise SystemExit(f"The full schema has no field {parent}.{node.name.value}.")
        if node.name.value.startswith("__"):
            return
        self.add(parent)
        self.fields[parent.name].add(node.name.value)
        self.add(get_named_type(definition.type))

    def enter_inline_fragment(self, node: Any, *_args: Any) -> None:
        """`... on Type` names a member of an interface or union."""
        if node.type_condition:
            self.add(self.schema.type_map[node.type_condition.name.value])

    def enter_fragment_definition(self, node: Any, *_args: Any) -> None:
        """A named fragment names its type."""
        self.add(self.schema.type_map[node.type_condition.name.value])

    def add(self, reached: GraphQLNamedType) -> None:
        """Keep a type: leaves and input types whole, others with their leaf fields."""
        if reached.name in self.types:
            return
        self.types[reached.name] = reached
        self.fields[reached.name] = set()
        if isinstance(reached, GraphQLInputObjectType):
            for field in reached.fields.values():
                self.add(get_named_type(field.type))
        elif isinstance(reached, Composite) and reached not in self.roots():
            self.fields[reached.name] |= _leaves(reached)
        if isinstance(reached, GraphQLInterfaceType | GraphQLUnionType):
            for member in self.schema.get_possible_types(reached):
                if _leaves(member):
                    self.add(member)

    def roots(self) -> tuple[Any, Any]:
        """The query and mutation types: only selected fields of them are kept."""
        return self.schema.query_type, self.schema.mutation_type

    def close(self) -> None:
        """Follow what the kept fields need: their types, their arguments' and their interfaces'."""
        before = None
        while before != (size := sum(map(len, self.fields.values())) + len(self.types)):
            before = size
            for reached in list(self.types.values()):
                if isinstance(reached, GraphQLObjectType):
                    self._share_interface_fields(reached)
                if isinstance(reached, Composite):
                    self._add_field_types(reached)

    def _share_interface_fields(self, reached: GraphQLObjectType) -> None:
        for interface in reached.interfaces:
            if interface.name in self.types:
                self.fields[reached.name] |= self.fields[interface.name]

    def _add_field_types(self, reached: Composite) -> None:
        for name in self.fields[reached.name]:
            field = reached.fields[name]
            self.add(get_named_type(field.type))
            for argument in field.args.values():
                self.add(get_named_type(argument.type))


def _leaves(composite: Composite) -> set[str]:
    return {n for n, f in composite.fields.items() if is_leaf_type(get_named_type(f.type))}


def prune(schema: GraphQLSchema, documents: list[str]) -> str:
    """The pruned SDL, sorted as the full schema is."""
    info = TypeInfo(schema)
    reach = Reach(schema, info)
    for document in documents:
        visit(parse(document), TypeInfoVisitor(info, reach))
    reach.close()
    for reached in reach.types.values():
        _cut(reached, reach)
    kept = [t for name, t in schema.type_map.items() if name in reach.types]
    pruned = GraphQLSchema(
        query=schema.query_type,
        mutation=schema.mutation_type,
        types=kept,
        directives=schema.directives,
        assume_valid=True,
    )
    for directive in pruned.directives:
        directive.description = None
        for argument in directive.args.values():
            argument.description = None
    return print_schema(pruned)


def _cut(reached: GraphQLNamedType, reach: Reach) -> None:
    reached.description = None
    if isinstance(reached, GraphQLUnionType):
        reached.types = tuple(t for t in reached.types if t.name in reach.types)
    elif isinstance(reached, Composite):
        reached.interfaces = tuple(i for i in reached.interfaces if i.name in reach.types)
        keep = reach.fields[reached.name]
        reached.fields = {n: f for n, f in reached.fields.items() if n in keep}
        for field in reached.fields.values():
            field.description = None
            for argument in field.args.values():
                argument.description = None
    elif isinstance(reached, GraphQLInputObjectType):
        for input_field in reached.fields.values():
            input_field.description = None
    elif isinstance(reached, GraphQLEnumType):
        for value in reached.values.values():
            value.description = None
    elif isinstance(reached, GraphQLScalarType):
        reached.specified_by_url = None


if __name__ == "__main__":
    full, *paths = map(Path, sys.argv[1:])
    print(prune(read_schema(full), [path.read_text() for path in paths]))
