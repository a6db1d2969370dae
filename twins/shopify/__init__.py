"""The Shopify twin: a local stand-in for a Shopify store and its Admin API.

It speaks Shopify's real protocol over HTTP. `start` runs it inside a process, `python -m
twins.shopify` alone. Shops are told apart by the Host header, as `{handle}.myshopify.com`.
"""

from twins.shopify.server import start

__all__ = ["start"]
