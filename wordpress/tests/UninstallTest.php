<?php
// phpcs:disable

final class UninstallTest extends Afterglow_Test_Case {

	public function test_options_webhooks_and_scheduled_actions_go() {
		$this->connect_to_nobody();
		Twin_Site::$options['another_plugins'] = 'x';
		Twin_Site::$webhooks = array(
			1 => 'http://127.0.0.1:1/webhooks/woocommerce/token',
			2 => 'https://elsewhere.example/webhooks/woocommerce/token',
			3 => 'http://127.0.0.1:1.evil.example/webhooks/',
		);
		Afterglow_Uninstaller::run();
		$this->assertSame( array( 'another_plugins' => 'x' ), Twin_Site::$options );
		$this->assertSame( array( 2, 3 ), array_keys( Twin_Site::$webhooks ) );
		$this->assertSame( array( 'afterglow' ), Twin_Site::$unscheduled );
	}

	public function test_a_store_that_never_connected_is_left_clean() {
		Twin_Site::$options['afterglow_app_url'] = 'https://app.example';
		Afterglow_Uninstaller::run();
		$this->assertSame( array(), Twin_Site::$options );
	}

	public function test_each_site_of_a_network_is_cleaned() {
		$this->connect_to_nobody();
		$ours = Twin_Site::$options;
		Twin_Site::$blogs = array(
			1 => array( 'home' => Twin_Site::$home, 'options' => $ours ),
			2 => array( 'home' => 'https://two.example', 'options' => array( 'kept' => 1 ) + $ours ),
			3 => array( 'home' => 'https://three.example', 'options' => array() ),
		);
		Twin_Site::$blog = 1;
		Afterglow_Uninstaller::run();
		$left = array_map( static function ( $blog ) {
			return $blog['options'];
		}, Twin_Site::$blogs );
		$this->assertSame( array( 1 => array(), 2 => array( 'kept' => 1 ), 3 => array() ), $left );
		$this->assertCount( 3, Twin_Site::$unscheduled );
	}
}
