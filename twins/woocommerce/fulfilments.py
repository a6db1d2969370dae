"""Core's fulfilments (WooCommerce 10.1, a feature flag there): REST and the merchant's move.

The route is there once a fulfilment was made. Shapes are those of core's own documentation of
`orders/<id>/fulfillments`; times are the store's own, as the first releases write them.
"""

from twins.common.state import Document
from twins.woocommerce import orders
from twins.woocommerce.errors import WpError
from twins.woocommerce.rest import RestRequest, RestResponse, Route
from twins.woocommerce.store import Store, set_meta

KIND = "fulfilment"


def fulfil(store: Store, order_id: int, data: Document) -> Document:
    """One parcel with `items` [{item_id, qty}], or with all of the order."""
    order = orders.read(store, order_id)
    everything = [{"item_id": i["id"], "qty": i["quantity"]} for i in order["line_items"]]
    items = data.get("items") or everything
    now = (store.local(store.now()) or "").replace("T", " ")
    number = store.state.next_id(KIND)
    metas = {"_items": items, "_tracking_number": f"Z{number:010d}", "_date_fulfilled": now}
    made = {
        "id": number,
        "entity_type": "WC_Order",
        "entity_id": str(order_id),
        "status": "fulfilled",
        "is_fulfilled": True,
        "date_updated": now,
        "date_deleted": None,
        "meta_data": [store.new_meta(key, value) for key, value in metas.items()],
    }
    store.state.put(KIND, number, made)
    status = "fulfilled" if items == everything else "partially_fulfilled"
    set_meta(store, order, [{"key": "_fulfillment_status", "value": status}])
    orders.save(store, order)
    store.fire("fulfillment.fulfilled", order_id)
    return order


def _list(store: Store, request: RestRequest) -> RestResponse:
    known = store.state.all(KIND)
    if not known:
        message = "No route was found matching the URL and request method."
        raise WpError("rest_no_route", message, 404)
    return RestResponse([one for one in known if one["entity_id"] == str(request.id)])


ROUTES = [Route("GET", r"/wc/v3/orders/(?P<id>\d+)/fulfillments", _list)]
