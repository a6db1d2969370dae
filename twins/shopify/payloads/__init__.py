"""Webhook bodies: REST resources in the key sets of the documented examples."""
