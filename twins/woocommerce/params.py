"""Checks and converts REST parameters the way WordPress does it from a route's schema."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from twins.woocommerce.errors import WpError, invalid_parameter

Kind = Literal["string", "integer", "boolean", "array", "object", "address", "date-time", "any"]
_DATE = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d(:?\d\d)?)?")


@dataclass(frozen=True)
class Param:
    """One parameter of a route; `kind` "any" is not checked."""

    kind: Kind = "any"
    default: Any = None
    enum: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    required: bool = False
    items: Literal["integer", "any"] = "any"  # of an array


Schema = dict[str, Param]


def is_email(text: Any) -> bool:
    """Tell whether WordPress's `is_email` would accept a text."""
    return re.fullmatch(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(\.[\w-]+)+", str(text)) is not None


def collection(orderby: tuple[str, ...], default_orderby: str = "date") -> Schema:
    """Return the parameters that every list has."""
    return {
        "page": Param("integer", default=1, minimum=1),
        "per_page": Param("integer", default=10, minimum=1, maximum=100),
        "offset": Param("integer"),
        "order": Param("string", default="desc", enum=("asc", "desc")),
        "orderby": Param("string", default=default_orderby, enum=orderby),
        "search": Param("string"),
        "include": Param("array", default=[], items="integer"),
        "exclude": Param("array", default=[], items="integer"),
        "after": Param("date-time"),
        "before": Param("date-time"),
    }


MODIFIED: Schema = {
    "modified_after": Param("date-time"),
    "modified_before": Param("date-time"),
    "dates_are_gmt": Param("boolean", default=False),
}


def checked(params: dict[str, Any], schema: Schema) -> dict[str, Any]:
    """Return the parameters with defaults and converted values; raise WpError for a bad one."""
    missing = [name for name, param in schema.items() if param.required and name not in params]
    if missing:
        raise WpError(
            "rest_missing_callback_param",
            f"Missing parameter(s): {', '.join(missing)}",
            400,
            {"params": missing},
        )
    result = dict(params)
    for name, param in schema.items():
        if params.get(name) is not None:
            result[name] = _convert(name, params[name], param)
        elif param.default is not None:
            result[name] = param.default
    return result


def _convert(name: str, value: Any, param: Param) -> Any:
    if param.kind == "array":
        values = value if isinstance(value, list) else re.split(r"[\s,]+", str(value))
        values = [item for item in values if item != ""]
        if param.items == "integer":
            return [_integer(name, f"{name}[{n}]", item, param) for n, item in enumerate(values)]
        return [_one_of(f"{name}[0]", name, item, param) for item in values]
    if param.kind == "integer":
        return _integer(name, name, value, param)
    if param.kind == "boolean":
        known = {"true": True, "1": True, "false": False, "0": False, "": False}
        text = str(value).lower()
        if text not in known:
            raise _wrong_type(name, "boolean")
        return known[text]
    if param.kind == "date-time":
        if not _DATE.fullmatch(str(value)):
            raise invalid_parameter(name, "rest_invalid_date", "Invalid date.")
        return value
    if (param.kind == "string" and not isinstance(value, str)) or (
        param.kind in ("object", "address") and not isinstance(value, dict)
    ):
        raise _wrong_type(name, "object" if param.kind == "address" else param.kind)
    if param.kind == "address" and value.get("email") and not is_email(value["email"]):
        raise invalid_parameter(name, "rest_invalid_email", "Invalid email address.")
    return _one_of(name, name, value, param)


def _integer(name: str, shown: str, value: Any, param: Param) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"-?\d+(\.0+)?", str(value)):
        raise _wrong_type(name, "integer", shown)
    number = int(float(value))
    low, high = param.minimum, param.maximum
    if (low is not None and number < low) or (high is not None and number > high):
        bounds = (
            f"must be between {low} (inclusive) and {high} (inclusive)"
            if high is not None
            else f"must be greater than or equal to {low}"
        )
        raise invalid_parameter(name, "rest_out_of_bounds", f"{name} {bounds}")
    return number


def _one_of(shown: str, name: str, value: Any, param: Param) -> Any:
    if param.enum and value not in param.enum:
        *most, last = param.enum
        raise invalid_parameter(
            name, "rest_not_in_enum", f"{shown} is not one of {', '.join(most)}, and {last}."
        )
    return value


def _wrong_type(name: str, kind: str, shown: str | None = None) -> WpError:
    shown = shown or name
    message = f"{shown} is not of type {kind}."
    return invalid_parameter(name, "rest_invalid_type", message, {"param": shown})
