<?php
/**
 * What the tests share: a store in a known state, connected or not.
 *
 * phpcs:disable
 */

use PHPUnit\Framework\TestCase;

abstract class Afterglow_Test_Case extends TestCase {

	const SECRET = '0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef';

	protected function setUp(): void {
		Twin_Site::$home        = 'https://shop.example/store';
		Twin_Site::$options     = array();
		Twin_Site::$fired       = array();
		Twin_Site::$user        = 7;
		Twin_Site::$manager     = true;
		Twin_Site::$status      = 200;
		Twin_Site::$headers     = array();
		Twin_Site::$webhooks    = array();
		Twin_Site::$blogs       = array();
		Twin_Site::$unscheduled = array();
		$_POST = $_GET = $_REQUEST = array();
	}

	/** The fields that the app sends. */
	protected function given( array $changes = array() ) {
		return array_merge(
			array(
				'app_url'    => 'https://app.example',
				'site'       => 'Ab_-0123456789xy',
				'secret'     => self::SECRET,
				'generation' => 3,
				'features'   => array( 'asks_for_reviews' => true, 'takes_returns' => true ),
			),
			$changes
		);
	}

	/** A connected store. */
	protected function connect( array $changes = array() ) {
		$this->assertTrue( Afterglow_Connection::accept( $this->given( $changes ) ) );
		return Afterglow_Connection::get();
	}

	/** A store connected to an app that nothing listens for: calls fail at once. */
	protected function connect_to_nobody() {
		return $this->connect( array( 'app_url' => 'http://127.0.0.1:1' ) );
	}

	/** Names and arguments of our own actions that were fired. */
	protected function told() {
		return array_values( array_filter( Twin_Site::$fired, static function ( $one ) {
			return 0 === strpos( $one[0], 'woocommerce_afterglow_' );
		} ) );
	}

	/** Posts a form of the page; returns where the browser is sent, or the error's words. */
	protected function post( $action, array $fields = array(), $nonce = null ) {
		$_POST = $fields + array( '_wpnonce' => null === $nonce ? wp_create_nonce( $action ) : $nonce );
		$_REQUEST = $_POST;
		ob_start();
		try {
			do_action( "admin_post_$action" );
			return '';
		} catch ( Twin_Request_Ended $ended ) {
			return $ended->getMessage();
		} finally {
			ob_end_clean();
		}
	}
}
