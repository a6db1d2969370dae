<?php
/**
 * REST routes. The namespace begins with "wc-", so that the store's consumer keys open it.
 *
 * @package Afterglow
 */

defined( 'ABSPATH' ) || exit;

/**
 * Routes below wc-afterglow/v1.
 */
final class Afterglow_Rest {

	const ROUTES = 'wc-afterglow/v1';

	/**
	 * Hook in.
	 */
	public static function register() {
		add_action( 'rest_api_init', array( __CLASS__, 'add_routes' ) );
	}

	/**
	 * Tell WordPress of the routes.
	 */
	public static function add_routes() {
		self::route( '/connection', 'GET', 'show_connection' );
		self::route( '/connection', 'POST', 'connect' );
		self::route( '/connection', 'DELETE', 'disconnect' );
		self::route( '/status', 'GET', 'status' );
		self::route( '/switch', 'POST', 'change' );
	}

	/**
	 * One route, for those who run the store.
	 *
	 * @param string $path     Below the namespace.
	 * @param string $method   HTTP method.
	 * @param string $callback Method of this class.
	 */
	private static function route( $path, $method, $callback ) {
		register_rest_route(
			self::ROUTES,
			$path,
			array(
				'methods'             => $method,
				'callback'            => array( __CLASS__, $callback ),
				'permission_callback' => array( __CLASS__, 'may' ),
			)
		);
	}

	/**
	 * Whether the present user runs the store.
	 *
	 * @return bool
	 */
	public static function may() {
		return current_user_can( 'manage_woocommerce' );
	}

	/**
	 * Which connection this store believes in; never the secret.
	 *
	 * @return WP_REST_Response
	 */
	public static function show_connection() {
		$connection = Afterglow_Connection::get();
		return new WP_REST_Response(
			array(
				'plugin'     => AFTERGLOW_VERSION,
				'connected'  => null !== $connection,
				'copy'       => null !== $connection && $connection->is_copy(),
				'site'       => $connection ? $connection->site() : '',
				'generation' => $connection ? $connection->generation() : 0,
			)
		);
	}

	/**
	 * The app sends its address, our name there and a secret.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function connect( $request ) {
		$done = Afterglow_Connection::accept( (array) $request->get_json_params() );
		return is_wp_error( $done ) ? $done : self::show_connection();
	}

	/**
	 * The app ends the connection. One that was replaced meanwhile stays.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return WP_REST_Response
	 */
	public static function disconnect( $request ) {
		$connection = Afterglow_Connection::get();
		if ( $connection && $request->get_param( 'site' ) === $connection->site() ) {
			Afterglow_Connection::forget();
		}
		return self::show_connection();
	}

	/**
	 * Health, switches and counters, from the app.
	 *
	 * @return WP_REST_Response|WP_Error
	 */
	public static function status() {
		$app = self::app();
		if ( is_wp_error( $app ) ) {
			return $app;
		}
		$status = $app->status( get_user_locale() );
		return is_wp_error( $status ) ? $status : new WP_REST_Response( $status );
	}

	/**
	 * Pause, go on, or switch an automation off. Switching on happens in the dashboard, which
	 * shows first what it will do.
	 *
	 * @param WP_REST_Request $request The request.
	 * @return WP_REST_Response|WP_Error
	 */
	public static function change( $request ) {
		$what = (string) $request->get_param( 'what' );
		if ( ! in_array( $what, array( 'pause', 'resume', 'off' ), true ) ) {
			return new WP_Error( 'afterglow_unknown_switch', __( 'There is no such switch.', 'afterglow' ), array( 'status' => 400 ) );
		}
		$app = self::app();
		if ( is_wp_error( $app ) ) {
			return $app;
		}
		$done = $app->change( $what, sanitize_key( (string) $request->get_param( 'automation' ) ) );
		return is_wp_error( $done ) ? $done : new WP_REST_Response( $done );
	}

	/**
	 * The app behind the connection.
	 *
	 * @return Afterglow_App|WP_Error
	 */
	private static function app() {
		$connection = Afterglow_Connection::get();
		if ( null === $connection ) {
			return new WP_Error( 'afterglow_not_connected', __( 'This store is not connected to Afterglow yet.', 'afterglow' ), array( 'status' => 409 ) );
		}
		return new Afterglow_App( $connection );
	}
}
