"""Translation and formats in Jinja templates."""

from collections.abc import Callable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any, Literal

from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from app.domain.money import Money
from app.i18n.translator import Translator, fill


def install(env: Environment, translator: Translator | Callable[[], Translator]) -> None:
    """Give templates `_()`, `ngettext()`, `{% trans %}` and the filters.

    `translator` is one for an environment of one language, or, where an environment serves many
    (a web application), a function that returns the current reader's.
    Texts may contain HTML, their parameters are escaped.
    """

    def current() -> Translator:
        return translator if isinstance(translator, Translator) else translator()

    env.add_extension("jinja2.ext.i18n")
    env.policies["ext.i18n.trimmed"] = True
    env.newstyle_gettext = True  # type: ignore[attr-defined]  # declared by the extension
    env.globals.update(_functions(current))
    env.filters.update(_filters(current))


def _functions(current: Callable[[], Translator]) -> dict[str, Callable[..., str]]:
    def filled(context: Context, text: str, params: dict[str, Any]) -> str:
        if not context.eval_ctx.autoescape:
            return fill(text, params)
        escaped = {name: escape(value) for name, value in params.items()}
        return Markup(fill(text, escaped))  # noqa: S704 -- texts are ours, parameters are escaped

    @pass_context
    def gettext(context: Context, message: str, /, **params: Any) -> str:
        return filled(context, current().template(message), params)

    @pass_context
    def ngettext(context: Context, singular: str, plural: str, n: int, /, **params: Any) -> str:
        text = current().translations.ngettext(singular, plural, n)
        return filled(context, text, {**params, "n": current().number(n)})

    return {"_": gettext, "gettext": gettext, "ngettext": ngettext}


def _filters(current: Callable[[], Translator]) -> dict[str, Callable[..., str]]:
    # pass_context, though unused, keeps Jinja from computing a constant's format when it compiles
    # the template, in the language of whoever came first.
    @pass_context
    def money(_: Context, amount: Money) -> str:
        return current().money(amount)

    @pass_context
    def number(_: Context, value: int | Decimal) -> str:
        return current().number(value)

    @pass_context
    def date_(
        _: Context,
        day: date,
        tz: tzinfo | None = None,
        style: Literal["long", "short"] = "long",
    ) -> str:
        return current().date(day, tz=tz, style=style)

    @pass_context
    def datetime_(
        _: Context, moment: datetime, tz: tzinfo, style: Literal["long", "short"] = "long"
    ) -> str:
        return current().datetime(moment, tz, style=style)

    @pass_context
    def zoned(_: Context, moment: datetime, tz: tzinfo) -> str:
        return current().zoned(moment, tz)

    @pass_context
    def exact(_: Context, moment: datetime, tz: tzinfo) -> str:
        return current().exact(moment, tz)

    @pass_context
    def time_(_: Context, moment: datetime, tz: tzinfo) -> str:
        return current().time(moment, tz)

    @pass_context
    def ago(_: Context, moment: datetime, now: datetime) -> str:
        return current().ago(moment, now)

    @pass_context
    def translate(_: Context, message: str, **params: Any) -> str:
        return current().gettext(message, **params)

    return {
        "money": money,
        "number": number,
        "date": date_,
        "datetime": datetime_,
        "zoned": zoned,
        "exact": exact,
        "time": time_,
        "ago": ago,
        "t": translate,
    }
