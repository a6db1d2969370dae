<?php
/**
 * Signed calls to the app, from this server.
 *
 * @package Afterglow
 */

defined( 'ABSPATH' ) || exit;

/**
 * The app's side of the connection.
 */
final class Afterglow_App {

	const TIMEOUT_SECONDS = 8;

	/**
	 * The connection.
	 *
	 * @var Afterglow_Connection
	 */
	private $connection;

	/**
	 * Calls go to the connection's app.
	 *
	 * @param Afterglow_Connection $connection The connection.
	 */
	public function __construct( Afterglow_Connection $connection ) {
		$this->connection = $connection;
	}

	/**
	 * Health, switches and counters, in words of the reader's language.
	 *
	 * @param string $locale Such as sk_SK.
	 * @return array|WP_Error
	 */
	public function status( $locale ) {
		return $this->send( 'GET', '/plugin/v1/status?lang=' . rawurlencode( substr( $locale, 0, 2 ) ) );
	}

	/**
	 * Pause everything, go on, or switch an automation off.
	 *
	 * @param string $what       One of pause, resume, off.
	 * @param string $automation Which, for off.
	 * @return array|WP_Error
	 */
	public function change( $what, $automation = '' ) {
		return $this->send(
			'POST',
			'/plugin/v1/switch',
			array(
				'what'       => $what,
				'automation' => $automation,
				'user'       => get_current_user_id(),
			)
		);
	}

	/**
	 * This plugin is being deleted, and with it the connection.
	 *
	 * @return array|WP_Error
	 */
	public function gone() {
		return $this->send( 'POST', '/plugin/v1/gone', array( 'user' => get_current_user_id() ) );
	}

	/**
	 * One signed call.
	 *
	 * @param string $method GET or POST.
	 * @param string $target Path and query.
	 * @param array  $data   Sent as JSON.
	 * @return array|WP_Error
	 */
	private function send( $method, $target, array $data = array() ) {
		if ( $this->connection->is_copy() ) {
			return new WP_Error( 'afterglow_copy', __( 'This site is a copy of the connected store, or the store has moved. Nothing was sent.', 'afterglow' ), array( 'status' => 409 ) );
		}
		$body   = 'GET' === $method ? '' : (string) wp_json_encode( $data );
		$time   = time();
		$nonce  = bin2hex( random_bytes( 16 ) );
		$answer = wp_safe_remote_request(
			$this->connection->app_url() . $target,
			array(
				'method'      => $method,
				'timeout'     => self::TIMEOUT_SECONDS,
				'redirection' => 0,
				'user-agent'  => 'Afterglow plugin/' . AFTERGLOW_VERSION,
				'body'        => $body,
				'headers'     => array(
					'Accept'                => 'application/json',
					'Content-Type'          => 'application/json',
					'X-Afterglow-Site'      => $this->connection->site(),
					'X-Afterglow-Time'      => (string) $time,
					'X-Afterglow-Nonce'     => $nonce,
					'X-Afterglow-Signature' => Afterglow_Signature::call( $this->connection->secret(), $method, $target, $time, $nonce, $body ),
				),
			)
		);
		if ( is_wp_error( $answer ) ) {
			return new WP_Error( 'afterglow_unreachable', __( 'Afterglow does not answer just now.', 'afterglow' ), array( 'status' => 502 ) );
		}
		$status  = (int) wp_remote_retrieve_response_code( $answer );
		$decoded = json_decode( (string) wp_remote_retrieve_body( $answer ), true );
		if ( 401 === $status ) {
			return new WP_Error( 'afterglow_refused', __( 'Afterglow does not know this connection any more.', 'afterglow' ), array( 'status' => 502 ) );
		}
		if ( $status < 200 || $status > 299 || ! is_array( $decoded ) ) {
			return new WP_Error( 'afterglow_unreachable', __( 'Afterglow does not answer just now.', 'afterglow' ), array( 'status' => 502 ) );
		}
		return $decoded;
	}
}
