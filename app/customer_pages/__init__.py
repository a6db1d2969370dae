"""What customers see: review form, what they want to hear about, how reviews are handled."""

from app.customer_pages import about, downloads, from_store, preferences, review
from app.customer_pages.frame import blueprint

__all__ = ["about", "blueprint", "downloads", "from_store", "preferences", "review"]
