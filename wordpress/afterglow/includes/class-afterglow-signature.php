<?php
/**
 * What the store signs with the secret of its connection.
 *
 * Three kinds of text are signed with one secret. None can be taken for another: a token's begins
 * with "eyJ", a call's with "afterglow-call-v1", a return link's with "return|".
 *
 * @package Afterglow
 */

defined( 'ABSPATH' ) || exit;

/**
 * Pure functions; the app has the same in app/platforms/woocommerce/plugin_signatures.py.
 */
final class Afterglow_Signature {

	/**
	 * The signature of a call to the app.
	 *
	 * @param string $secret The connection's secret.
	 * @param string $method GET or POST.
	 * @param string $target Path with its query, as it is sent.
	 * @param int    $time   Seconds since 1970.
	 * @param string $nonce  A value that is used once.
	 * @param string $body   The body, byte for byte.
	 * @return string Hexadecimal.
	 */
	public static function call( $secret, $method, $target, $time, $nonce, $body ) {
		$text = implode( "\n", array( 'afterglow-call-v1', $method, $target, (string) $time, $nonce, hash( 'sha256', $body ) ) );
		return hash_hmac( 'sha256', $text, $secret );
	}

	/**
	 * A signed token (JWT, HS256).
	 *
	 * @param array  $claims What it says.
	 * @param string $secret The connection's secret.
	 * @return string
	 */
	public static function token( array $claims, $secret ) {
		$head = self::base64url( (string) wp_json_encode( array( 'alg' => 'HS256', 'typ' => 'JWT' ) ) );
		$text = $head . '.' . self::base64url( (string) wp_json_encode( $claims ) );
		return $text . '.' . self::base64url( hash_hmac( 'sha256', $text, $secret, true ) );
	}

	/**
	 * The signature of a customer's link to the returns page.
	 *
	 * @param string $secret   The connection's secret.
	 * @param string $site     The connection's name.
	 * @param int    $order_id The order.
	 * @param int    $time     Seconds since 1970.
	 * @return string Hexadecimal.
	 */
	public static function return_link( $secret, $site, $order_id, $time ) {
		return hash_hmac( 'sha256', implode( '|', array( 'return', $site, (string) $order_id, (string) $time ) ), $secret );
	}

	/**
	 * Base64 for addresses, without padding.
	 *
	 * @param string $bytes Anything.
	 * @return string
	 */
	private static function base64url( $bytes ) {
		// phpcs:ignore WordPress.PHP.DiscouragedPHPFunctions.obfuscation_base64_encode -- RFC 7515.
		return rtrim( strtr( base64_encode( $bytes ), '+/', '-_' ), '=' );
	}
}
