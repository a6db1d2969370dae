<?php
/**
 * Plugin Name: Afterglow
 * Description: Review requests, returns and coupons after checkout, with the reason for everything that was not done. Connects your store to an Afterglow installation.
 * Version: 0.1.0
 * Requires at least: 6.2
 * Requires PHP: 7.4
 * Requires Plugins: woocommerce
 * WC requires at least: 8.0
 * WC tested up to: 10.0
 * Author: The Afterglow authors
 * License: GPL-2.0-or-later
 * License URI: https://www.gnu.org/licenses/gpl-2.0.html
 * Text Domain: afterglow
 * Domain Path: /languages
 *
 * @package Afterglow
 */

defined( 'ABSPATH' ) || exit;

define( 'AFTERGLOW_VERSION', '0.1.0' );
define( 'AFTERGLOW_FILE', __FILE__ );

require_once __DIR__ . '/includes/class-afterglow-signature.php';
require_once __DIR__ . '/includes/class-afterglow-connection.php';
require_once __DIR__ . '/includes/class-afterglow-app.php';
require_once __DIR__ . '/includes/class-afterglow-rest.php';
require_once __DIR__ . '/includes/class-afterglow-handover.php';
require_once __DIR__ . '/includes/class-afterglow-page.php';
require_once __DIR__ . '/includes/class-afterglow-forwarding.php';
require_once __DIR__ . '/includes/class-afterglow-return-link.php';

add_action(
	'before_woocommerce_init',
	static function () {
		if ( ! class_exists( '\Automattic\WooCommerce\Utilities\FeaturesUtil' ) ) {
			return;
		}
		foreach ( array( 'custom_order_tables', 'cart_checkout_blocks' ) as $feature ) {
			\Automattic\WooCommerce\Utilities\FeaturesUtil::declare_compatibility( $feature, AFTERGLOW_FILE, true );
		}
	}
);

add_action(
	'init',
	static function () {
		load_plugin_textdomain( 'afterglow', false, dirname( plugin_basename( AFTERGLOW_FILE ) ) . '/languages' );
	}
);

Afterglow_Rest::register();
Afterglow_Handover::register();
Afterglow_Page::register();
Afterglow_Forwarding::register();
Afterglow_Return_Link::register();
