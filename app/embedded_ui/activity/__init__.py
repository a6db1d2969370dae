"""What happened, what did not, and why: the list, the story of an order or customer, deliveries,
what a restored backup may do twice.
"""

from app.embedded_ui.activity import held, order, parked, received, why
from app.embedded_ui.activity.listing import blueprint

__all__ = ["blueprint", "held", "order", "parked", "received", "why"]
