<?php
// phpcs:disable

final class RestTest extends Afterglow_Test_Case {

	private function ask( $method, $path, $json = null, array $params = array() ) {
		$request = new WP_REST_Request( $method, '/wc-afterglow/v1' . $path );
		$request->set_json( $json );
		foreach ( $params as $name => $value ) {
			$request->set_param( $name, $value );
		}
		return rest_do_request( $request );
	}

	public function test_only_who_runs_the_store_is_answered() {
		Twin_Site::$manager = false;
		foreach ( array( 7 => 403, 0 => 401 ) as $user => $status ) {
			Twin_Site::$user = $user;
			foreach ( array( array( 'GET', '/connection' ), array( 'POST', '/connection' ), array( 'DELETE', '/connection' ), array( 'GET', '/status' ), array( 'POST', '/switch' ) ) as list( $method, $path ) ) {
				$this->assertSame( $status, $this->ask( $method, $path, $this->given() )->get_status(), "$method $path" );
			}
		}
		$this->assertNull( Afterglow_Connection::get() );
	}

	public function test_connecting_and_what_is_told_of_it() {
		$answer = $this->ask( 'POST', '/connection', $this->given() );
		$this->assertSame( array( 'plugin' => AFTERGLOW_VERSION, 'connected' => true, 'copy' => false, 'site' => 'Ab_-0123456789xy', 'generation' => 3 ), $answer->get_data() );
		$this->assertStringNotContainsString( self::SECRET, json_encode( $this->ask( 'GET', '/connection' )->get_data() ) );
	}

	public function test_nonsense_leaves_the_connection_alone() {
		$this->connect();
		$this->assertSame( 400, $this->ask( 'POST', '/connection', array( 'site' => 'x' ) )->get_status() );
		$this->assertSame( 400, $this->ask( 'POST', '/connection', null )->get_status() );
		$this->assertSame( self::SECRET, Afterglow_Connection::get()->secret() );
	}

	public function test_only_the_connection_that_is_named_ends() {
		$this->connect();
		$this->ask( 'DELETE', '/connection', null, array( 'site' => 'another_site_1234' ) );
		$this->assertNotNull( Afterglow_Connection::get() );
		$this->ask( 'DELETE', '/connection', null, array( 'site' => 'Ab_-0123456789xy' ) );
		$this->assertNull( Afterglow_Connection::get() );
	}

	public function test_without_an_app_there_are_words_and_no_fault() {
		$this->assertSame( 409, $this->ask( 'GET', '/status' )->get_status() );
		$this->connect_to_nobody();
		$answer = $this->ask( 'GET', '/status' );
		$this->assertSame( 502, $answer->get_status() );
		$this->assertSame( 'afterglow_unreachable', $answer->as_error()->get_error_code() );
	}

	public function test_switches_that_there_are_not() {
		$this->connect_to_nobody();
		foreach ( array( 'on', '', null, 'gone' ) as $what ) {
			$this->assertSame( 400, $this->ask( 'POST', '/switch', array( 'what' => $what ) )->get_status() );
		}
		$this->assertSame( 502, $this->ask( 'POST', '/switch', array( 'what' => 'pause' ) )->get_status() );
	}
}
