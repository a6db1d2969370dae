"""The demo shop: Turkish and Slovak home textiles, and the people who run it."""

from twins.common.state import Document
from twins.woocommerce import php, products, terms
from twins.woocommerce.store import Store

CATALOGUE = (
    ("Peštemal Ege", "PES-EGE", "24.90", "wave", "Ľahká hammamová osuška z tureckej bavlny."),
    ("Ľanové obliečky Tatra", "LAN-TAT", "89.00", "hills", "Predpraný ľan, 140 × 200 cm."),
    ("Vlnená deka Čičmany", "DEK-CIC", "74.50", "folk", "Ovčia vlna so vzorom z Čičmian."),
    ("Utierka Bursa, 3 ks", "UTI-BUR", "14.90", "stripes", "Waflová bavlna, tká sa v Burse."),
    ("Vankúš Kilim", "VAN-KIL", "32.00", "kilim", "Ručne tkaný poťah 45 × 45 cm."),
    ("Obrus Modrotlač", "OBR-MOD", "46.00", "dots", "Modrotlač z Levoče, 140 × 140 cm."),
)

SALE_PRICES = {"UTI-BUR": "11.90"}
CATEGORIES = {
    "PES-EGE": "Kúpeľňa",
    "LAN-TAT": "Spálňa",
    "DEK-CIC": "Spálňa",
    "UTI-BUR": "Kuchyňa",
    "OBR-MOD": "Final sale",
}
TAGS = {"DEK-CIC": "no-return"}


def seed_users(store: Store) -> None:
    """Make the administrator (user 1) unless the state already has users."""
    if not store.state.all("user"):
        user: Document = {
            "id": store.state.next_id("user"),
            "login": "eva",
            "display_name": "Eva Kováčová",
            "email": store.config.admin_email,
            "role": "administrator",
        }
        store.state.put("user", user["id"], user)


def seed_demo(store: Store) -> None:
    """Stock an empty store; a store with products is left alone."""
    if store.state.all("product"):
        return
    for name, sku, price, pattern, text in CATALOGUE:
        products.create(
            store,
            {
                "name": name,
                "slug": php.slug(name),
                "sku": sku,
                "regular_price": price,
                "sale_price": SALE_PRICES.get(sku, ""),
                "categories": _terms(store, "product_cat", CATEGORIES.get(sku)),
                "tags": _terms(store, "product_tag", TAGS.get(sku)),
                "description": text,
                "manage_stock": True,
                "stock_quantity": 500,
                "images": [{"src": f"/_twin/pictures/{pattern}.svg", "name": name, "alt": name}],
            },
        )


def _terms(store: Store, taxonomy: str, name: str | None) -> list[Document]:
    return [{"id": terms.named(store, taxonomy, name)["id"]}] if name else []
