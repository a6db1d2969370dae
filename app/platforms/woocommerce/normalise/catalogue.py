"""Products and registered customers."""

from collections.abc import Sequence

from app.domain.money import Money, MoneyError
from app.domain.snapshots import CustomerSnapshot, Person, ProductSnapshot
from app.platforms.woocommerce.bodies import Customer, Product, Term, Variation
from app.platforms.woocommerce.markup import plain


def product_snapshot(
    product: Product, variations: Sequence[Variation], currency: str | None
) -> ProductSnapshot:
    """The product, with prices if the shop's currency is known; the body does not tell it.

    `variations` are those of a variable product, where they were read: its own body has no prices.
    """
    listed = [("", product.regular_price), *((v.id, v.regular_price) for v in variations)]
    regular = ((variant_id, _price(price, currency)) for variant_id, price in listed)
    return ProductSnapshot(
        product_id=product.id,
        title=plain(product.name),
        version=product.date_modified_gmt,
        url=product.permalink,
        image_url=product.images[0].src if product.images else None,
        reviewable=product.status == "publish" and product.reviews_allowed,
        price=_price(product.price, currency),
        categories=_names(product.categories),
        tags=_names(product.tags),
        regular_prices={variant_id: price for variant_id, price in regular if price},
    )


def _names(terms: Sequence[Term]) -> tuple[str, ...]:
    return tuple(name for term in terms if (name := plain(term.name)))


def _price(amount: str | None, currency: str | None) -> Money | None:
    """None where plugins write words in its place: a product is of use without its price."""
    if not amount or not currency:
        return None
    try:
        return Money.parse(amount, currency)
    except MoneyError:
        return None


def customer_snapshot(customer: Customer) -> CustomerSnapshot:
    """The customer; WooCommerce knows neither their language nor their consent."""
    billing = customer.billing
    return CustomerSnapshot(
        customer_id=customer.id,
        version=customer.date_modified_gmt or customer.date_created_gmt,
        person=Person(
            email=customer.email or billing.email,
            first_name=customer.first_name or billing.first_name,
            last_name=customer.last_name or billing.last_name,
            phone=billing.phone,
            city=billing.city,
            customer_id=customer.id,
        ),
        country=billing.country,
    )
