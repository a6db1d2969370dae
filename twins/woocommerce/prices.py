"""What a product costs now, and how WooCommerce writes it for people."""

from twins.common.state import Document
from twins.woocommerce import php
from twins.woocommerce.store import ENTITIES, Store


def on_sale(product: Document) -> bool:
    """Tell whether the sale price is the one that counts."""
    regular, sale = product["regular_price"], product.get("sale_price", "")
    return bool(sale) and php.decimal(sale) < php.decimal(regular)


def active(product: Document) -> str:
    """Return the price that a customer pays, "" if none is set."""
    return str(product.get("sale_price", "") if on_sale(product) else product["regular_price"])


def as_html(store: Store, product: Document) -> str:
    """Return `price_html`: a sale strikes the regular price through."""
    if not product["price"]:
        return ""
    if not on_sale(product):
        return _amount(store, product["price"])
    regular, sale = product["regular_price"], product.get("sale_price", "")
    symbol = ENTITIES[store.config.currency]

    def said(what: str, price: str) -> str:
        text = f"{what} price {'was' if what == 'Original' else 'is'}: {symbol}{php.money(price)}."
        return f'<span class="screen-reader-text">{text}</span>'

    return (
        f'<del aria-hidden="true">{_amount(store, regular)}</del> {said("Original", regular)}'
        f'<ins aria-hidden="true">{_amount(store, sale)}</ins>{said("Current", sale)}'
    )


def _amount(store: Store, price: str) -> str:
    symbol = (
        f'<span class="woocommerce-Price-currencySymbol">{ENTITIES[store.config.currency]}</span>'
    )
    amount = f"<bdi>{symbol}{php.money(price)}</bdi>"
    return f'<span class="woocommerce-Price-amount amount">{amount}</span>'
