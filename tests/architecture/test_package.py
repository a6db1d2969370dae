"""What is installed from a wheel is all that the running product reads."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("app", "twins")
BUILD = "from setuptools import setup; setup()"


def files_of(root: Path) -> set[str]:
    return {
        path.relative_to(root).as_posix()
        for package in PACKAGES
        for path in (root / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_a_wheel_holds_templates_styles_words_and_queries_beside_the_modules(tmp_path):
    source, built = tmp_path / "source", tmp_path / "built"
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, source / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    # The step of a wheel's making that chooses the files; it needs nothing from the network.
    command = [sys.executable, "-W", "ignore", "-c", BUILD, "-q", "build", "--build-lib", built]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert files_of(source) - files_of(built) == set()
