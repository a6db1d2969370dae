"""Writes dist/sbom.json: what the running application is made of, as CycloneDX (`make sbom`).

From the runtime lock and the installed packages' own metadata; no network. The same lock gives the
same file, byte for byte. Packages for another system are named without licence and dependencies.
"""

import hashlib
import re
import tomllib
import uuid
from collections.abc import Iterable
from importlib import metadata

from check_lock import LOCKS, PYPROJECT, ROOT, pins
from cyclonedx.model import Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from dependencies import Package, packages
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

TARGET = ROOT / "dist" / "sbom.json"
_HASHED = "afterglow:lock:sha256"  # of each file that may be installed for the package


def main() -> None:
    """Write it."""
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text())
    print(f"Wrote {TARGET.relative_to(ROOT)}: {len(pins('runtime'))} packages")


def text() -> str:
    """The whole document."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    root = Component(
        name=project["name"], version=project["version"], type=ComponentType.APPLICATION,
        bom_ref=project["name"], licenses=[LicenseExpression(project["license"]["text"])],
    )  # fmt: skip
    listed = [each for each in packages() if each.runtime]
    hashes = _hashes()
    known = {each.name: _component(each, hashes[each.name]) for each in listed}
    digest = hashlib.sha256(LOCKS["runtime"].read_bytes()).digest()[:16]
    bom = Bom(components=known.values(), serial_number=uuid.UUID(bytes=digest, version=4))
    bom.metadata.component = root
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the same file each time
    wanted = _named(project["dependencies"])
    bom.register_dependency(root, [known[name] for name in wanted & known.keys()])
    for each in listed:
        wanted = _named(metadata.requires(each.name) or () if each.licence is not None else ())
        bom.register_dependency(known[each.name], [known[n] for n in wanted & known.keys()])
    return JsonV1Dot6(bom).output_as_string(indent=2) + "\n"


def _component(package: Package, hashes: list[str]) -> Component:
    return Component(
        name=package.name,
        version=package.version,
        type=ComponentType.LIBRARY,
        bom_ref=package.name,
        purl=PackageURL("pypi", name=package.name, version=package.version),
        licenses=[LicenseExpression(package.licence)] if package.licence else [],
        properties=[Property(name=_HASHED, value=digest) for digest in hashes],
    )


def _named(requirements: Iterable[str]) -> set[str]:
    """The packages that are needed here, extras left out."""
    found: set[str] = set()
    for line in requirements:
        asked = Requirement(line)
        if asked.marker is None or asked.marker.evaluate({"extra": ""}):
            found.add(canonicalize_name(asked.name))
    return found


def _hashes() -> dict[str, list[str]]:
    """Package → SHA-256 of its files, from the lock."""
    found = {}
    for entry in re.split(r"\n(?=[a-z0-9])", LOCKS["runtime"].read_text())[1:]:
        name = re.split(r"[\[=]", entry, maxsplit=1)[0]
        found[name] = sorted(re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
    return found


if __name__ == "__main__":
    main()
