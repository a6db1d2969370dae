"""Resolves pyproject.toml into requirements/*.lock with hashes, for every supported platform.

uv resolves for all Pythons and systems at once but does not read pip's configuration, so the
machine's index and certificates are handed over; they never appear in the files. Extra indexes are
not: they often hold a few of a package's files, and the locks must list the hashes of all of them.
"""

import os
import subprocess
import sys

from check_lock import LOCKS, ROOT, declaration_digest, stamp

PIP_TO_UV = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}


def main() -> None:
    """Writes dev.lock, then runtime.lock with the same versions."""
    environment = {**pip_configuration(), **os.environ}
    compile_lock("dev", "--group", "dev", environment=environment)
    compile_lock("runtime", "--constraint", str(LOCKS["dev"]), environment=environment)


def pip_configuration() -> dict[str, str]:
    """What pip is configured with on this machine, under uv's names; `:env:` wins over files."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    ).stdout
    found = {}
    for line in sorted(listing.splitlines(), key=lambda line: line.startswith(":env:")):
        key, _, value = line.partition("=")
        variable = PIP_TO_UV.get(key.rpartition(".")[2])
        if variable:
            found[variable] = value.strip("'")
    return found


def compile_lock(name: str, *options: str, environment: dict[str, str]) -> None:
    """Runs `uv pip compile`, upgrading everything, and stamps the file with what it is made of."""
    lock = LOCKS[name]
    lock.parent.mkdir(exist_ok=True)
    command = "uv pip compile --quiet --upgrade --no-annotate --no-header"
    command += " --universal --python-version 3.11 --fork-strategy fewest --generate-hashes"
    command += f" --output-file {lock.relative_to(ROOT)} pyproject.toml"
    subprocess.run(
        [sys.executable, "-m", *command.split(), *options], cwd=ROOT, env=environment, check=True
    )
    lock.write_text(stamp(declaration_digest()) + lock.read_text())
    print(f"Wrote {lock.name}")


if __name__ == "__main__":
    main()
