"""The GraphQL documents that this app sends; tests validate each against Shopify's schema."""

from functools import cache
from pathlib import Path


@cache
def document(name: str) -> str:
    """The text of `<name>.graphql` beside this file."""
    return (Path(__file__).parent / f"{name}.graphql").read_text(encoding="utf-8")
