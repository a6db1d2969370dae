"""Every locked package with licence and age; fails for a licence that nobody has agreed to.

`make dependencies` lists them. Ages are asked of the index that pip uses on this machine, one
request a package; without it they are unknown. `installed_problems` compares what is installed,
file by file, with the locks and with what the packages' authors packed.
"""

import argparse
import base64
import hashlib
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from importlib import metadata
from typing import Any, cast

import requests
from check_lock import pins
from license_expression import ExpressionError, get_spdx_licensing
from lock import pip_configuration
from pip._internal.models.index import PyPI  # pip's own default, so that no index is named here

# MPL and LGPL: used as they are, from their own packages, nothing of ours is made of their code.
ALLOWED = frozenset(
    {
        "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "LGPL-3.0-only", "MIT", "MIT-0",
        "MPL-2.0", "PSF-2.0",
    }
)  # fmt: skip

# What older metadata says in words.
_WORDS = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
}
# What metadata does not say, or not exactly; read in the licence that comes with the package.
_READ = {
    "atheris": "Apache-2.0",
    "axe-playwright-python": "MIT",
    "itsdangerous": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "shopifyapp": "MIT",
}
_SIMPLE = "application/vnd.pypi.simple.v1+json"
_INSTALLERS = {"pip", "afterglow-app"}


@dataclass(frozen=True, slots=True)
class Package:
    """One line of a lock. `licence` is an SPDX expression; None: not installed on this system."""

    name: str
    version: str
    runtime: bool
    licence: str | None


def main() -> None:
    """Prints all; exits 1 for a licence that is not allowed."""
    parser = argparse.ArgumentParser(prog="make dependencies")
    parser.add_argument("names", nargs="*", help="only these")
    parser.add_argument("--offline", action="store_true", help="without ages")
    given = parser.parse_args()
    chosen = [each for each in packages() if not given.names or each.name in given.names]
    ages = _Index(offline=given.offline)
    print(f"{'package':28} {'version':12} {'for':8} {'licence':30} {'released':11} newest")
    for each in chosen:
        released, newest = ages.of(each.name, each.version)
        place = "running" if each.runtime else "making"
        licence = each.licence or "(other system)"
        print(f"{each.name:28} {each.version:12} {place:8} {licence:30} {released:11} {newest}")
    if ages.silent:
        print("Ages are unknown: the index of pip's configuration did not tell them.")
    problems = [*licence_problems(chosen), *(() if given.names else installed_problems())]
    sys.exit("\n".join(problems) if problems else 0)


def packages() -> list[Package]:
    """All packages of the locks."""
    runtime = {name.partition("[")[0] for name in pins("runtime")}
    found = []
    for named, version in pins("dev").items():
        name = named.partition("[")[0]
        licence = licence_of(name) if _installed(name) else None
        found.append(Package(name, version.partition(" ")[0], name in runtime, licence))
    return found


def licence_of(name: str) -> str:
    """As an SPDX expression where it can be told, else as the metadata says it."""
    about = cast("Message", metadata.metadata(name))  # which it is, whatever its stubs say
    if expression := about.get("License-Expression"):
        return str(expression)
    if name in _READ:
        return _READ[name]
    told = (about.get("License") or "").strip()
    classifiers = [
        line.rpartition(" :: ")[2]
        for line in about.get_all("Classifier") or ()
        if line.startswith("License ::")
    ]
    for words in (told, *classifiers):
        if words in ALLOWED or words in _WORDS:
            return str(_WORDS.get(words, words))
    return told.partition("\n")[0][:60] or ", ".join(classifiers) or "unknown"


def licence_problems(listed: list[Package]) -> list[str]:
    """A line for each licence that is not allowed."""
    return [
        f"{each.name}: {each.licence} is not among the allowed licences."
        for each in listed
        if each.licence is not None and not is_allowed(each.licence)
    ]


def is_allowed(expression: str) -> bool:
    """Whether one may choose allowed licences only."""
    licensing = get_spdx_licensing()

    def allowed(part: Any) -> bool:
        if isinstance(part, licensing.OR):
            return any(map(allowed, part.args))
        if isinstance(part, licensing.AND):
            return all(map(allowed, part.args))
        return str(part) in ALLOWED

    try:
        return allowed(licensing.parse(expression, validate=True))
    except ExpressionError:
        return False


def installed_problems() -> list[str]:
    """What is installed and not locked, in another version, or not as it was packed."""
    locked = {each.name: each.version for each in packages()}
    problems = []
    for found in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower()
        if name in _INSTALLERS:
            continue
        if locked.get(name) != found.version:
            problems.append(f"{name} {found.version} is installed, {locked.get(name)} is locked.")
        problems += [f"{name}: {file} is not as it was packed." for file in _changed(found)]
    return problems


def _changed(found: metadata.Distribution) -> Iterator[str]:
    for file in found.files or ():
        if file.hash is None or file.suffix == ".pyc":
            continue
        path = file.locate()
        if not path.is_file():  # type: ignore[attr-defined]  # pathlib's, whatever the stubs say
            yield f"{file} (missing)"
            continue
        digest = hashlib.new(file.hash.mode, path.read_bytes()).digest()  # type: ignore[attr-defined]
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != file.hash.value:
            yield str(file)


def _installed(name: str) -> bool:
    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True


class _Index:
    """When releases were published (PEP 700), as far as the machine's own index says so."""

    def __init__(self, *, offline: bool) -> None:
        configured = pip_configuration()
        self._url = configured.get("UV_DEFAULT_INDEX") or PyPI.simple_url
        self._verify: str | bool = configured.get("SSL_CERT_FILE", True)
        self.silent = offline or not self._url.startswith("http")

    def of(self, name: str, version: str) -> tuple[str, str]:
        """Days of the locked release and of the newest one."""
        if self.silent:
            return "unknown", "unknown"
        try:
            answer = requests.get(
                f"{self._url.rstrip('/')}/{name}/", headers={"Accept": _SIMPLE},
                timeout=10, verify=self._verify,
            )  # fmt: skip
            files = answer.json()["files"]
        except (requests.RequestException, ValueError, KeyError):
            self.silent = True
            return "unknown", "unknown"
        spelled = re.compile(rf"(?i){re.sub('-', '[-_.]', name)}-{re.escape(version)}[-.]")
        own = [file for file in files if spelled.match(file["filename"])]
        return _day(own, first=True), _day(files, first=False)


def _day(files: list[dict[str, str]], *, first: bool) -> str:
    times = sorted(file["upload-time"] for file in files if file.get("upload-time"))
    if not times:
        return "unknown"
    moment = datetime.fromisoformat(times[0 if first else -1]).astimezone(UTC)
    return f"{moment:%Y-%m-%d}"


if __name__ == "__main__":
    main()
