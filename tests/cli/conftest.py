"""The command `afterglow` as an operator types it, in a data directory with spaces in its name."""

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
import structlog

from app.cli import main
from app.config import Settings

KEY = "0123456789abcdef0123456789abcdef-first"


@dataclass(frozen=True)
class Done:
    """How a command ended and what it printed."""

    returncode: int
    stdout: str
    stderr: str


Afterglow = Callable[..., Done]


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "Application Support" / "afterglow data"


@pytest.fixture
def environment(data_dir: Path) -> dict[str, str]:
    """A bare installation in development."""
    mine = {name.upper() for name in Settings.model_fields}
    return {
        **{name: value for name, value in os.environ.items() if name not in mine},
        "ENVIRONMENT": "development",
        "DATA_DIR": str(data_dir),
        "SECRET_KEYS": KEY,
        "MAIL_TRANSPORT": "outbox",
        "REDIS_URL": "redis://127.0.0.1:1/0",
    }


@pytest.fixture
def afterglow(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> Iterator[Afterglow]:
    """Runs one command to its end, in this process: starting another takes seconds."""
    root = logging.getLogger()
    before = root.handlers[:], root.level

    def run(*arguments: str, **changed: str | None) -> Done:
        capsys.readouterr()
        wanted = {name: value for name, value in {**environment, **changed}.items() if value}
        code: object = 0
        with patch.dict(os.environ, wanted, clear=True):
            try:
                main(arguments)
            except SystemExit as ended:
                code = ended.code or 0
        printed = capsys.readouterr()
        said = printed.err + (code if isinstance(code, str) else "")
        return Done(code if isinstance(code, int) else 1, printed.out, said)

    yield run
    root.handlers[:], root.level = before
    structlog.reset_defaults()
