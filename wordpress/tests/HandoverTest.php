<?php
// phpcs:disable

final class HandoverTest extends Afterglow_Test_Case {

	private function claims( $token ) {
		list( , $payload, ) = explode( '.', $token );
		return json_decode( base64_decode( strtr( $payload, '-_', '+/' ) ), true );
	}

	public function test_a_token_says_all_and_never_twice_the_same() {
		$connection = $this->connect();
		$claims     = $this->claims( Afterglow_Handover::token( $connection, '/app/activity' ) );
		$this->assertSame( 'https://app.example/plugin/open', $claims['aud'] );
		$this->assertSame( array( 'Ab_-0123456789xy', 3, 7, 'manage_woocommerce', 'https://shop.example/store', '/app/activity' ), array( $claims['site'], $claims['gen'], $claims['uid'], $claims['cap'], $claims['home'], $claims['to'] ) );
		$this->assertEqualsWithDelta( time() + 60, $claims['exp'], 2 );
		$other = $this->claims( Afterglow_Handover::token( $connection, '' ) );
		$this->assertNotSame( $claims['jti'], $other['jti'] );
		$this->assertMatchesRegularExpression( '/^[0-9a-f]{32}$/', $other['jti'] );
	}

	public function test_forms_need_their_nonce_and_the_right() {
		$this->connect_to_nobody();
		foreach ( array( 'afterglow_open', 'afterglow_switch', 'afterglow_connect' ) as $action ) {
			$this->assertStringContainsString( 'expired', $this->post( $action, array(), 'wrong' ) );
			$this->assertStringContainsString( 'expired', $this->post( $action, array(), wp_create_nonce( 'another' ) ) );
			Twin_Site::$manager = false;
			$this->assertStringContainsString( 'may not manage', $this->post( $action ) );
			Twin_Site::$manager = true;
		}
		$this->assertSame( 403, Twin_Site::$status );
	}

	public function test_a_copy_opens_nothing() {
		$this->connect();
		Twin_Site::$home = 'https://staging.shop.example/store';
		$this->assertStringContainsString( 'afterglow_done=not-open', $this->post( 'afterglow_open' ) );
	}

	public function test_connecting_sends_the_stores_address_along() {
		$to = $this->post( 'afterglow_connect', array( 'app_url' => 'https://app.example/' ) );
		$this->assertSame( 'https://app.example/connect?address=https%3A%2F%2Fshop.example%2Fstore', $to );
		$this->assertSame( 'https://app.example', Afterglow_Connection::known_app_url() );
		foreach ( array( '', 'app', 'http://app.example', 'javascript:alert(1)' ) as $address ) {
			$this->assertStringContainsString( 'afterglow_done=no-address', $this->post( 'afterglow_connect', array( 'app_url' => $address ) ) );
		}
	}

	public function test_the_form_carries_the_token_and_works_without_script() {
		$connection = $this->connect();
		$action     = $connection->app_url() . '/plugin/open';
		$to         = '"><script>';
		ob_start();
		require dirname( AFTERGLOW_FILE ) . '/includes/handover-form.php';
		$page = ob_get_clean();
		$this->assertStringContainsString( 'method="post" action="https://app.example/plugin/open"', $page );
		$this->assertMatchesRegularExpression( '/name="token" value="[\w.-]+"/', $page );
		$this->assertStringContainsString( '<button type="submit">', $page );
		$this->assertSame( 1, substr_count( $page, '<script' ) );
	}

	public function test_a_silent_app_is_reported_on_the_page() {
		$this->connect_to_nobody();
		$this->assertStringContainsString( 'afterglow_done=not-done', $this->post( 'afterglow_switch', array( 'what' => 'pause' ) ) );
	}
}
