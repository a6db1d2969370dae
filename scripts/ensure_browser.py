"""Makes sure that there is a Chromium for the browser tests and the pictures."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def main() -> None:
    """Installs a browser if there is none; fails without one only under CI."""
    if missing():
        print("No Chromium found; installing one for the browser tests ...")
        install()
    if problem := missing():
        print(f"{problem} The browser tests will not run.", file=sys.stderr)
        if os.environ.get("CI"):
            sys.exit(1)


def system_browser() -> str | None:
    """The browser that the system has, if any; otherwise Playwright uses its own."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def missing() -> str | None:
    """What is missing, in words; None when browser tests can run."""
    if system_browser() or _playwrights_own():
        return None
    return "There is no Chromium on this machine and none could be installed."


def install() -> None:
    """By the system's package manager where we may, otherwise Playwright's own build."""
    if os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in ("apt-get -qq update", "apt-get -qq install --yes chromium"):
            subprocess.run(command.split(), env=environment, check=False)
    if not system_browser():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


def _playwrights_own() -> bool:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow, and often not needed

    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


if __name__ == "__main__":
    main()
