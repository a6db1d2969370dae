"""Why a store could not be connected, and what to do about it, in the merchant's words."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.i18n import N_


@dataclass(frozen=True, slots=True)
class Words:
    """Two sentences with `%(name)s` places for the failure's params."""

    what: str
    remedy: str


_FIREWALL = Words(
    N_("Something in front of your store keeps us out: a firewall, bot protection or a plugin."),
    N_("Allow the user agent “Afterglow” on /wp-json/ there, then try again. Your keys are fine."),
)
_HTTP_ONLY = Words(
    N_("Your store answers without https, so keys and orders would travel unprotected."),
    N_("Switch on a certificate with your host, then try again."),
)
_TLS = Words(
    N_("The certificate of your store is not valid."),
    N_("Have your host renew it, then try again."),
)
_NOT_PUBLIC = Words(
    N_("This address leads into a private network."),
    N_("Use the address under which your customers reach the store."),
)
_MOVED = Words(
    N_("This address forwards to %(host)s."),
    N_("Use that address instead, if it is your store."),
)
_NO_REST = Words(
    N_("WooCommerce’s interface is not found under this address."),
    N_("In WordPress, set Settings → Permalinks to “Post name”, then try again."),
)
_UNREACHABLE = Words(
    N_("Your store does not answer."),
    N_("Check that it opens in a browser, then try again."),
)

WORDS: Mapping[str, Words] = {
    # from looking at the address (app/platforms/woocommerce/probe.py)
    "address_invalid": Words(
        N_("“%(address)s” is not a web address."),
        N_("Type it as your customers do, for example shop.example."),
    ),
    "address_not_public": _NOT_PUBLIC,
    "dns": Words(
        N_("There is no site called %(host)s."),
        N_("Look for a typing error in the address."),
    ),
    "unreachable": _UNREACHABLE,
    "tls": _TLS,
    "http_only": _HTTP_ONLY,
    "redirects_elsewhere": _MOVED,
    "server_error": Words(
        N_("Your store answers with an error of its own (%(status)s)."),
        N_("Wait until it opens in a browser again, then try again."),
    ),
    "not_wordpress": Words(
        N_("There is a site at %(host)s, but no WordPress."),
        N_("Type the address of the shop itself, with its folder if it has one."),
    ),
    "rest_blocked": _FIREWALL,
    "rest_moved": Words(
        N_("A plugin has moved WordPress’s interface away from /wp-json/."),
        N_("Put it back to /wp-json/, then try again."),
    ),
    "plain_permalinks": _NO_REST,
    "woocommerce_missing": Words(
        N_("%(name)s runs on WordPress, but without WooCommerce, or with one older than 3.5."),
        N_("Install or update WooCommerce, then try again."),
    ),
    # from using the keys (problems of the store's client, app/services/connections)
    "store_key_refused": Words(
        N_("The store does not accept these keys."),
        N_("Copy both again, or make new ones as an administrator or shop manager."),
    ),
    "key_read_only": Words(
        N_("These keys may only read."),
        N_("Make new ones with the permission “Read/Write”."),
    ),
    "store_firewall": _FIREWALL,
    "store_rest_missing": _NO_REST,
    "store_not_json": Words(
        N_("The store answers with a page instead of data."),
        N_("Look for a maintenance page, a cache or PHP messages on /wp-json/, then try again."),
    ),
    "store_moved": _MOVED,
    "store_not_https": _HTTP_ONLY,
    "store_certificate": _TLS,
    "store_address_refused": _NOT_PUBLIC,
    "other_store": Words(
        N_("These keys belong to a store that calls itself %(address)s."),
        N_("Use the keys of the store that you want to connect, or that address."),
    ),
    # from the way between the two pages
    "key_format": Words(
        N_("A consumer key begins with ck_, a consumer secret with cs_; 40 characters follow."),
        N_("Copy both whole from WooCommerce."),
    ),
    "callback_needs_https": Words(
        N_("This installation of Afterglow cannot be reached by your store."),
        N_("Connect with pasted keys; orders are then looked up every 10 minutes."),
    ),
    "not_approved": Words(
        N_("The connection was not approved in your store."),
        N_("Begin again, and choose “Approve” there."),
    ),
    "other_browser": Words(
        N_("The approval came back in another browser than the one that had asked for it."),
        N_("Begin and approve in the same browser. If you did not ask, nothing is connected."),
    ),
    "link_used": Words(
        N_("This approval was used already, or is older than 30 minutes."),
        N_("Begin again."),
    ),
    "busy": Words(
        N_("Other stores are being looked at just now."),
        N_("Try again in a minute."),
    ),
    "too_often": Words(
        N_("Too many attempts from your network."),
        N_("Try again in an hour."),
    ),
}
