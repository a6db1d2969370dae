"""Products, in both spellings."""

from app.domain.ids import PlatformId
from app.domain.money import Money
from app.domain.snapshots import ProductSnapshot
from app.platforms.shopify.fields import Fields


def rest_product(body: Fields, shop_domain: str) -> ProductSnapshot:
    """`products/update`. The shop's permanent domain redirects to the one that customers see.

    Partial: the body knows no collections, and prices without their currency.
    """
    image = body.node_or_none("image")
    published = body.time_or_none("published_at") is not None
    handle = body.text_or_none("handle")
    return ProductSnapshot(
        product_id=body.id("id"),
        title=body.text("title"),
        version=body.time("updated_at"),
        url=f"https://{shop_domain}/products/{handle}" if handle and published else None,
        image_url=image.text_or_none("src") if image else None,
        reviewable=published and body.text("status") == "active",
        tags=tuple(
            tag.strip() for tag in (body.text_or_none("tags") or "").split(",") if tag.strip()
        ),
        partial=True,
    )


def graphql_product(body: Fields) -> ProductSnapshot:
    """operations/product.graphql."""
    media = body.node_or_none("featuredMedia")
    preview = media.node_or_none("preview") if media else None
    image = preview.node_or_none("image") if preview else None
    url = body.text_or_none("onlineStoreUrl")
    return ProductSnapshot(
        product_id=body.gid(),
        title=body.text("title"),
        version=body.time("updatedAt"),
        url=url,
        image_url=image.text_or_none("url") if image else None,
        reviewable=(
            url is not None and body.text("status") == "ACTIVE" and not body.flag("isGiftCard")
        ),
        categories=_categories(body),
        tags=body.texts("tags"),
        regular_prices=_regular_prices(body),
    )


def _split(tags: str) -> tuple[str, ...]:
    return tuple(tag.strip() for tag in tags.split(",") if tag.strip())


def _categories(body: Fields) -> tuple[str, ...]:
    """What the merchant calls the kind of goods: product type and collections, each once."""
    collections = [node.text("title") for node in body.node("collections").nodes("nodes")]
    own = body.text_or_none("productType")
    return tuple(dict.fromkeys([own, *collections] if own else collections))


def _regular_prices(body: Fields) -> dict[PlatformId, Money]:
    currency = body.node("priceRangeV2").node("minVariantPrice").currency("currencyCode")
    return {
        variant.gid(): variant.money("compareAtPrice", currency)
        for variant in body.node("variants").nodes("nodes")
        if variant.text_or_none("compareAtPrice")
    }
