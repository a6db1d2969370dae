"""REST `system_status`, `settings` and the public root index `/wp-json/`."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from twins.common.state import Document
from twins.woocommerce.errors import WpError
from twins.woocommerce.plugin_host import NAMESPACE, is_active
from twins.woocommerce.rest import RestRequest, RestResponse, Route
from twins.woocommerce.store import WOOCOMMERCE, WORDPRESS, Store

NAMESPACES = ["oembed/1.0", "wc/v1", "wc/v2", "wc/v3", "wc/store", "wc/store/v1", "wp/v2"]


def _root(store: Store, request: RestRequest) -> RestResponse:
    offset = store.clock.now().astimezone(ZoneInfo(store.config.timezone)).utcoffset()
    hours = (offset or timedelta(0)).total_seconds() / 3600
    authentication: Any = []
    if request.base.startswith("https://"):
        endpoint = f"{request.base}/wp-admin/authorize-application.php"
        authentication = {"application-passwords": {"endpoints": {"authorization": endpoint}}}
    return RestResponse(
        {
            "name": store.config.title,
            "description": "",
            "url": store.home_url,
            "home": store.home_url,
            "gmt_offset": int(hours) if hours == int(hours) else hours,
            "timezone_string": store.config.timezone,
            "page_for_posts": 0,
            "page_on_front": 0,
            "show_on_front": "posts",
            "namespaces": NAMESPACES + ([NAMESPACE] if is_active(store) else []),
            "authentication": authentication,
            "routes": {},
            "site_logo": 0,
            "site_icon": 0,
            "site_icon_url": "",
            "_links": {"help": [{"href": "https://developer.wordpress.org/rest-api/"}]},
        }
    )


def _namespace(_store: Store, request: RestRequest) -> RestResponse:
    return RestResponse({"namespace": request.route.strip("/"), "routes": {}})


def _system_status(store: Store, _request: RestRequest) -> RestResponse:
    config = store.config
    return RestResponse(
        {
            "environment": {
                "home_url": store.home_url,
                "site_url": store.home_url,
                "store_id": None,
                "version": WOOCOMMERCE,
                "log_directory_writable": True,
                "wp_version": WORDPRESS,
                "wp_multisite": False,
                "wp_memory_limit": 268435456,
                "wp_debug_mode": False,
                "wp_cron": True,
                "language": config.language,
                "external_object_cache": None,
                "server_info": "Apache/2.4.62 (Debian)",
                "php_version": "8.2.26",
                "php_post_max_size": 8388608,
                "php_max_execution_time": 30,
                "default_timezone": "UTC",
                "remote_post_successful": True,
                "remote_get_successful": True,
            },
            "database": {"wc_database_version": WOOCOMMERCE, "database_prefix": "wp_"},
            "active_plugins": [
                {
                    "plugin": "woocommerce/woocommerce.php",
                    "name": "WooCommerce",
                    "version": WOOCOMMERCE,
                    "author_name": "Automattic",
                    "network_activated": False,
                }
            ],
            "theme": {"name": "Twenty Twenty-Five", "version": "1.4", "is_child_theme": False},
            "settings": {
                "api_enabled": False,
                "force_ssl": False,
                "currency": config.currency,
                "currency_symbol": "&euro;" if config.currency == "EUR" else config.currency,
                "currency_position": "left",
                "thousand_separator": ",",
                "decimal_separator": ".",
                "number_of_decimals": 2,
                "HPOS_enabled": True,
                "HPOS_sync_enabled": False,
            },
            "security": {
                "secure_connection": store.home_url.startswith("https"),
                "hide_errors": True,
            },
            "pages": [],
            "post_type_counts": [],
        }
    )


def _values(store: Store) -> dict[str, dict[str, str]]:
    """The settings that the app asks for, by group."""
    config = store.config
    return {
        "general": {
            "woocommerce_store_address": "Hlavná 12",
            "woocommerce_store_city": "Košice",
            "woocommerce_default_country": config.country,
            "woocommerce_store_postcode": "040 01",
            "woocommerce_calc_taxes": "no",
            "woocommerce_enable_coupons": "yes",
            "woocommerce_currency": config.currency,
            "woocommerce_currency_pos": "left",
            "woocommerce_price_num_decimals": "2",
        },
        "products": {"woocommerce_enable_reviews": "yes"},
        "email": {
            "woocommerce_email_from_name": config.title,
            "woocommerce_email_from_address": config.admin_email,
        },
    }


def _setting(request: RestRequest, group: str, key: str, value: str) -> Document:
    base = f"{request.base}/wp-json/wc/v3/settings/{group}"
    return {
        "id": key,
        "label": key.removeprefix("woocommerce_").replace("_", " ").capitalize(),
        "description": "",
        "type": "text",
        "default": "",
        "tip": "",
        "value": value,
        "group_id": group,
        "_links": {"self": [{"href": f"{base}/{key}"}], "collection": [{"href": base}]},
    }


def _group(store: Store, request: RestRequest) -> RestResponse:
    group = request.params["group"]
    values = _values(store).get(group)
    if values is None:
        raise WpError("rest_setting_setting_group_invalid", "Invalid setting group.", 404)
    return RestResponse([_setting(request, group, *pair) for pair in values.items()])


def _one(store: Store, request: RestRequest) -> RestResponse:
    group, name = request.params["group"], request.params["name"]
    values = _values(store).get(group)
    if values is None:
        raise WpError("rest_setting_setting_group_invalid", "Invalid setting group.", 404)
    if name not in values:
        raise WpError("rest_setting_setting_invalid", "Invalid setting.", 404)
    return RestResponse(_setting(request, group, name, values[name]))


ROUTES = [
    Route("GET", r"/", _root, public=True),
    Route("GET", r"/wc/v3", _namespace, public=True),
    Route("GET", r"/wc/v3/system_status", _system_status),
    Route("GET", r"/wc/v3/settings/(?P<group>\w+)", _group),
    Route("GET", r"/wc/v3/settings/(?P<group>\w+)/(?P<name>\w+)", _one),
]
