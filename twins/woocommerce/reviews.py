"""Product reviews: REST `products/reviews`.

As measured: any rating is taken; a malformed e-mail is taken and stored as ""; the same author
(name and e-mail) with the same text on the same product is 409; `comment_parent` is always 0;
buyers come back `verified`; a review fires `product.updated`, and the product's average lags by one
change, because it is recomputed before the new rating is stored.
"""

import hashlib
from decimal import Decimal

from twins.common.state import Document
from twins.woocommerce import php, products
from twins.woocommerce.errors import WpError, invalid_id
from twins.woocommerce.listing import selected
from twins.woocommerce.params import Param, Schema, collection, is_email
from twins.woocommerce.rest import RestRequest, RestResponse, Route, paged
from twins.woocommerce.store import PAID_STATUSES, Store, links

DUPLICATE = "Duplicate comment detected; it looks as though you&#8217;ve already said that!"
STATUSES = ("approved", "hold", "spam", "unspam", "trash", "untrash")
LENGTHS = {"reviewer": 245, "reviewer_email": 100, "review": 65_525}
WRITABLE: Schema = {
    "product_id": Param("integer"),
    "review": Param("string"),
    "reviewer": Param("string"),
    "reviewer_email": Param("string"),
    "rating": Param("integer"),
    "status": Param("string", enum=STATUSES),
    "date_created": Param("date-time"),
    "date_created_gmt": Param("date-time"),
}


def of_product(store: Store, product_id: int, status: str = "approved") -> list[Document]:
    """Return a product's reviews with a status, oldest first."""
    return [
        review
        for review in store.state.all("review")
        if review["product_id"] == product_id and review["status"] == status
    ]


def create(store: Store, data: Document) -> Document:
    """Add a review; raises WpError for an unknown product, empty text or a duplicate."""
    product = store.state.get("product", data["product_id"])
    if product is None:
        raise WpError("woocommerce_rest_product_invalid_id", "Invalid product ID.", 404)
    if not data["review"]:
        raise WpError("woocommerce_rest_review_content_invalid", "Invalid review content.", 400)
    _check_lengths(data)
    if any(_same(review, data) for review in store.state.all("review")):
        raise WpError("woocommerce_rest_comment_duplicate", DUPLICATE, 409)
    review = {
        "id": store.state.next_id("comment"),
        "date_created_gmt": _date(store, data),
        "product_id": product["id"],
        "status": {"hold": "hold", "spam": "spam"}.get(data.get("status", ""), "approved"),
        "reviewer": data["reviewer"],
        "reviewer_email": data["reviewer_email"] if is_email(data["reviewer_email"]) else "",
        "review": data["review"],
        "rating": 0,
        "verified": _bought(store, product["id"], data["reviewer_email"]),
    }
    store.state.put("review", review["id"], review)
    _recount(store, product)
    review["rating"] = int(data.get("rating") or 0)
    store.state.put("review", review["id"], review)
    store.fire("comment.inserted", (review, ""))
    return review


def change(store: Store, review: Document, data: Document) -> Document:
    """Change a review's text, rating or status (the control page's moderation too)."""
    _check_lengths(data)
    before = review["status"]
    for name in ("review", "reviewer", "reviewer_email"):
        if data.get(name) is not None:
            review[name] = data[name]
    if data.get("status"):
        back = {"unspam": "approved", "untrash": "approved"}
        review["status"] = back.get(data["status"], data["status"])
    store.state.put("review", review["id"], review)
    product = store.state.get("product", review["product_id"])
    if product is not None:
        _recount(store, product)
    review["rating"] = int(data.get("rating") or review["rating"])
    store.state.put("review", review["id"], review)
    if review["status"] != before:
        store.fire("comment.changed", (review, before))
    return review


def _same(review: Document, data: Document) -> bool:
    return bool(
        review["product_id"] == data["product_id"]
        and review["status"] != "trash"
        and review["reviewer"] == data["reviewer"]
        and review["reviewer_email"] == data["reviewer_email"]
        and review["review"] == data["review"]
    )


def _check_lengths(data: Document) -> None:
    names = {"reviewer": "reviewer", "reviewer_email": "reviewer_email", "review": "review_content"}
    for name, limit in LENGTHS.items():
        if len(str(data.get(name) or "").encode()) > limit:
            raise WpError(
                f"woocommerce_rest_{names[name]}_column_length",
                "Product review field exceeds maximum length allowed.",
                400,
            )


def _date(store: Store, data: Document) -> str:
    if data.get("date_created"):
        return store.gmt(data["date_created"])
    if data.get("date_created_gmt"):
        return store.gmt(data["date_created_gmt"], local=False)
    return store.now()


def _bought(store: Store, product_id: int, email: str) -> bool:
    wanted = email.lower()
    return any(
        order["billing"]["email"].lower() == wanted
        and order["status"] in PAID_STATUSES
        and any(product_id == item["product_id"] for item in order["line_items"])
        for order in store.state.all("order")
    )


def _recount(store: Store, product: Document) -> None:
    ratings = [r["rating"] for r in of_product(store, product["id"]) if r["rating"] > 0]
    mean = Decimal(sum(ratings)) / len(ratings) if ratings else Decimal(0)
    product["average_rating"] = php.money(mean)
    product["rating_count"] = len(ratings)
    products.touch(store, product)


def render_review(store: Store, review: Document, base: str, edit: bool = False) -> Document:
    """Return the review's JSON; only the edit view (answers to writes) has the bare text."""
    product = store.state.get("product", review["product_id"])
    email = review["reviewer_email"].lower()
    email_hash = hashlib.sha256(email.encode()).hexdigest() if email else ""
    avatar = "https://secure.gravatar.com/avatar/{}?s={}&d=mm&r=g"
    shared = links(base, f"products/reviews/{review['id']}", "products/reviews")
    return {
        "id": review["id"],
        "date_created": store.local(review["date_created_gmt"]),
        "date_created_gmt": review["date_created_gmt"],
        "product_id": review["product_id"],
        "product_name": product["name"] if product else "",
        "product_permalink": f"{base}/product/{product['slug']}/" if product else False,
        "status": review["status"],
        "reviewer": review["reviewer"],
        "reviewer_email": review["reviewer_email"],
        "review": review["review"] if edit else php.autop(review["review"]),
        "rating": review["rating"],
        "verified": review["verified"],
        "reviewer_avatar_urls": {
            str(size): avatar.format(email_hash, size) for size in (24, 48, 96)
        },
        "_links": shared
        | {"up": [{"href": f"{base}/wp-json/wc/v3/products/{review['product_id']}"}]},
    }


def _list(store: Store, request: RestRequest) -> RestResponse:
    params = request.params
    wanted = params["product"]
    found = [
        review
        for review in store.state.all("review")
        if (not wanted or review["product_id"] in wanted)
        and _has_status(review, params["status"])
        and params.get("reviewer_email") in (None, "", review["reviewer_email"])
    ]
    found = selected(store, request, found, ("review", "reviewer", "reviewer_email"))
    return paged(request, found, lambda review: render_review(store, review, request.base))


def _has_status(review: Document, status: str) -> bool:
    if status == "all":
        return review["status"] in ("approved", "hold")
    return bool(review["status"] == status)


def _get(store: Store, request: RestRequest) -> RestResponse:
    return RestResponse(render_review(store, _read(store, request.id), request.base))


def _create(store: Store, request: RestRequest) -> RestResponse:
    review = create(store, request.params)
    path = f"/wp-json/wc/v3/products/reviews/{review['id']}"
    return RestResponse(
        render_review(store, review, request.base, edit=True),
        201,
        [("Location", request.base + path)],
    )


def _update(store: Store, request: RestRequest) -> RestResponse:
    review = change(store, _read(store, request.id), request.params)
    return RestResponse(render_review(store, review, request.base, edit=True))


def _delete(store: Store, request: RestRequest) -> RestResponse:
    review = _read(store, request.id)
    if not request.params["force"]:
        if review["status"] == "trash":
            raise WpError(
                "woocommerce_rest_already_trashed", "The object has already been trashed.", 410
            )
        review = change(store, review, {"status": "trash"})
        return RestResponse(render_review(store, review, request.base, edit=True))
    shown = render_review(store, review, request.base, edit=True)
    del shown["_links"]
    change(store, review, {"status": "trash"})
    store.state.delete("review", review["id"])
    return RestResponse({"deleted": True, "previous": shown})


def _read(store: Store, review_id: int) -> Document:
    review = store.state.get("review", review_id)
    if review is None:
        raise invalid_id("review", message="Invalid review ID.")
    return review


_OPTIONAL: Schema = {k: v for k, v in WRITABLE.items() if k in ("rating", "status")}
_REQUIRED: Schema = {
    "product_id": Param("integer", required=True),
    "reviewer": Param("string", required=True),
    "reviewer_email": Param("string", required=True),
    "review": Param("string", required=True),
}
ROUTES = [
    Route(
        "GET",
        r"/wc/v3/products/reviews",
        _list,
        collection(("date", "date_gmt", "id", "include", "product"), "date_gmt")
        | {
            "product": Param("array", default=[], items="integer"),
            "status": Param(
                "string", default="approved", enum=("all", "hold", "approved", "spam", "trash")
            ),
            "reviewer_email": Param("string"),
        },
    ),
    Route("POST", r"/wc/v3/products/reviews", _create, _REQUIRED | _OPTIONAL),
    Route("GET", r"/wc/v3/products/reviews/(?P<id>\d+)", _get),
    Route("PUT", r"/wc/v3/products/reviews/(?P<id>\d+)", _update, WRITABLE),
    Route(
        "DELETE",
        r"/wc/v3/products/reviews/(?P<id>\d+)",
        _delete,
        {"force": Param("boolean", default=False)},
    ),
]
