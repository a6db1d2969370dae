"""Creates or refreshes .venv from requirements/dev.lock. Standard library only: it runs first.

Installs with pip, not uv, because pip honours the machine's own configuration (extra indexes, a
company's certificate authority) and is there wherever Python is.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed"
LOCK = ROOT / "requirements" / "dev.lock"


def main() -> None:
    """Brings .venv to what the lock says; does nothing when it is there already."""
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted and works(PYTHON, "import pip"):
        return
    if not works(PYTHON, "import pip"):
        create_venv()
    print("Installing the locked dependencies into .venv (about a minute the first time) ...")
    pip("install", "--require-hashes", "--requirement", str(LOCK))
    pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    STAMP.write_text(wanted)
    print("Ready.")


def fingerprint() -> str:
    """Changes whenever an installation would give another result."""
    parts = (LOCK, ROOT / "pyproject.toml", Path(__file__))
    digest = hashlib.sha256(b"".join(part.read_bytes() for part in parts))
    return f"{digest.hexdigest()} {ROOT}\n"


def create_venv() -> None:
    """Makes an empty .venv with pip, on Debian also where the ensurepip module is split off."""
    if VENV.exists():
        print("The Python behind .venv is gone or broken: creating .venv anew.")
        shutil.rmtree(VENV)
    if works(sys.executable, "import ensurepip, venv"):
        run(sys.executable, "-m", "venv", str(VENV))
    elif works(sys.executable, "import pip, venv"):
        run(sys.executable, "-m", "venv", "--without-pip", str(VENV))
        run(sys.executable, "-m", "pip", "--python", str(PYTHON), "install", "-qq", "pip")
    else:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        sys.exit(
            f"{sys.executable} cannot create virtual environments: its ensurepip module is missing."
            f"\nInstall it and run make again. On Debian and Ubuntu:"
            f" apt-get install python{version}-venv"
        )


def works(python: str | Path, statement: str) -> bool:
    """Whether that interpreter exists and can run the statement."""
    try:
        done = subprocess.run([str(python), "-c", statement], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def pip(*arguments: str) -> None:
    """Runs the environment's own pip, showing errors only."""
    run(str(PYTHON), "-m", "pip", "--disable-pip-version-check", "-qq", *arguments)


def run(*command: str) -> None:
    """Runs a command; ends this program with a plain message if it fails."""
    done = subprocess.run(command, check=False)
    if done.returncode != 0:
        sys.exit(
            f"Setting up .venv failed at: {' '.join(command)}\n"
            "The reason is above. Mend it and run make setup again; nothing has to be undone."
        )


if __name__ == "__main__":
    main()
