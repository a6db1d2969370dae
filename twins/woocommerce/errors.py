"""WordPress REST errors."""

from typing import Any

INVALID_ID = "Invalid ID."


class WpError(Exception):
    """An error answer `{code, message, data: {status}}`; status None is a bare error (500)."""

    def __init__(
        self, code: str, message: str, status: int | None, data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status if status is not None else 500
        self._has_data = status is not None
        self._data = data or {}

    def body(self) -> dict[str, Any]:
        """Return the JSON object."""
        data = {"status": self.status, **self._data} if self._has_data else None
        return {"code": self.code, "message": self.message, "data": data}


def forbidden(code: str, message: str, logged_in: bool) -> WpError:
    """Return the refusal of a request: 403 for a user without the right, 401 for nobody."""
    return WpError(code, message, 403 if logged_in else 401)


def invalid_parameter(name: str, code: str, message: str) -> WpError:
    """Return WordPress's complaint about one parameter."""
    return WpError(
        "rest_invalid_param",
        f"Invalid parameter(s): {name}",
        400,
        {
            "params": {name: message},
            "details": {name: {"code": code, "message": message, "data": None}},
        },
    )
