"""Query costs and the leaky bucket.

Shopify publishes the rule (a scalar 0, an object 1, a connection by its size, a mutation 10) but
charges large connections less than their size. The twin charges the full size, so a document that
fits here fits there.
"""

from collections.abc import Mapping
from threading import Lock
from time import monotonic
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_leaf_type,
    is_list_type,
)
from graphql.type import GraphQLNamedType, get_nullable_type

MAX_QUERY_COST = 1000
MUTATION_COST = 10


def requested_cost(
    schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]
) -> int:
    """Return the cost if every requested object existed; the document has been validated."""
    fragments = {
        node.name.value: node
        for node in document.definitions
        if isinstance(node, FragmentDefinitionNode)
    }
    measure = _Measure(schema, fragments, variables)
    operation = next(n for n in document.definitions if isinstance(n, OperationDefinitionNode))
    if operation.operation is OperationType.MUTATION:
        return MUTATION_COST * len(operation.selection_set.selections)
    root = schema.get_root_type(operation.operation)
    return measure.selection(root, operation.selection_set) if root else 0


class _Measure:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: dict[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self.schema, self.fragments, self.variables = schema, fragments, variables

    def selection(self, parent: GraphQLNamedType, selected: SelectionSetNode | None) -> int:
        """Sum the fields; of inline fragments on a union only the dearest counts."""
        total, dearest = 0, 0
        for node in selected.selections if selected else ():
            if isinstance(node, FieldNode):
                total += self.field(parent, node)
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self.schema.type_map[condition.name.value] if condition else parent
                dearest = max(dearest, self.selection(inner, node.selection_set))
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                inner = self.schema.type_map[fragment.type_condition.name.value]
                total += self.selection(inner, fragment.selection_set)
        return total + dearest

    def field(self, parent: GraphQLNamedType, node: FieldNode) -> int:
        """Cost of one field with everything below it."""
        name = node.name.value
        if name.startswith("__"):
            return 0
        definition = getattr(parent, "fields", {})[name]
        result = get_named_type(definition.type)
        if is_leaf_type(result):
            return 0
        children = self.selection(result, node.selection_set)
        size = self._size(node)
        if isinstance(result, GraphQLObjectType) and result.name.endswith("Connection"):
            return 1 + (size or 0) * children
        if result.name.endswith("Edge") or name == "pageInfo":
            return children
        if name == "nodes":
            return 1 + children
        if is_list_type(get_nullable_type(definition.type)):
            return (size or 1) * (1 + children)
        return 1 + children

    def _size(self, node: FieldNode) -> int | None:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
                if isinstance(argument.value, VariableNode):
                    return int(self.variables.get(argument.value.name.value) or 0)
        return None


def actual_cost(data: Any) -> int:
    """Return the cost of what really came back: one point per object."""
    if isinstance(data, dict):
        return sum(_object_cost(value) for value in data.values())
    return 0


def _object_cost(value: Any) -> int:
    if isinstance(value, list):
        return sum(_object_cost(item) for item in value)
    return 1 + actual_cost(value) if isinstance(value, dict) else 0


class Bucket:
    """The leaky bucket of one app in one shop, on wall time."""

    def __init__(self, points: float, restore_per_second: float) -> None:
        self.points, self.restore = points, restore_per_second
        self.refusals = 0  # how often there were not enough
        self._available, self._at = points, monotonic()
        self._lock = Lock()

    def take(self, cost: float) -> bool:
        """Take points if there are enough."""
        with self._lock:
            self._fill()
            if self._available < cost:
                self.refusals += 1
                return False
            self._available -= cost
            return True

    def give_back(self, cost: float) -> None:
        """Return what a query did not use."""
        with self._lock:
            self._available = min(self.points, self._available + cost)

    def empty(self) -> None:
        """Leave nothing, as other queries of the same app would."""
        with self._lock:
            self._available, self._at = 0.0, monotonic()

    def status(self) -> dict[str, float]:
        """Return `throttleStatus`."""
        with self._lock:
            self._fill()
            return {
                "maximumAvailable": self.points,
                "currentlyAvailable": int(self._available),
                "restoreRate": self.restore,
            }

    def _fill(self) -> None:
        now = monotonic()
        self._available = min(self.points, self._available + (now - self._at) * self.restore)
        self._at = now
