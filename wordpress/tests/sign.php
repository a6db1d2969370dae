<?php
/**
 * Signs and verifies for the Python tests: a JSON list on stdin, its results on stdout.
 *
 * phpcs:disable
 */

require __DIR__ . '/../../twins/woocommerce/wordpress/wordpress.php';
require __DIR__ . '/../afterglow/includes/class-afterglow-signature.php';

$results = array();
foreach ( json_decode( stream_get_contents( STDIN ), true ) as $one ) {
	switch ( $one['kind'] ) {
		case 'call':
			$results[] = Afterglow_Signature::call( $one['secret'], $one['method'], $one['target'], $one['time'], $one['nonce'], base64_decode( $one['body'] ) );
			break;
		case 'token':
			$results[] = Afterglow_Signature::token( $one['claims'], $one['secret'] );
			break;
		case 'verify_token':
			list( $head, $payload, $mac ) = explode( '.', $one['token'] );
			$wanted    = rtrim( strtr( base64_encode( hash_hmac( 'sha256', "$head.$payload", $one['secret'], true ) ), '+/', '-_' ), '=' );
			$results[] = hash_equals( $wanted, $mac ) ? json_decode( base64_decode( strtr( $payload, '-_', '+/' ) ), true ) : null;
			break;
		case 'return':
			$results[] = Afterglow_Signature::return_link( $one['secret'], $one['site'], $one['order'], $one['time'] );
			break;
	}
}
echo json_encode( $results );
