"""The code of an earlier commit, which runs beside the present one while a release goes out."""

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

_ROOT = Path(__file__).parents[1]


class NoSuchCommit(RuntimeError):
    """The earlier code cannot be had."""


def unpack(commit: str, directory: Path) -> Path:
    """The whole tree of a commit of this repository, in a directory; raises NoSuchCommit."""
    done = subprocess.run(
        ["git", "-C", str(_ROOT), "archive", "--format=tar", commit, "--"],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise NoSuchCommit(
            f"{commit} cannot be unpacked, so there is no old code to run: {done.stderr.decode()}"
            "Name a commit that `git log` shows, in a clone with its history."
        )
    with tarfile.open(fileobj=BytesIO(done.stdout)) as tree:
        tree.extractall(directory, filter="data")
    return directory
