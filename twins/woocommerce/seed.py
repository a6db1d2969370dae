"""The demo shop: Turkish and Slovak home textiles, and the people who run it."""

from twins.common.state import Document
from twins.woocommerce import php, products
from twins.woocommerce.store import Store

CATALOGUE = (
    ("Peštemal Ege", "PES-EGE", "24.90", "wave", "Ľahká hammamová osuška z tureckej bavlny."),
    ("Ľanové obliečky Tatra", "LAN-TAT", "89.00", "hills", "Predpraný ľan, 140 × 200 cm."),
    ("Vlnená deka Čičmany", "DEK-CIC", "74.50", "folk", "Ovčia vlna so vzorom z Čičmian."),
    ("Utierka Bursa, 3 ks", "UTI-BUR", "14.90", "stripes", "Waflová bavlna, tká sa v Burse."),
    ("Vankúš Kilim", "VAN-KIL", "32.00", "kilim", "Ručne tkaný poťah 45 × 45 cm."),
    ("Obrus Modrotlač", "OBR-MOD", "46.00", "dots", "Modrotlač z Levoče, 140 × 140 cm."),
)


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
                "description": text,
                "manage_stock": True,
                "stock_quantity": 500,
                "images": [{"src": f"/_twin/pictures/{pattern}.svg", "name": name, "alt": name}],
            },
        )
