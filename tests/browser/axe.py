"""What axe complains of, the same for every page."""

from typing import TYPE_CHECKING, Any

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Page

# It would load style sheets and media once more, for what starts playing by itself: we have
# neither sound nor film. Without that it takes half the time.
_OPTIONS: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}


def findings(page: "Page") -> list[str]:
    """Each complaint with its place."""
    violations = Axe().run(page, options=_OPTIONS).response["violations"]
    return [f"{each['id']}: {node['html']}" for each in violations for node in each["nodes"]]
