<?php
/**
 * Loads the plugin on the small WordPress of the twin, once per PHPUnit run.
 *
 * phpcs:disable
 */

require __DIR__ . '/../../twins/woocommerce/wordpress/wordpress.php';
require __DIR__ . '/../../twins/woocommerce/wordpress/woocommerce.php';

Twin_Site::$plugin = realpath( __DIR__ . '/../afterglow/afterglow.php' );
require Twin_Site::$plugin;
require_once dirname( Twin_Site::$plugin ) . '/includes/class-afterglow-uninstaller.php';
require __DIR__ . '/afterglow-test-case.php';
do_action( 'before_woocommerce_init' );
do_action( 'init' );
