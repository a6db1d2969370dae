<?php
/**
 * What the page's buttons do: open the dashboard, switch, connect.
 *
 * @package Afterglow
 */

defined( 'ABSPATH' ) || exit;

/**
 * Handlers of forms that post to admin-post.php.
 */
final class Afterglow_Handover {

	const TOKEN_SECONDS = 60;

	/**
	 * Hook in.
	 */
	public static function register() {
		add_action( 'admin_post_afterglow_open', array( __CLASS__, 'open' ) );
		add_action( 'admin_post_afterglow_switch', array( __CLASS__, 'change' ) );
		add_action( 'admin_post_afterglow_connect', array( __CLASS__, 'connect' ) );
	}

	/**
	 * Hand the merchant over to the dashboard: a signed token that works once, for a minute. It
	 * travels in a form, so that no history, log or referrer gets it.
	 */
	public static function open() {
		self::check( 'afterglow_open' );
		$connection = Afterglow_Connection::get();
		if ( null === $connection || $connection->is_copy() ) {
			self::back( 'not-open' );
			return;
		}
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- checked above.
		$to     = isset( $_POST['to'] ) ? sanitize_text_field( wp_unslash( $_POST['to'] ) ) : '';
		$action = $connection->app_url() . '/plugin/open';
		nocache_headers();
		require __DIR__ . '/handover-form.php';
		exit;
	}

	/**
	 * The token of one hand-over.
	 *
	 * @param Afterglow_Connection $connection The connection.
	 * @param string               $to         The dashboard's page to begin with.
	 * @return string
	 */
	public static function token( Afterglow_Connection $connection, $to ) {
		return Afterglow_Signature::token(
			array(
				'aud'  => $connection->app_url() . '/plugin/open',
				'site' => $connection->site(),
				'gen'  => $connection->generation(),
				'uid'  => get_current_user_id(),
				'cap'  => 'manage_woocommerce',
				'home' => home_url(),
				'to'   => $to,
				'exp'  => time() + self::TOKEN_SECONDS,
				'jti'  => bin2hex( random_bytes( 16 ) ),
			),
			$connection->secret()
		);
	}

	/**
	 * Pause, go on, or switch an automation off; through our own REST route, like anybody else.
	 */
	public static function change() {
		self::check( 'afterglow_switch' );
		$request = new WP_REST_Request( 'POST', '/' . Afterglow_Rest::ROUTES . '/switch' );
		// phpcs:disable WordPress.Security.NonceVerification.Missing -- checked above.
		$what = isset( $_POST['what'] ) ? sanitize_key( wp_unslash( $_POST['what'] ) ) : '';
		$request->set_param( 'what', $what );
		$request->set_param( 'automation', isset( $_POST['automation'] ) ? sanitize_key( wp_unslash( $_POST['automation'] ) ) : '' );
		// phpcs:enable
		$answer = rest_do_request( $request );
		$data   = $answer->get_data();
		if ( $answer->is_error() ) {
			self::back( 'not-done' );
			return;
		}
		self::back( empty( $data['done'] ) ? 'held' : $what );
	}

	/**
	 * Go to the app's own page for connecting, with this store's address filled in.
	 */
	public static function connect() {
		self::check( 'afterglow_connect' );
		// phpcs:ignore WordPress.Security.NonceVerification.Missing -- checked above.
		$app_url = Afterglow_Connection::clean_app_url( isset( $_POST['app_url'] ) ? sanitize_text_field( wp_unslash( $_POST['app_url'] ) ) : '' );
		if ( '' === $app_url ) {
			self::back( 'no-address' );
			return;
		}
		update_option( Afterglow_Connection::APP_URL, $app_url, false );
		// phpcs:ignore WordPress.Security.SafeRedirect.wp_redirect_wp_redirect -- another site, on the merchant's wish.
		wp_redirect( add_query_arg( 'address', rawurlencode( home_url() ), $app_url . '/connect' ) );
		exit;
	}

	/**
	 * Only who runs the store, and only from our own page.
	 *
	 * @param string $action The nonce's action.
	 */
	private static function check( $action ) {
		check_admin_referer( $action );
		if ( ! current_user_can( 'manage_woocommerce' ) ) {
			wp_die( esc_html__( 'You may not manage this store.', 'afterglow' ), '', array( 'response' => 403 ) );
		}
	}

	/**
	 * Back to our page, which says what was done.
	 *
	 * @param string $done A word that the page knows.
	 */
	private static function back( $done ) {
		wp_safe_redirect( add_query_arg( array( 'page' => Afterglow_Page::SLUG, 'afterglow_done' => $done ), admin_url( 'admin.php' ) ) );
		exit;
	}
}
