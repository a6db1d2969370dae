"""WordPress REST errors."""

from typing import Any


class WpError(Exception):
    """An error answer `{code, message, data: {status, …}}`."""

    def __init__(
        self, code: str, message: str, status: int, data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.data: Any = {"status": status, **(data or {})}

    def body(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"code": self.code, "message": self.message, "data": self.data}


def bare_error(code: str, message: str, data: int) -> WpError:
    """Return an error as the refunds give it: always 500, with a bare number as data."""
    error = WpError(code, message, 500)
    error.data = data
    return error


def invalid_id(kind: str, status: int = 404, message: str = "Invalid ID.") -> WpError:
    """Return the answer for an object that is not there."""
    return WpError(f"woocommerce_rest_{kind}_invalid_id", message, status)


def invalid_parameter(
    name: str, code: str, message: str, data: dict[str, str] | None = None
) -> WpError:
    """Return WordPress's complaint about one parameter."""
    details = {name: {"code": code, "message": message, "data": data}}
    return WpError(
        "rest_invalid_param",
        f"Invalid parameter(s): {name}",
        400,
        {"params": {name: message}, "details": details},
    )
