"""Liquid as merchants' texts may use it: little, strict, and bounded in every direction.

Pure: a text sees its fields and nothing else; no file, no clock, no other text.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext, Token
from liquid.ast import Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags import assign_tag, case_tag, comment_tag, for_tag, if_tag, unless_tag
from liquid.exceptions import (
    FilterArgumentError,
    LiquidError,
    LiquidTypeError,
    LoopIterationLimitError,
    ResourceLimitError,
    UndefinedError,
    UnknownFilterError,
)
from liquid.expression import Expression
from liquid.stringify import to_liquid_string
from liquid.undefined import UNDEFINED, FalsyStrictUndefined

from app.channels.texts.filters import filters_for
from app.channels.texts.refusals import TextRefused, Why, refused
from app.channels.texts.source import completed, pieces
from app.i18n import Language, Translator

SOURCE_LIMIT = 64 * 1024  # whatever a slot allows
_STEPS = 5_000
_KEPT = 256  # parsed texts, so that a run of mails parses each once


class _Missing(FalsyStrictUndefined):
    """A field without a value: false in conditions, answered by `default`, else an error."""

    def __init__(
        self, name: str, *, token: Token | None, obj: object = UNDEFINED, hint: str | None = None
    ) -> None:
        super().__init__(name, token=token, obj=obj, hint=hint)
        self.msg = name


class _Context(RenderContext):
    """Counts look-ups, turns and filters; Liquid's own limit knows each loop alone."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.steps = 0

    def spend(self, steps: int) -> None:
        """Take part of what a text may do. Raises a ResourceLimitError when nothing is left."""
        self.steps += steps
        if self.steps > _STEPS:
            raise LoopIterationLimitError("steps", token=None)

    def get(
        self, path: list[object], *, token: Token | None, default: object = UNDEFINED
    ) -> object:
        self.spend(1)
        return super().get(path, token=token, default=default)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        self.spend(length)
        super().raise_for_loop_limit(length)


class _Template(BoundTemplate):
    context_class = _Context


class _OutputNode(output.OutputNode):
    """`{{ … }}`; a list is written with commas."""

    def render_to_output(self, context: RenderContext, buffer: Any) -> int:
        value = self.expression.evaluate(context)
        if isinstance(value, list):
            value = ", ".join(map(str, value))
        shown = to_liquid_string(value, context.autoescape)
        return int(buffer.write(shown))


class _Output(output.Output):
    node_class = _OutputNode


class _Environment(Environment):
    template_class = _Template
    block_nesting_limit = 8
    context_depth_limit = 20
    loop_iteration_limit = 400
    local_namespace_limit = 50_000
    output_stream_limit = 20_000

    def __init__(self, language: Language, *, rich: bool) -> None:
        self._language: Language = language
        super().__init__(undefined=_Missing, strict_filters=True, autoescape=rich)

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002
        for tag in (
            content.Literal, _Output, illegal.Illegal, if_tag.IfTag, unless_tag.UnlessTag,
            case_tag.CaseTag, for_tag.ForTag, assign_tag.AssignTag, comment_tag.CommentTag,
        ):  # fmt: skip
            self.add_tag(tag)
        self.filters.update(filters_for(Translator(self._language)))


@cache
def _environment(language: Language, *, rich: bool) -> Environment:
    return _Environment(language, rich=rich)


@lru_cache(maxsize=_KEPT)
def parsed(source: str, language: Language, *, rich: bool) -> BoundTemplate:
    """A text ready to be filled in; `rich`: values are escaped for HTML. Raises TextRefused."""
    if len(source.encode(errors="replace")) > SOURCE_LIMIT:
        raise refused(Why.TOO_LONG, most=str(SOURCE_LIMIT))
    pieces(source)
    try:
        template = _environment(language, rich=rich).from_string(source)
    except Exception as error:
        raise _why(error, source, _culprit(source, language, rich=rich)) from error
    for expression in expressions(template):
        if isinstance(expression, RangeLiteral):  # `(1..9000000000)` fills any memory
            raise refused(Why.RANGE, source, expression.token.start_index)
    return template


def _culprit(source: str, language: Language, *, rich: bool) -> int | None:
    """Where the part begins that cannot be read; the library often knows no place."""
    environment = _environment(language, rich=rich)
    for piece in pieces(source):
        try:
            environment.from_string(completed(piece))
        except Exception:  # noqa: BLE001 - as above
            return piece.start
    return None


def filled(template: BoundTemplate, source: str, values: Mapping[str, object]) -> str:
    """The text with its values. Raises TextRefused."""
    try:
        return template.render(values)
    except Exception as error:
        raise _why(error, source) from error


def expressions(template: BoundTemplate) -> Iterator[Expression]:
    """Every expression of a text, inner ones included."""
    context = RenderContext(template)

    def of(nodes: Iterable[Node]) -> Iterator[Expression]:
        for node in nodes:
            for expression in node.expressions():
                yield from below(expression)
            yield from of(node.children(context, include_partials=False))

    def below(expression: Expression) -> Iterator[Expression]:
        yield expression
        for child in expression.children():
            yield from below(child)

    return of(template.nodes)


def _why(error: Exception, source: str, part: int | None = None) -> TextRefused:
    """The library's error as one of ours; `part`: where it happened, if the error does not say."""
    token = error.token if isinstance(error, LiquidError) else None
    known = token is not None and token.start_index >= 0
    at = token.start_index if token and known else part
    match error:
        case UndefinedError():
            return refused(Why.MISSING, source, at, name=str(error.args[0]))
        case UnknownFilterError():
            return refused(Why.FILTER, source, at, name=token.value if token else "")
        case FilterArgumentError():
            return refused(Why.FILTER_USE, source, at, name=str(error.args[0]))
        case ResourceLimitError() | RecursionError() | OverflowError() | MemoryError():
            return refused(Why.TOO_MUCH, source, at)
        case LiquidTypeError():
            return refused(Why.COMPARED, source, at)
    near = token.value.strip()[:40] if token and known else ""
    return refused(Why.SYNTAX, source, at, near=near)
