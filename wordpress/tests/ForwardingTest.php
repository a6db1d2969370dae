<?php
// phpcs:disable

final class ForwardingTest extends Afterglow_Test_Case {

	private function comment( array $changes = array() ) {
		return new WP_Comment( $changes + array( 'id' => 21, 'type' => 'review', 'approved' => '1' ) );
	}

	public function test_a_review_is_told_by_its_number_only() {
		do_action( 'wp_insert_comment', '21', $this->comment() );
		$this->assertSame( array( array( 'woocommerce_afterglow_review_posted', 21 ) ), $this->told() );
	}

	public function test_a_review_that_waits_for_approval_counts_too() {
		do_action( 'wp_insert_comment', 21, $this->comment( array( 'approved' => '0' ) ) );
		$this->assertCount( 1, $this->told() );
	}

	/** @dataProvider others */
	public function test_what_is_no_customers_review_is_not_told( array $changes ) {
		do_action( 'wp_insert_comment', 21, $this->comment( $changes ) );
		$this->assertSame( array(), $this->told() );
	}

	public static function others() {
		return array(
			'comment'    => array( array( 'type' => 'comment' ) ),
			'order note' => array( array( 'type' => 'order_note' ) ),
			'answer'     => array( array( 'parent' => 20 ) ),
			'spam'       => array( array( 'approved' => 'spam' ) ),
			'bin'        => array( array( 'approved' => 'trash' ) ),
		);
	}

	public function test_a_review_that_comes_back_is_told_and_approving_it_is_no_news() {
		do_action( 'transition_comment_status', 'approved', 'unapproved', $this->comment() );
		do_action( 'transition_comment_status', 'trash', 'approved', $this->comment() );
		do_action( 'transition_comment_status', 'approved', 'spam', $this->comment( array( 'type' => 'comment' ) ) );
		$this->assertSame( array(), $this->told() );
		do_action( 'transition_comment_status', 'approved', 'spam', $this->comment() );
		do_action( 'transition_comment_status', 'unapproved', 'trash', $this->comment( array( 'id' => 22 ) ) );
		$this->assertSame( array( array( 'woocommerce_afterglow_review_posted', 21 ), array( 'woocommerce_afterglow_review_posted', 22 ) ), $this->told() );
	}

	public function test_a_fulfilment_is_told_by_its_order() {
		do_action( 'woocommerce_fulfillment_after_fulfill', new Twin_Fulfillment( 33 ) );
		$this->assertSame( array( array( 'woocommerce_afterglow_fulfilled', 33 ) ), $this->told() );
	}

	public function test_other_objects_are_left_alone() {
		do_action( 'woocommerce_fulfillment_after_fulfill', new stdClass() );
		do_action( 'woocommerce_fulfillment_after_fulfill', new Twin_Fulfillment( 0 ) );
		do_action( 'woocommerce_fulfillment_after_fulfill' );
		$this->assertSame( array(), $this->told() );
	}

	private function core_asks( $meta = array() ) {
		$order = new WC_Order( array( 'id' => 33, 'status' => 'completed', 'meta' => $meta ) );
		return apply_filters( 'woocommerce_should_send_review_request', true, $order );
	}

	public function test_core_asks_for_reviews_while_the_app_does_not() {
		$this->assertTrue( $this->core_asks() );
		$this->connect( array( 'features' => array( 'asks_for_reviews' => false ) ) );
		$this->assertTrue( $this->core_asks() );
	}

	public function test_core_leaves_asking_to_the_app() {
		$this->connect();
		$this->assertFalse( $this->core_asks() );
		$this->assertFalse( apply_filters( 'woocommerce_should_send_review_request', true ) );
		$this->assertFalse( apply_filters( 'woocommerce_should_send_review_request', false ) );
	}

	public function test_what_core_has_scheduled_it_also_sends() {
		$this->connect();
		$this->assertTrue( $this->core_asks( array( '_wc_review_request_scheduled_at' => '1764000000' ) ), 'the app sees the mark and does not ask: somebody has to' );
	}

	public function test_on_a_copy_core_goes_on_by_itself() {
		$this->connect();
		Twin_Site::$home = 'https://staging.shop.example';
		$this->assertTrue( $this->core_asks() );
	}
}
