"""Returns as the merchant works with them: the queue, one return, the rules, the dry run."""

from app.embedded_ui.returns import dry_run, one, queue, rules, steps
from app.embedded_ui.returns.pages import blueprint

__all__ = ["blueprint", "dry_run", "one", "queue", "rules", "steps"]
