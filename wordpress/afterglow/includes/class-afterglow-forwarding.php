<?php
/**
 * What core has no webhook for, passed on under names that its webhooks can subscribe to.
 *
 * Only numbers are passed: the app reads the rest over REST, with its own key. And what core would
 * do twice if the app does it too is left to the app.
 *
 * @package Afterglow
 */

defined( 'ABSPATH' ) || exit;

/**
 * Hooks in, actions out.
 */
final class Afterglow_Forwarding {

	/**
	 * Hook in.
	 */
	public static function register() {
		add_action( 'wp_insert_comment', array( __CLASS__, 'comment_inserted' ), 10, 2 );
		add_action( 'transition_comment_status', array( __CLASS__, 'comment_changed' ), 10, 3 );
		add_action( 'woocommerce_fulfillment_after_fulfill', array( __CLASS__, 'fulfilled' ) );
		add_filter( 'woocommerce_should_send_review_request', array( __CLASS__, 'leave_asking_to_app' ), 20, 2 );
	}

	/**
	 * A review was written. `comment_post` would miss those from core's review page and REST.
	 *
	 * @param int        $id      Its id.
	 * @param WP_Comment $comment The comment.
	 */
	public static function comment_inserted( $id, $comment ) {
		if ( self::is_review( $comment ) && in_array( (string) $comment->comment_approved, array( '0', '1' ), true ) ) {
			self::tell_review( (int) $id );
		}
	}

	/**
	 * A review came back from spam or from the bin.
	 *
	 * @param string     $after   New status.
	 * @param string     $before  Old status.
	 * @param WP_Comment $comment The comment.
	 */
	public static function comment_changed( $after, $before, $comment ) {
		$counts = array( 'approved', 'unapproved' );
		if ( self::is_review( $comment ) && in_array( $after, $counts, true ) && ! in_array( $before, $counts, true ) ) {
			self::tell_review( (int) $comment->comment_ID );
		}
	}

	/**
	 * A parcel left (WooCommerce 10.1 and later, where fulfilments are switched on).
	 *
	 * @param object $fulfillment Core's object.
	 */
	public static function fulfilled( $fulfillment ) {
		if ( ! is_object( $fulfillment ) || ! method_exists( $fulfillment, 'get_entity_id' ) ) {
			return;
		}
		$order_id = absint( $fulfillment->get_entity_id() );
		if ( $order_id ) {
			/**
			 * A parcel of an order left.
			 *
			 * @param int $order_id The order.
			 */
			do_action( 'woocommerce_afterglow_fulfilled', $order_id );
		}
	}

	/**
	 * Keep core from scheduling its own review request while the app asks. One that core has
	 * scheduled already is left alone: the app sees that and does not ask.
	 *
	 * @param bool          $should_send What others decided.
	 * @param WC_Order|null $order       The order.
	 * @return bool
	 */
	public static function leave_asking_to_app( $should_send, $order = null ) {
		$connection = Afterglow_Connection::get();
		if ( null === $connection || ! $connection->has( 'asks_for_reviews' ) ) {
			return $should_send;
		}
		$scheduled = is_object( $order ) && $order->get_meta( '_wc_review_request_scheduled_at' );
		return $scheduled ? $should_send : false;
	}

	/**
	 * Whether a comment is a customer's review, not an answer to one.
	 *
	 * @param object $comment The comment.
	 * @return bool
	 */
	private static function is_review( $comment ) {
		return is_object( $comment ) && 'review' === $comment->comment_type && ! (int) $comment->comment_parent;
	}

	/**
	 * Tell the webhooks.
	 *
	 * @param int $id The review.
	 */
	private static function tell_review( $id ) {
		/**
		 * A review was written in the store.
		 *
		 * @param int $id The review.
		 */
		do_action( 'woocommerce_afterglow_review_posted', $id );
	}
}
