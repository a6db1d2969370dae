"""Products: the REST resource, and the numbers that reviews and orders leave on them."""

from typing import Any

from twins.common.state import Document
from twins.woocommerce import php, prices, terms
from twins.woocommerce.errors import WpError, invalid_id
from twins.woocommerce.listing import selected
from twins.woocommerce.params import MODIFIED, Param, Schema, collection
from twins.woocommerce.rest import RestRequest, RestResponse, Route, paged
from twins.woocommerce.store import Store, full_url, links, set_meta

_PLAIN = {
    "name": "string",
    "slug": "string",
    "type": "string",
    "status": "string",
    "description": "string",
    "short_description": "string",
    "sku": "string",
    "regular_price": "string",
    "sale_price": "string",
    "virtual": "boolean",
    "downloadable": "boolean",
    "manage_stock": "boolean",
    "stock_quantity": "integer",
    "reviews_allowed": "boolean",
    "parent_id": "integer",
    "images": "array",
    "attributes": "array",
}
WRITABLE: Schema = {name: Param(kind) for name, kind in _PLAIN.items()} | {  # type: ignore[arg-type]  # the kinds above are literals
    "categories": Param("array"),
    "tags": Param("array"),
    "meta_data": Param("array"),
}


def create(store: Store, data: Document) -> Document:
    """Create a product; fires `product.created`."""
    now = store.now()
    product: Document = {
        "id": store.state.next_id("post", start=10),
        "name": "Product",
        "slug": "",
        "type": "simple",
        "status": "publish",
        "description": "",
        "short_description": "",
        "sku": "",
        "price": "",
        "regular_price": "",
        "sale_price": "",
        "categories": [],
        "tags": [],
        "virtual": False,
        "downloadable": False,
        "manage_stock": False,
        "stock_quantity": None,
        "reviews_allowed": True,
        "parent_id": 0,
        "images": [],
        "attributes": [],
        "total_sales": 0,
        "average_rating": "0.00",
        "rating_count": 0,
        "meta_data": [],
        "date_created_gmt": now,
        "date_modified_gmt": now,
    }
    _write(store, product, data)
    product["slug"] = product["slug"] or php.slug(product["name"])
    store.state.put("product", product["id"], product)
    store.fire("product.created", product["id"])
    return product


def update(store: Store, product_id: int, data: Document) -> Document:
    """Change a product; fires `product.updated`."""
    product = read(store, product_id, missing_status=400)
    _write(store, product, data)
    return touch(store, product)


def touch(store: Store, product: Document) -> Document:
    """Save a changed product; fires `product.updated`."""
    product["date_modified_gmt"] = store.now()
    store.state.put("product", product["id"], product)
    store.fire("product.updated", product["id"])
    return product


def read(store: Store, product_id: int, missing_status: int = 404) -> Document:
    """Return a product; raises WpError."""
    product = store.state.get("product", product_id)
    if product is None:
        raise invalid_id("product", missing_status)
    return product


def _write(store: Store, product: Document, data: Document) -> None:
    for name in _PLAIN:
        if data.get(name) is not None:
            product[name] = data[name]
    if data.get("sku"):
        same = [p for p in store.state.all("product") if p["sku"] == data["sku"]]
        if any(other["id"] != product["id"] for other in same):
            raise WpError(
                "product_invalid_sku",
                "Invalid or duplicated SKU.",
                400,
                {"resource_id": same[0]["id"], "unique_sku": f"{data['sku']}-1"},
            )
    for name, taxonomy in (("categories", "product_cat"), ("tags", "product_tag")):
        if data.get(name) is not None:
            product[name] = terms.chosen(store, taxonomy, data[name])
    product["price"] = prices.active(product)
    for name in ("description", "short_description"):
        if data.get(name):
            product[name] = php.autop(data[name])
    product["images"] = [_image(store, image) for image in product["images"]]
    set_meta(store, product, data.get("meta_data") or [])


def _image(store: Store, image: Document) -> Document:
    if "date_created" in image:
        return image
    now = store.now()
    return {
        "id": store.state.next_id("post", start=10),
        "date_created": store.local(now),
        "date_created_gmt": now,
        "date_modified": store.local(now),
        "date_modified_gmt": now,
        "src": image["src"],
        "name": image.get("name", ""),
        "alt": image.get("alt", ""),
    }


def render_product(store: Store, product: Document, base: str) -> Document:
    """Return the product's JSON, keys in WooCommerce's order."""
    in_stock = not product["manage_stock"] or (product["stock_quantity"] or 0) > 0
    return {
        "id": product["id"],
        "name": product["name"],
        "slug": product["slug"],
        "permalink": f"{base}/product/{product['slug']}/",
        "date_created": store.local(product["date_created_gmt"]),
        "date_created_gmt": product["date_created_gmt"],
        "date_modified": store.local(product["date_modified_gmt"]),
        "date_modified_gmt": product["date_modified_gmt"],
        "type": product["type"],
        "status": product["status"],
        "featured": False,
        "catalog_visibility": "visible",
        "description": product["description"],
        "short_description": product["short_description"],
        "sku": product["sku"],
        "price": product["price"],
        "regular_price": product["regular_price"],
        "sale_price": product.get("sale_price", ""),
        "date_on_sale_from": None,
        "date_on_sale_from_gmt": None,
        "date_on_sale_to": None,
        "date_on_sale_to_gmt": None,
        "on_sale": prices.on_sale(product),
        "purchasable": product["price"] != "",
        "total_sales": product["total_sales"],
        "virtual": product["virtual"],
        "downloadable": product["downloadable"],
        "downloads": [],
        "download_limit": -1,
        "download_expiry": -1,
        "external_url": "",
        "button_text": "",
        "tax_status": "taxable",
        "tax_class": "",
        "manage_stock": product["manage_stock"],
        "stock_quantity": product["stock_quantity"],
        "backorders": "no",
        "backorders_allowed": False,
        "backordered": False,
        "low_stock_amount": None,
        "sold_individually": False,
        "weight": "",
        "dimensions": {"length": "", "width": "", "height": ""},
        "shipping_required": not product["virtual"],
        "shipping_taxable": not product["virtual"],
        "shipping_class": "",
        "shipping_class_id": 0,
        "reviews_allowed": product["reviews_allowed"],
        "average_rating": product["average_rating"],
        "rating_count": product["rating_count"],
        "upsell_ids": [],
        "cross_sell_ids": [],
        "parent_id": product["parent_id"],
        "purchase_note": "",
        "categories": terms.brief(store, "product_cat", product.get("categories", [])),
        "brands": [],
        "tags": terms.brief(store, "product_tag", product.get("tags", [])),
        "images": [image | {"src": full_url(image["src"], base)} for image in product["images"]],
        "attributes": product["attributes"],
        "default_attributes": [],
        "variations": [choice["id"] for choice in variations(store, product["id"])],
        "grouped_products": [],
        "menu_order": 0,
        "price_html": prices.as_html(store, product),
        "related_ids": [p["id"] for p in _shown(store) if p["id"] != product["id"]][:5],
        "meta_data": product["meta_data"],
        "stock_status": "instock" if in_stock else "outofstock",
        "has_options": False,
        "post_password": "",
        "global_unique_id": "",
        "_links": links(base, f"products/{product['id']}", "products"),
    }


def variations(store: Store, product_id: int) -> list[Document]:
    """Return the choices of a variable product."""
    return [
        product
        for product in store.state.all("product")
        if product["type"] == "variation" and product["parent_id"] == product_id
    ]


def _shown(store: Store) -> list[Document]:
    return [p for p in store.state.all("product") if p["type"] != "variation"]


def _has_status(product: Document, wanted: str) -> bool:
    """Whether a listing shows it: WordPress' "any" leaves the bin out."""
    return bool(product["status"] == wanted or (wanted == "any" and product["status"] != "trash"))


def _list(store: Store, request: RestRequest) -> RestResponse:
    params = request.params
    found = [
        product
        for product in _shown(store)
        if _has_status(product, params["status"])
        and params.get("type") in (None, product["type"])
        and (not params.get("sku") or product["sku"] in params["sku"].split(","))
        and (not params.get("slug") or product["slug"] == params["slug"])
    ]
    found = selected(store, request, found, ("name", "sku"))
    return paged(request, found, lambda product: render_product(store, product, request.base))


def _get(store: Store, request: RestRequest) -> RestResponse:
    return RestResponse(render_product(store, read(store, request.id), request.base))


def _create(store: Store, request: RestRequest) -> RestResponse:
    product = create(store, request.params)
    path = f"/wp-json/wc/v3/products/{product['id']}"
    return RestResponse(
        render_product(store, product, request.base), 201, [("Location", request.base + path)]
    )


def _update(store: Store, request: RestRequest) -> RestResponse:
    data: dict[str, Any] = {k: v for k, v in request.params.items() if k != "id"}
    return RestResponse(render_product(store, update(store, request.id, data), request.base))


ROUTES = [
    Route(
        "GET",
        r"/wc/v3/products",
        _list,
        collection(("date", "id", "include", "title", "slug", "modified"))
        | MODIFIED
        | {
            "status": Param("string", default="any"),
            "type": Param("string"),
            "sku": Param("string"),
            "slug": Param("string"),
        },
    ),
    Route("POST", r"/wc/v3/products", _create, WRITABLE),
    Route("GET", r"/wc/v3/products/(?P<id>\d+)", _get),
    Route("PUT", r"/wc/v3/products/(?P<id>\d+)", _update, WRITABLE),
]
