"""Checks every file of the repository: length of modules, nothing of one machine, no addresses of
package registries."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONG, TOO_LONG = 300, 350  # lines of a module; migrations are written once and not read again
ELSEWHERE = re.compile(
    r"(?:^|[^\w.-])/(?:work|home/\w+|Users/\w+)/"
    r"|pythonhoste[d]\.|pyp[i]\.org|registry\.npmj[s]|deb\.debia[n]\.org"
)


def main() -> None:
    """Prints warnings and problems; exits 1 if there is a problem."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    problems = []
    for name in listed.splitlines():
        path = ROOT / name
        if not path.is_file():  # removed, not committed yet
            continue
        try:
            lines = path.read_text().splitlines()
        except UnicodeDecodeError:
            continue
        problems += [
            f"{name}:{number}: names a machine's path or a package registry."
            for number, line in enumerate(lines, start=1)
            if ELSEWHERE.search(line)
        ]
        if not re.match(r"(app|twins)/.*\.py$", name) or "/migrations/" in name:
            continue
        if len(lines) > TOO_LONG:
            problems.append(f"{name}: {len(lines)} lines; make it a package of the same name.")
        elif len(lines) > LONG:
            print(f"{name}: {len(lines)} lines; over {TOO_LONG} fails.")
    if problems:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main()
