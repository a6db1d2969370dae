"""The lines of an order, built from REST or checkout data."""

from twins.common.state import Document
from twins.woocommerce import php
from twins.woocommerce.errors import WpError
from twins.woocommerce.store import Store


def apply_line(store: Store, order: Document, line: Document) -> None:
    """Add a product line, or change or remove (quantity 0) the one with the given id."""
    known = next((item for item in order["line_items"] if item["id"] == line.get("id")), None)
    if known is not None:
        if line.get("quantity") == 0:
            order["line_items"].remove(known)
        known |= {key: php.money(line[key]) for key in ("subtotal", "total") if key in line}
        known["quantity"] = line.get("quantity", known["quantity"])
        return
    if not line.get("product_id"):
        raise WpError(
            "woocommerce_rest_required_product_reference", "Product ID or SKU is required.", 400
        )
    variation_id = int(line.get("variation_id") or 0)
    product = store.state.get("product", variation_id or line["product_id"])
    # An unknown product makes a line without name and price, as on the real store.
    name, price = (product["name"], product["price"]) if product else ("", "0")
    attributes = product["attributes"] if product else []
    quantity = int(line.get("quantity", 1))
    subtotal = line.get("subtotal") or php.decimal(price) * quantity
    order["line_items"].append(
        {
            "id": store.state.next_id("item"),
            "name": line.get("name") or name,
            "product_id": int(line["product_id"]),
            "variation_id": variation_id,
            "quantity": quantity,
            "tax_class": "",
            "subtotal": php.money(subtotal),
            "subtotal_tax": "0.00",
            "total": php.money(line.get("total") or subtotal),
            "total_tax": "0.00",
            "taxes": [],
            "meta_data": [
                store.new_meta(attribute["name"].lower(), attribute["option"])
                for attribute in attributes
                if variation_id
            ],
        }
    )


def shipping_line(store: Store, line: Document) -> Document:
    """Return a new shipping line."""
    return {
        "id": store.state.next_id("item"),
        "method_title": str(line.get("method_title", "")),
        "method_id": str(line.get("method_id", "")),
        "instance_id": str(line.get("instance_id", "")),
        "total": php.money(line.get("total", "0")),
        "total_tax": "0.00",
        "taxes": [],
        "tax_status": "taxable",
        "meta_data": [],
    }


def fee_line(store: Store, line: Document) -> Document:
    """Return a new fee line."""
    return {
        "id": store.state.next_id("item"),
        "name": str(line.get("name", "")),
        "tax_class": "",
        "tax_status": "taxable",
        "amount": "",
        "total": php.money(line.get("total", "0")),
        "total_tax": "0.00",
        "taxes": [],
        "meta_data": [],
    }
