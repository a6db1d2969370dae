<?php
/**
 * Takes everything of ours out of WordPress.
 *
 * @package Afterglow
 */

defined( 'ABSPATH' ) || exit;

/**
 * Used by uninstall.php only.
 */
final class Afterglow_Uninstaller {

	/**
	 * Clean this site, or all sites of the network.
	 */
	public static function run() {
		if ( ! is_multisite() ) {
			self::clean_site();
			return;
		}
		foreach ( get_sites( array( 'fields' => 'ids', 'number' => 0 ) ) as $site_id ) {
			switch_to_blog( $site_id );
			self::clean_site();
			restore_current_blog();
		}
	}

	/**
	 * Tell the app, then remove webhooks, key, scheduled actions and options. A copy of the store
	 * tells nobody: the connection belongs to the original.
	 */
	private static function clean_site() {
		$connection = Afterglow_Connection::get();
		if ( $connection && ! $connection->is_copy() ) {
			( new Afterglow_App( $connection ) )->gone();
		}
		if ( $connection ) {
			self::delete_webhooks( $connection->app_url() . '/webhooks/' );
		}
		if ( function_exists( 'as_unschedule_all_actions' ) ) {
			as_unschedule_all_actions( '', array(), 'afterglow' );
		}
		delete_option( Afterglow_Connection::OPTION );
		delete_option( Afterglow_Connection::APP_URL );
	}

	/**
	 * Webhooks that lead to the app; they would be sent for ever.
	 *
	 * @param string $beginning How their addresses begin.
	 */
	private static function delete_webhooks( $beginning ) {
		if ( ! class_exists( 'WC_Data_Store' ) || ! function_exists( 'wc_get_webhook' ) ) {
			return;
		}
		foreach ( WC_Data_Store::load( 'webhook' )->search_webhooks( array( 'limit' => -1 ) ) as $id ) {
			$webhook = wc_get_webhook( $id );
			if ( $webhook && 0 === strpos( $webhook->get_delivery_url(), $beginning ) ) {
				$webhook->delete( true );
			}
		}
	}
}
