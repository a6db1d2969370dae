"""Packs the WordPress plugin into dist/afterglow-<version>.zip, ready to be uploaded.

With an address (`--app-url https://…`) the page's field for it is filled in.
"""

import argparse
import re
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "wordpress" / "afterglow"
MAIN = "afterglow.php"
_WHEN = (2026, 1, 1, 0, 0, 0)  # the same content makes the same file


def main() -> None:
    """Writes the zip and says where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--app-url", default="", help="address of the Afterglow to connect to")
    parser.add_argument("--into", type=Path, default=ROOT / "dist")
    options = parser.parse_args()
    if options.app_url and not re.fullmatch(r"https://[A-Za-z0-9.:/_-]+", options.app_url):
        sys.exit("The address begins with https:// and has no query.")
    print(build(options.into, options.app_url))


def build(folder: Path, app_url: str = "") -> Path:
    """The zip in this folder; everything in it is below afterglow/."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"afterglow-{version()}.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(PLUGIN.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                content = path.read_bytes()
                if path.name == MAIN and app_url:
                    content = _with_address(content, app_url)
                name = f"afterglow/{path.relative_to(PLUGIN).as_posix()}"
                archive.writestr(zipfile.ZipInfo(name, _WHEN), content, zipfile.ZIP_DEFLATED)
    return target


def version() -> str:
    """What the plugin's header says."""
    found = re.search(r"^ \* Version: (\S+)$", (PLUGIN / MAIN).read_text(), re.MULTILINE)
    if not found:
        raise SystemExit(f"{MAIN} has no version.")
    return found[1]


def _with_address(content: bytes, app_url: str) -> bytes:
    line = b"define( 'AFTERGLOW_FILE', __FILE__ );\n"
    fixed = f"defined( 'AFTERGLOW_APP_URL' ) || define( 'AFTERGLOW_APP_URL', '{app_url}' );\n"
    return content.replace(line, line + fixed.encode())


if __name__ == "__main__":
    main()
