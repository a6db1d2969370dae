"""What orders do to stock and sales; products with managed stock fire `product.updated`."""

from twins.common.state import Document
from twins.woocommerce.order_payload import product_of
from twins.woocommerce.store import Store, set_meta


def take(store: Store, order: Document) -> None:
    """Count an order's items as sold and take them from stock."""
    for item in order["line_items"]:
        product = product_of(store, item)
        if product is None:
            continue
        product["total_sales"] += item["quantity"]
        if product["manage_stock"]:
            product["stock_quantity"] -= item["quantity"]
            product["date_modified_gmt"] = store.now()
            set_meta(store, item, [{"key": "_reduced_stock", "value": str(item["quantity"])}])
        store.state.put("product", product["id"], product)
        if product["manage_stock"]:
            store.fire("product.updated", product["id"])
    _mark(store, order, taken=True)


def _mark(store: Store, order: Document, taken: bool) -> None:
    order["stock_taken"] = taken
    if not taken:
        for item in order["line_items"]:
            set_meta(store, item, [{"key": "_reduced_stock", "value": None}])
    store.state.put("order", order["id"], order)


def give_back(store: Store, order: Document) -> None:
    """Put a whole order back on the shelf."""
    quantities = {item["id"]: item["quantity"] for item in order["line_items"]}
    _mark(store, order, taken=False)
    restock(store, order, quantities)


def restock(store: Store, order: Document, quantities: dict[int, int]) -> None:
    """Put line quantities back on the shelf (by line id), where stock is managed."""
    for item in order["line_items"]:
        quantity = quantities.get(item["id"], 0)
        product = product_of(store, item)
        if quantity and product is not None and product["manage_stock"]:
            product["stock_quantity"] += quantity
            product["date_modified_gmt"] = store.now()
            store.state.put("product", product["id"], product)
            store.fire("product.updated", product["id"])
