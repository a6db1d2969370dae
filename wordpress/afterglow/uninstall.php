<?php
/**
 * Deleting the plugin ends the connection and leaves nothing behind, on every site of a network.
 *
 * @package Afterglow
 */

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

if ( ! defined( 'AFTERGLOW_VERSION' ) ) {
	define( 'AFTERGLOW_VERSION', '0.1.0' );
}
require_once __DIR__ . '/includes/class-afterglow-signature.php';
require_once __DIR__ . '/includes/class-afterglow-connection.php';
require_once __DIR__ . '/includes/class-afterglow-app.php';
require_once __DIR__ . '/includes/class-afterglow-uninstaller.php';

Afterglow_Uninstaller::run();
