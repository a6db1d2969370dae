<?php
/**
 * A customer's way to the returns page, from My account and from the order's page.
 *
 * @package Afterglow
 */

defined( 'ABSPATH' ) || exit;

/**
 * The link, wherever a customer looks at an order.
 */
final class Afterglow_Return_Link {

	/**
	 * Hook in.
	 */
	public static function register() {
		add_filter( 'woocommerce_my_account_my_orders_actions', array( __CLASS__, 'add_action' ), 10, 2 );
		add_action( 'woocommerce_order_details_after_order_table', array( __CLASS__, 'show' ) );
	}

	/**
	 * Beside "View" in the list of orders.
	 *
	 * @param array    $actions What is there.
	 * @param WC_Order $order   The order.
	 * @return array
	 */
	public static function add_action( $actions, $order ) {
		$url = self::url( $order );
		if ( '' !== $url ) {
			$actions['afterglow-return'] = array(
				'url'        => $url,
				'name'       => __( 'Return', 'afterglow' ),
				/* translators: %s: order number. */
				'aria-label' => sprintf( __( 'Return items of order %s', 'afterglow' ), $order->get_order_number() ),
			);
		}
		return $actions;
	}

	/**
	 * Below the order's table. The same table is part of some themes' mails: none there.
	 *
	 * @param WC_Order $order The order.
	 */
	public static function show( $order ) {
		$url = self::url( $order );
		if ( '' !== $url ) {
			echo '<p class="afterglow-return"><a class="button" rel="nofollow" href="' . esc_url( $url ) . '">' . esc_html__( 'Return items of this order', 'afterglow' ) . '</a></p>';
		}
	}

	/**
	 * The signed address; empty where nothing can be returned.
	 *
	 * @param WC_Order $order The order.
	 * @return string
	 */
	public static function url( $order ) {
		$connection = Afterglow_Connection::get();
		if ( null === $connection || ! $connection->has( 'takes_returns' ) || ! is_object( $order ) ) {
			return '';
		}
		/**
		 * Whether an order's customer is shown the way to the returns page.
		 *
		 * @param bool     $offered Paid orders, and those with the status "delivered" of tracking plugins.
		 * @param WC_Order $order   The order.
		 */
		if ( ! apply_filters( 'afterglow_offers_return', $order->is_paid() || $order->has_status( 'delivered' ), $order ) ) {
			return '';
		}
		$time = time();
		return add_query_arg(
			array(
				's' => $connection->site(),
				'o' => $order->get_id(),
				't' => $time,
				'h' => Afterglow_Signature::return_link( $connection->secret(), $connection->site(), $order->get_id(), $time ),
			),
			$connection->app_url() . '/plugin/return'
		);
	}
}
