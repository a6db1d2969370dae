<?php
// phpcs:disable

final class ReturnLinkTest extends Afterglow_Test_Case {

	private function order( $status = 'completed' ) {
		return new WC_Order( array( 'id' => 33, 'status' => $status ) );
	}

	private function actions( $order ) {
		return apply_filters( 'woocommerce_my_account_my_orders_actions', array( 'view' => array() ), $order );
	}

	public function test_a_signed_link_beside_the_order() {
		$this->connect();
		$action = $this->actions( $this->order() )['afterglow-return'];
		$this->assertSame( 'Return', $action['name'] );
		$this->assertSame( 'Return items of order 33', $action['aria-label'] );
		parse_str( parse_url( $action['url'], PHP_URL_QUERY ), $query );
		$this->assertStringStartsWith( 'https://app.example/plugin/return?', $action['url'] );
		$this->assertSame( array( 'Ab_-0123456789xy', '33' ), array( $query['s'], $query['o'] ) );
		$this->assertSame( hash_hmac( 'sha256', "return|{$query['s']}|33|{$query['t']}", self::SECRET ), $query['h'] );
	}

	public function test_on_the_orders_page_it_is_escaped() {
		$this->connect();
		ob_start();
		do_action( 'woocommerce_order_details_after_order_table', $this->order() );
		$html = ob_get_clean();
		$this->assertStringContainsString( 'Return items of this order', $html );
		$this->assertMatchesRegularExpression( '/href="https:[^"&]*s=Ab_-0123456789xy&#038;o=33&#038;t=\d+&#038;h=[0-9a-f]{64}"/', $html );
	}

	/** @dataProvider nothing_to_return */
	public function test_no_link_where_nothing_can_be_returned( $status, array $connection ) {
		if ( $connection ) {
			$this->connect( $connection );
		}
		$this->assertSame( array( 'view' ), array_keys( $this->actions( $this->order( $status ) ) ) );
		$this->expectOutputString( '' );
		do_action( 'woocommerce_order_details_after_order_table', $this->order( $status ) );
	}

	public static function nothing_to_return() {
		return array(
			'not connected' => array( 'completed', array() ),
			'returns off'   => array( 'completed', array( 'features' => array() ) ),
			'not paid'      => array( 'pending', array( 'generation' => 1 ) ),
			'cancelled'     => array( 'cancelled', array( 'generation' => 1 ) ),
		);
	}

	public function test_orders_on_their_way_and_with_a_tracking_plugins_status_have_it() {
		$this->connect();
		foreach ( array( 'processing', 'delivered' ) as $status ) {
			$this->assertArrayHasKey( 'afterglow-return', $this->actions( $this->order( $status ) ) );
		}
	}

	public function test_the_store_may_decide_otherwise() {
		$this->connect();
		add_filter( 'afterglow_offers_return', '__return_false_here', 10, 2 );
		$shown = $this->actions( $this->order() );
		unset( Twin_Site::$hooks['afterglow_offers_return'] );
		$this->assertArrayNotHasKey( 'afterglow-return', $shown );
	}
}

function __return_false_here() {
	return false;
}
