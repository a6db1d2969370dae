"""Makes sure that there are PHP and PHPUnit for the tests of the WordPress plugin."""

import os
import shutil
import subprocess
import sys

PROGRAMS = ("php", "phpunit")
PACKAGES = "php-cli phpunit"


def main() -> None:
    """Installs them if they are not there; fails without them only under CI."""
    if missing():
        print("No PHP found; installing it for the tests of the WordPress plugin ...")
        install()
    if problem := missing():
        print(f"{problem} Those tests will not run.", file=sys.stderr)
        if os.environ.get("CI"):
            sys.exit(1)


def missing() -> str | None:
    """What is missing, in words; None when the tests can run."""
    absent = [name for name in PROGRAMS if not shutil.which(name)]
    if not absent:
        return None
    return f"{' and '.join(absent)} are not on this machine and could not be installed."


def install() -> None:
    """By the system's package manager where we may."""
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        get = "apt-get -qq install --yes --no-install-recommends"
        for command in ("apt-get -qq update", f"{get} {PACKAGES}"):
            subprocess.run(command.split(), env=environment, check=False)


if __name__ == "__main__":
    main()
