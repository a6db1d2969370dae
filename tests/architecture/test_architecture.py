"""The architecture of docs/architecture.md, as far as a machine can see it."""

import ast
import subprocess
import sys
from pathlib import Path

from alembic.script import ScriptDirectory

from app.db.migrate import alembic_config

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"


def test_every_module_imports_only_what_its_layer_may():
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_migrations_have_one_head():
    scripts = ScriptDirectory.from_config(alembic_config("sqlite://"))
    assert len(scripts.get_heads()) == 1


def test_importing_the_application_does_nothing():
    assert (APP / "__init__.py").read_text() == ""


def test_only_the_clocks_read_the_clock():
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in APP.rglob("*.py")
        if _reads_the_clock(ast.parse(path.read_text()))
    }
    assert readers <= {"app/domain/clocks.py"}


def _reads_the_clock(tree: ast.AST) -> bool:
    clocks = {"now", "utcnow", "today", "time", "time_ns"}
    return any(
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in clocks
        and isinstance(node.func.value, ast.Name | ast.Attribute)
        and ast.unparse(node.func.value) in ("time", "datetime", "date", "datetime.datetime")
        for node in ast.walk(tree)
    )


def test_only_the_configuration_reads_the_environment():
    readers = {
        path.relative_to(APP).as_posix()
        for path in APP.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
    }
    # a supervised process gets the supervisor's environment and a mark of its own;
    # the command line prepares the environment of the processes that it starts
    assert {name for name in readers if not name.startswith("cli/")} <= {
        "config.py",
        "supervisor/processes.py",
    }
