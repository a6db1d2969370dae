"""Checks that the documentation speaks of what exists: links, commands, settings."""

import re
import subprocess
import sys
from pathlib import Path

from app.config import Settings

ROOT = Path(__file__).resolve().parent.parent
AFTERGLOW = Path(sys.executable).with_name("afterglow")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"")


def main() -> None:
    """Prints every problem; exits 1 if there is one."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    pages = {name: (ROOT / name).read_text() for name in listed.splitlines() if name}
    problems = [problem for name, text in pages.items() for problem in broken_links(name, text)]
    problems += unknown_make_targets(pages)
    problems += unknown_commands(pages)
    problems += undocumented_settings(pages)
    if problems:
        sys.exit("\n".join(problems))


def broken_links(name: str, text: str) -> list[str]:
    """Relative links and pictures that lead nowhere, also to a heading that is not there."""
    problems = []
    for link in ("".join(found) for found in LINK.findall(CODE.sub("", text))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        if not target.exists():
            problems.append(f"{name}: the link {link} leads nowhere.")
        elif heading and target.suffix == ".md" and heading not in headings(target.read_text()):
            problems.append(f"{name}: {link}: there is no such heading.")
    return problems


def headings(text: str) -> set[str]:
    """The anchors of a page, as code hosts make them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def named(program: str, pages: dict[str, str]) -> dict[str, str]:
    """Words that follow a program's name in code, with a page that says them."""
    word = re.compile(rf"(?:^|[`$] ?){program} ([a-z][a-z-]*)", re.MULTILINE)
    return {
        found: name
        for name, text in pages.items()
        for code in CODE.findall(text)
        for found in word.findall(code)
    }


def unknown_make_targets(pages: dict[str, str]) -> list[str]:
    """`make X` where the Makefile has no X."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    return [
        f"{page}: there is no `make {target}`."
        for target, page in named("make", pages).items()
        if target not in targets
    ]


def unknown_commands(pages: dict[str, str]) -> list[str]:
    """`afterglow X` where the command line has no X."""
    return [
        f"{page}: there is no `afterglow {command}`."
        for command, page in named("afterglow", pages).items()
        if not is_command(command)
    ]


def is_command(name: str) -> bool:
    """Whether the command line knows the name."""
    command = [str(AFTERGLOW), name, "--help"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def undocumented_settings(pages: dict[str, str]) -> list[str]:
    """Differences between docs/configuration.md (first cell of each row) and Settings."""
    page = pages.get("docs/configuration.md", "")
    documented = set(re.findall(r"^\| *`([A-Z0-9_]+)`", page, re.MULTILINE))
    existing = {name.upper() for name in Settings.model_fields}
    return [
        *(f"docs/configuration.md lacks {name}." for name in sorted(existing - documented)),
        *(f"docs/configuration.md: no setting {name}." for name in sorted(documented - existing)),
    ]


if __name__ == "__main__":
    main()
