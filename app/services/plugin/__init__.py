"""Our plugin in a WooCommerce store: linking it, and what it may ask of us."""
