"""Small programs for the supervisor to run, as command lines."""

import sys
from pathlib import Path


def steady(name: str, journal: Path) -> dict[str, object]:
    """Writes its start and its end into the journal; ready once its own file is there."""
    ready = journal.with_name(f"{name}.ready")
    code = (
        "import pathlib, signal, sys, time\n"
        f"journal = open({str(journal)!r}, 'a', buffering=1)\n"
        "def end(*_):\n"
        f"    journal.write('{name} ended\\n'); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        f"journal.write('{name} started\\n')\n"
        f"print('hello from {name}')\n"
        "time.sleep(0.2)\n"
        f"journal.write('{name} ready\\n')\n"
        f"pathlib.Path({str(ready)!r}).touch()\n"
        "time.sleep(300)\n"
    )
    return {"name": name, "argv": [sys.executable, "-c", code], "ready": str(ready)}


def python(name: str, code: str) -> dict[str, object]:
    return {"name": name, "argv": [sys.executable, "-c", code]}
