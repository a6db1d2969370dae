"""Checks, offline, that requirements/*.lock belong to pyproject.toml and are safe to install."""

import hashlib
import json
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = ROOT / "pyproject.toml"
LOCKS = {name: ROOT / "requirements" / f"{name}.lock" for name in ("dev", "runtime")}


def main() -> None:
    """Prints every problem; exits 1 if there is one."""
    problems = [problem for name in LOCKS for problem in problems_of(name)]
    if not problems:
        different = pins("runtime").items() - pins("dev").items()
        problems = [f"{name}=={version} differs in dev.lock" for name, version in different]
    if problems:
        sys.exit("\n".join([*problems, "Run `make lock` and commit the result."]))


def declaration_digest() -> str:
    """A digest of all that pyproject.toml says about dependencies."""
    data = tomllib.loads(PYPROJECT.read_text())
    declared = {
        "python": data["project"]["requires-python"],
        "runtime": sorted(data["project"]["dependencies"]),
        "groups": {name: sorted(group) for name, group in data["dependency-groups"].items()},
        "environments": data["tool"]["uv"]["environments"],
    }
    return hashlib.sha256(json.dumps(declared, sort_keys=True).encode()).hexdigest()


def stamp(digest: str) -> str:
    """The first lines of a lock file."""
    return f"# Written by `make lock`; do not edit.\n# declarations: sha256:{digest}\n"


def problems_of(name: str) -> list[str]:
    """What is wrong with one lock file."""
    lock = LOCKS[name]
    if not lock.is_file():
        return [f"{lock.name} is missing."]
    text = lock.read_text()
    problems = []
    if not text.startswith(stamp(declaration_digest())):
        problems.append(f"{lock.name} was made for other declarations than pyproject.toml has.")
    if re.search(r"https?://|file:|^\s*-", text.replace("    --hash=", ""), re.MULTILINE):
        problems.append(f"{lock.name} names an index or an option.")
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    problems += [
        f"{lock.name}: {entry.split()[0]} has no exact version with hashes."
        for entry in entries
        if "==" not in entry.split()[0] or "--hash=sha256:" not in entry
    ]
    return problems


def pins(name: str) -> dict[str, str]:
    """Package → version with its environment marker."""
    found = re.findall(r"^([a-z0-9._\[\],-]+)==([^\\\n]+)", LOCKS[name].read_text(), re.MULTILINE)
    return {package: version.strip() for package, version in found}


if __name__ == "__main__":
    main()
