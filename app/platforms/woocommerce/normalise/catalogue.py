"""Products and registered customers."""

from app.domain.snapshots import CustomerSnapshot, Person, ProductSnapshot
from app.platforms.woocommerce.bodies import Customer, Product
from app.platforms.woocommerce.markup import plain


def product_snapshot(product: Product) -> ProductSnapshot:
    """The product; without a price, because the body does not tell the currency."""
    return ProductSnapshot(
        product_id=product.id,
        title=plain(product.name),
        version=product.date_modified_gmt,
        url=product.permalink,
        image_url=product.images[0].src if product.images else None,
        reviewable=product.status == "publish" and product.reviews_allowed,
    )


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
