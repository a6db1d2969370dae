"""What happened, what did not, and why: the list, the story of an order or customer, deliveries."""

from app.embedded_ui.activity import order, parked, received, why
from app.embedded_ui.activity.listing import blueprint

__all__ = ["blueprint", "order", "parked", "received", "why"]
