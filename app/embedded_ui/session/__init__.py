"""Who looks at a merchant page: in the Shopify admin, or signed in from a WooCommerce store.

    from app.embedded_ui.session import MerchantSession, merchant_page

    @blueprint.get("/app/activity")
    @merchant_page
    def activity(merchant: MerchantSession) -> str:
        with current_deps().db.read() as uow:
            data = ShopData(uow, merchant.shop.id)
        return render_template("activity.html", ...)

Under `merchant_page` a request without a merchant never reaches the view: inside Shopify it gets
the token-free shell (a document) or 401 (a fetch), elsewhere it is sent to /sign-in. Templates get
`host`, `shop_name`, `store_admin_url`, `shopify_api_key`, `app_bridge_url` and `csrf_token()`; each
form posted in the WooCommerce host must hold

    <input type="hidden" name="csrf_token" value="{{ csrf_token() }}">

which is checked here for every POST below /app/ (inside Shopify the ID token stands for it).
`MerchantSession.user` goes into `changed_by`.
"""

from app.embedded_ui.session import guard, leaving, sign_in
from app.embedded_ui.session.merchant import (
    MerchantSession,
    blueprint,
    merchant_page,
    require_merchant,
)

__all__ = [
    "MerchantSession",
    "blueprint",
    "guard",
    "leaving",
    "merchant_page",
    "require_merchant",
    "sign_in",
]
