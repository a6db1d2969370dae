"""REST `products/<id>/variations`: the choices of a variable product, read only."""

from twins.common.state import Document
from twins.woocommerce import products
from twins.woocommerce.errors import invalid_id
from twins.woocommerce.params import Param
from twins.woocommerce.rest import RestRequest, RestResponse, Route, paged
from twins.woocommerce.store import Store, links

# What a variation shows of what a product has, in WooCommerce's order.
_SHARED = [
    "id",
    "date_created",
    "date_created_gmt",
    "date_modified",
    "date_modified_gmt",
    "description",
    "permalink",
    "sku",
    "price",
    "regular_price",
    "sale_price",
    "date_on_sale_from",
    "date_on_sale_from_gmt",
    "date_on_sale_to",
    "date_on_sale_to_gmt",
    "on_sale",
    "status",
    "purchasable",
    "virtual",
    "downloadable",
    "downloads",
    "download_limit",
    "download_expiry",
    "tax_status",
    "tax_class",
    "manage_stock",
    "stock_quantity",
    "stock_status",
    "backorders",
    "backorders_allowed",
    "backordered",
    "low_stock_amount",
    "weight",
    "dimensions",
    "shipping_class",
    "shipping_class_id",
    "image",
    "attributes",
    "menu_order",
    "meta_data",
]


def _render(store: Store, variation: Document, base: str) -> Document:
    shown = products.render_product(store, variation, base)
    shown["image"] = shown["images"][0] if shown["images"] else None
    path = f"products/{variation['parent_id']}/variations"
    return {name: shown[name] for name in _SHARED} | {
        "_links": links(base, f"{path}/{variation['id']}", path)
        | {"up": [{"href": f"{base}/wp-json/wc/v3/products/{variation['parent_id']}"}]}
    }


def _list(store: Store, request: RestRequest) -> RestResponse:
    products.read(store, request.id)
    found = products.variations(store, request.id)[::-1]
    return paged(request, found, lambda variation: _render(store, variation, request.base))


def _get(store: Store, request: RestRequest) -> RestResponse:
    wanted = int(request.params["variation_id"])
    found = [v for v in products.variations(store, request.id) if v["id"] == wanted]
    if not found:
        raise invalid_id("product_variation")
    return RestResponse(_render(store, found[0], request.base))


ROUTES = [
    Route(
        "GET",
        r"/wc/v3/products/(?P<id>\d+)/variations",
        _list,
        {
            "page": Param("integer", default=1, minimum=1),
            "per_page": Param("integer", default=10, minimum=1, maximum=100),
        },
    ),
    Route("GET", r"/wc/v3/products/(?P<id>\d+)/variations/(?P<variation_id>\d+)", _get),
]
