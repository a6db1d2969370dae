<?php
/**
 * Runs the plugin for one request: JSON in on stdin, JSON out on stdout. The twin calls it.
 *
 * phpcs:disable
 */

require __DIR__ . '/wordpress.php';
require __DIR__ . '/woocommerce.php';

$asked = json_decode( stream_get_contents( STDIN ), true );

foreach ( array( 'home', 'locale', 'zone', 'user', 'manager', 'salt', 'plugin', 'options', 'webhooks' ) as $name ) {
	if ( isset( $asked[ $name ] ) ) {
		Twin_Site::$$name = $asked[ $name ];
	}
}
$_GET     = isset( $asked['get'] ) ? $asked['get'] : array();
$_POST    = isset( $asked['post'] ) ? $asked['post'] : array();
$_REQUEST = $_POST + $_GET;

ob_start();
$answer = null;

// Also after `exit`, with which the plugin ends a page of its own.
register_shutdown_function(
	static function () {
		global $answer;
		$error = error_get_last();
		$body  = '';
		while ( ob_get_level() ) {
			$body = ob_get_clean() . $body;
		}
		if ( $error ) {
			return; // PHP has reported it on stderr.
		}
		echo json_encode(
			array(
				'status'      => Twin_Site::$status,
				'headers'     => (object) Twin_Site::$headers,
				'body'        => $body,
				'answer'      => $answer,
				'styles'      => Twin_Site::$styles,
				'options'     => (object) Twin_Site::$options,
				'webhooks'    => (object) Twin_Site::$webhooks,
				'fired'       => array_values( array_filter( Twin_Site::$fired, static function ( $one ) {
					return 0 === strpos( $one[0], 'woocommerce_afterglow_' );
				} ) ),
			)
		);
	}
);

try {
	if ( 'uninstall' === $asked['do'] ) {
		define( 'WP_UNINSTALL_PLUGIN', 'afterglow/afterglow.php' );
		require dirname( Twin_Site::$plugin ) . '/uninstall.php';
		return;
	}
	require Twin_Site::$plugin;
	do_action( 'before_woocommerce_init' );
	do_action( 'init' );
	switch ( $asked['do'] ) {
		case 'page':
			do_action( 'admin_menu' );
			list( $right, $callback ) = Twin_Site::$pages[ $asked['page'] ];
			if ( ! current_user_can( $right ) ) {
				wp_die( 'Sorry, you are not allowed to access this page.', '', array( 'response' => 403 ) );
			}
			do_action( 'admin_print_styles-woocommerce_page_' . $asked['page'] );
			$callback();
			break;
		case 'admin_post':
			$action = isset( $_POST['action'] ) ? sanitize_key( $_POST['action'] ) : '';
			if ( ! isset( Twin_Site::$hooks[ "admin_post_$action" ] ) ) {
				wp_die( '', '', array( 'response' => 400 ) );
			}
			do_action( "admin_post_$action" );
			break;
		case 'rest':
			$request = new WP_REST_Request( $asked['method'], $asked['route'] );
			$request->set_json( $asked['json'] );
			foreach ( $_GET as $name => $value ) {
				$request->set_param( $name, $value );
			}
			$done               = rest_do_request( $request );
			$answer             = $done->get_data();
			Twin_Site::$status  = $done->get_status();
			break;
		case 'comment':
			$comment = new WP_Comment( $asked['comment'] );
			if ( isset( $asked['before'] ) ) {
				do_action( 'transition_comment_status', $asked['after'], $asked['before'], $comment );
			} else {
				do_action( 'wp_insert_comment', (int) $comment->comment_ID, $comment );
			}
			break;
		case 'fulfilled':
			do_action( 'woocommerce_fulfillment_after_fulfill', new Twin_Fulfillment( $asked['order_id'] ) );
			break;
		case 'order_actions':
			$answer = (object) apply_filters( 'woocommerce_my_account_my_orders_actions', array(), new WC_Order( $asked['order'] ) );
			break;
		case 'order_page':
			do_action( 'woocommerce_order_details_after_order_table', new WC_Order( $asked['order'] ) );
			break;
	}
} catch ( Twin_Request_Ended $ended ) {
	return;
}
