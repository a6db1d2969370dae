<?php
// phpcs:disable

final class ConnectionTest extends Afterglow_Test_Case {

	public function test_what_the_app_sends_is_kept() {
		$connection = $this->connect();
		$this->assertSame( 'https://app.example', $connection->app_url() );
		$this->assertSame( 'Ab_-0123456789xy', $connection->site() );
		$this->assertSame( self::SECRET, $connection->secret() );
		$this->assertSame( 3, $connection->generation() );
		$this->assertTrue( $connection->has( 'takes_returns' ) );
		$this->assertFalse( $connection->has( 'brews_coffee' ) );
	}

	/** @dataProvider nonsense */
	public function test_what_the_app_would_not_send_is_refused( array $changes ) {
		$done = Afterglow_Connection::accept( $this->given( $changes ) );
		$this->assertTrue( is_wp_error( $done ) );
		$this->assertSame( array( 'status' => 400 ), $done->get_error_data() );
		$this->assertNull( Afterglow_Connection::get() );
	}

	public static function nonsense() {
		return array(
			'http'          => array( array( 'app_url' => 'http://app.example' ) ),
			'no address'    => array( array( 'app_url' => '' ) ),
			'script'        => array( array( 'app_url' => 'javascript:alert(1)' ) ),
			'user in it'    => array( array( 'app_url' => 'https://app.example@evil.example' ) ),
			'query'         => array( array( 'app_url' => 'https://app.example/?x=1' ) ),
			'list'          => array( array( 'app_url' => array( 'https://app.example' ) ) ),
			'site'          => array( array( 'site' => 'a b' ) ),
			'site, line'    => array( array( 'site' => "Ab_-0123456789xy\n" ) ),
			'short secret'  => array( array( 'secret' => 'abc' ) ),
			'secret, line'  => array( array( 'secret' => self::SECRET . "\n" ) ),
			'secret, upper' => array( array( 'secret' => strtoupper( self::SECRET ) ) ),
		);
	}

	public function test_this_machine_may_be_called_without_https() {
		$this->assertSame( 'http://127.0.0.1:8000', Afterglow_Connection::clean_app_url( ' http://127.0.0.1:8000/ ' ) );
		$this->assertSame( 'http://localhost:8000', Afterglow_Connection::clean_app_url( 'http://localhost:8000' ) );
		$this->assertSame( '', Afterglow_Connection::clean_app_url( 'http://localhost.evil.example' ) );
	}

	public function test_a_copy_of_the_store_neither_sends_nor_shows_anything() {
		$connection = $this->connect();
		$this->assertFalse( $connection->is_copy() );
		Twin_Site::$home = 'http://www.shop.example/store/';
		$this->assertFalse( $connection->is_copy(), 'another spelling of the same address' );
		Twin_Site::$home = 'https://staging.shop.example/store';
		$this->assertTrue( $connection->is_copy() );
		$this->assertFalse( $connection->has( 'takes_returns' ) );
		$answer = ( new Afterglow_App( $connection ) )->status( 'en_US' );
		$this->assertSame( 'afterglow_copy', $answer->get_error_code() );
	}

	public function test_the_address_stays_when_the_connection_ends() {
		$this->connect();
		Afterglow_Connection::forget();
		$this->assertNull( Afterglow_Connection::get() );
		$this->assertSame( 'https://app.example', Afterglow_Connection::known_app_url() );
	}

	public function test_a_broken_option_is_no_connection() {
		Twin_Site::$options[ Afterglow_Connection::OPTION ] = 'x';
		$this->assertNull( Afterglow_Connection::get() );
		Twin_Site::$options[ Afterglow_Connection::OPTION ] = array( 'site' => 'x' );
		$this->assertNull( Afterglow_Connection::get() );
	}

	public function test_order_tables_and_blocks_are_declared() {
		$this->assertSame( array( 'custom_order_tables' => true, 'cart_checkout_blocks' => true ), Twin_Site::$compatible );
	}
}
