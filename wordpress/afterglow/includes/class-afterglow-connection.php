<?php
/**
 * What the app told us when the store was connected: its address, our name there, the secret.
 *
 * @package Afterglow
 */

defined( 'ABSPATH' ) || exit;

/**
 * The store's connection.
 */
final class Afterglow_Connection {

	const OPTION  = 'afterglow_connection';
	const APP_URL = 'afterglow_app_url';

	/**
	 * The stored option.
	 *
	 * @var array
	 */
	private $stored;

	/**
	 * Use `get` instead.
	 *
	 * @param array $stored The option's value.
	 */
	private function __construct( array $stored ) {
		$this->stored = $stored;
	}

	/**
	 * The present connection.
	 *
	 * @return self|null
	 */
	public static function get() {
		$stored = get_option( self::OPTION );
		return is_array( $stored ) && isset( $stored['app_url'], $stored['site'], $stored['secret'], $stored['home'] ) ? new self( $stored ) : null;
	}

	/**
	 * Keep what the app sent.
	 *
	 * @param array $given Fields app_url, site, secret, generation, features.
	 * @return true|WP_Error
	 */
	public static function accept( array $given ) {
		$app_url = self::clean_app_url( isset( $given['app_url'] ) ? $given['app_url'] : '' );
		$site    = isset( $given['site'] ) && is_string( $given['site'] ) ? $given['site'] : '';
		$secret  = isset( $given['secret'] ) && is_string( $given['secret'] ) ? $given['secret'] : '';
		if ( '' === $app_url || ! preg_match( '/^[A-Za-z0-9_-]{8,64}$/D', $site ) || ! preg_match( '/^[0-9a-f]{64}$/D', $secret ) ) {
			return new WP_Error( 'afterglow_invalid_connection', __( 'This is no connection that Afterglow would send.', 'afterglow' ), array( 'status' => 400 ) );
		}
		$features = array();
		foreach ( isset( $given['features'] ) && is_array( $given['features'] ) ? $given['features'] : array() as $name => $on ) {
			$features[ sanitize_key( $name ) ] = (bool) $on;
		}
		update_option(
			self::OPTION,
			array(
				'app_url'    => $app_url,
				'site'       => $site,
				'secret'     => $secret,
				'generation' => isset( $given['generation'] ) ? absint( $given['generation'] ) : 0,
				'features'   => $features,
				'home'       => self::bare( home_url() ),
			),
			false
		);
		update_option( self::APP_URL, $app_url, false );
		return true;
	}

	/**
	 * Forget the connection; the address of the app stays, so that connecting again is easy.
	 */
	public static function forget() {
		delete_option( self::OPTION );
	}

	/**
	 * The app's address as far as it is known before the store is connected.
	 *
	 * @return string
	 */
	public static function known_app_url() {
		$fixed = defined( 'AFTERGLOW_APP_URL' ) ? AFTERGLOW_APP_URL : '';
		return self::clean_app_url( get_option( self::APP_URL, $fixed ) );
	}

	/**
	 * An address that secrets may travel to: https, or this machine.
	 *
	 * @param mixed $url What was given.
	 * @return string Without a slash at its end; empty if it is none.
	 */
	public static function clean_app_url( $url ) {
		$parts = is_string( $url ) ? wp_parse_url( trim( $url ) ) : false;
		if ( ! is_array( $parts ) || empty( $parts['scheme'] ) || empty( $parts['host'] ) || isset( $parts['user'] ) || isset( $parts['query'] ) || isset( $parts['fragment'] ) ) {
			return '';
		}
		$here = in_array( $parts['host'], array( 'localhost', '127.0.0.1', '[::1]' ), true );
		if ( 'https' !== $parts['scheme'] && ! ( 'http' === $parts['scheme'] && $here ) ) {
			return '';
		}
		return untrailingslashit( esc_url_raw( trim( $url ), array( 'http', 'https' ) ) );
	}

	/**
	 * The app's address, without a slash at its end.
	 *
	 * @return string
	 */
	public function app_url() {
		return $this->stored['app_url'];
	}

	/**
	 * The store's name at the app.
	 *
	 * @return string
	 */
	public function site() {
		return $this->stored['site'];
	}

	/**
	 * What everything between the two is signed with.
	 *
	 * @return string
	 */
	public function secret() {
		return $this->stored['secret'];
	}

	/**
	 * Which of the store's connections this is; each new one has the next number.
	 *
	 * @return int
	 */
	public function generation() {
		return (int) $this->stored['generation'];
	}

	/**
	 * Whether the app does something that this plugin has to know of.
	 *
	 * @param string $feature Such as asks_for_reviews or takes_returns.
	 * @return bool
	 */
	public function has( $feature ) {
		return ! $this->is_copy() && ! empty( $this->stored['features'][ $feature ] );
	}

	/**
	 * Whether this site is a copy of the one that was connected (staging), or has moved.
	 *
	 * @return bool
	 */
	public function is_copy() {
		return self::bare( home_url() ) !== $this->stored['home'];
	}

	/**
	 * An address without what may change without the site being another one.
	 *
	 * @param string $url The address.
	 * @return string
	 */
	private static function bare( $url ) {
		return untrailingslashit( (string) preg_replace( '#^https?://(www\.)?#', '', $url ) );
	}
}
