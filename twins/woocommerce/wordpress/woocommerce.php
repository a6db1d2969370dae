<?php
/**
 * As much of WooCommerce as the plugin calls; see wordpress.php.
 *
 * phpcs:disable
 */

namespace Automattic\WooCommerce\Utilities {
	final class FeaturesUtil {
		public static function declare_compatibility( $feature, $file, $compatible ) {
			\Twin_Site::$compatible[ $feature ] = $compatible;
		}
	}
}

namespace {
	/** An order as the plugin asks it. */
	final class WC_Order {
		private $order;
		public function __construct( array $order ) {
			$this->order = $order;
		}
		public function get_id() {
			return (int) $this->order['id'];
		}
		public function get_order_number() {
			return (string) $this->order['id'];
		}
		public function has_status( $status ) {
			return in_array( $this->order['status'], (array) $status, true );
		}
		public function is_paid() {
			return $this->has_status( array( 'processing', 'completed' ) );
		}
		public function get_meta( $key ) {
			return isset( $this->order['meta'][ $key ] ) ? $this->order['meta'][ $key ] : '';
		}
	}

	/** A comment's row. */
	final class WP_Comment {
		public $comment_ID;
		public $comment_type;
		public $comment_approved;
		public $comment_parent;
		public function __construct( array $row ) {
			$this->comment_ID       = (string) $row['id'];
			$this->comment_type     = $row['type'];
			$this->comment_approved = (string) $row['approved'];
			$this->comment_parent   = (string) ( isset( $row['parent'] ) ? $row['parent'] : 0 );
		}
	}

	/** WooCommerce's fulfilment, as its hook hands it over. */
	final class Twin_Fulfillment {
		private $order_id;
		public function __construct( $order_id ) {
			$this->order_id = $order_id;
		}
		public function get_entity_id() {
			return (string) $this->order_id;
		}
	}

	final class WC_Webhook {
		public $id;
		public function __construct( $id ) {
			$this->id = $id;
		}
		public function get_delivery_url() {
			return Twin_Site::$webhooks[ $this->id ];
		}
		public function delete( $force ) {
			unset( Twin_Site::$webhooks[ $this->id ] );
		}
	}

	final class WC_Data_Store {
		public static function load( $kind ) {
			return new self();
		}
		public function search_webhooks( $arguments ) {
			return array_keys( Twin_Site::$webhooks );
		}
	}

	function wc_get_webhook( $id ) {
		return new WC_Webhook( $id );
	}

	function as_unschedule_all_actions( $hook, $arguments, $group ) {
		Twin_Site::$unscheduled[] = $group;
	}
}
