"""Our plugin inside the store (wordpress/afterglow), over its REST routes.

Their namespace begins with "wc-", so the store's own keys open them.
"""

from app.domain.errors import MerchantMustFix
from app.platforms.base import PluginLink
from app.platforms.woocommerce.client import StoreClient, StoreRefusal

NAMESPACE = "wc-afterglow/v1"
_CONNECTION = f"/{NAMESPACE}/connection"


class Plugin:
    """PluginPort of WooCommerce."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def link(self, link: PluginLink) -> bool:
        """Hand over the connection; repeating it changes nothing."""
        wanted = {
            "app_url": link.app_url,
            "site": link.site,
            "secret": link.secret,
            "generation": link.generation,
            "features": dict(link.features),
        }
        try:
            answer = self._client.post(_CONNECTION, wanted).object()
        except MerchantMustFix as error:
            if error.problem == "store_rest_missing":
                return False
            raise
        return answer.get("site") == link.site and answer.get("generation") == link.generation

    def unlink(self, site: str) -> None:
        """Let the store forget us."""
        try:
            self._client.delete(_CONNECTION, {"site": site})
        except StoreRefusal:
            return
        except MerchantMustFix as error:
            if error.problem != "store_rest_missing":
                raise
