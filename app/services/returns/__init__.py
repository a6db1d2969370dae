"""Returns as people use them: `asking` for customers, `deciding` for the merchant."""
