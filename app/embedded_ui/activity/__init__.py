"""What happened, what did not, and why: the list, the story of one order, unreadable deliveries."""

from app.embedded_ui.activity import order, parked
from app.embedded_ui.activity.listing import blueprint

__all__ = ["blueprint", "order", "parked"]
