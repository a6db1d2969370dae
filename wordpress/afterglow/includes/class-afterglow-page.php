<?php
/**
 * The page under WooCommerce: how the connection stands, switches, counters. No script needed.
 *
 * @package Afterglow
 */

defined( 'ABSPATH' ) || exit;

/**
 * The page.
 */
final class Afterglow_Page {

	const SLUG = 'afterglow';

	/**
	 * Hook in.
	 */
	public static function register() {
		add_action( 'admin_menu', array( __CLASS__, 'add_menu' ), 60 );
		add_filter( 'plugin_action_links_' . plugin_basename( AFTERGLOW_FILE ), array( __CLASS__, 'add_link' ) );
	}

	/**
	 * Below WooCommerce.
	 */
	public static function add_menu() {
		$hook = add_submenu_page( 'woocommerce', 'Afterglow', 'Afterglow', 'manage_woocommerce', self::SLUG, array( __CLASS__, 'show' ) );
		add_action( 'admin_print_styles-' . $hook, array( __CLASS__, 'add_style' ) );
	}

	/**
	 * In the list of plugins.
	 *
	 * @param array $links What is there.
	 * @return array
	 */
	public static function add_link( $links ) {
		$url = add_query_arg( 'page', self::SLUG, admin_url( 'admin.php' ) );
		array_unshift( $links, '<a href="' . esc_url( $url ) . '">' . esc_html__( 'Settings', 'afterglow' ) . '</a>' );
		return $links;
	}

	/**
	 * The page's own sheet.
	 */
	public static function add_style() {
		wp_enqueue_style( 'afterglow', plugins_url( 'assets/admin.css', AFTERGLOW_FILE ), array(), AFTERGLOW_VERSION );
	}

	/**
	 * The page.
	 */
	public static function show() {
		if ( ! current_user_can( 'manage_woocommerce' ) ) {
			wp_die( esc_html__( 'You may not manage this store.', 'afterglow' ), '', array( 'response' => 403 ) );
		}
		$connection = Afterglow_Connection::get();
		echo '<div class="wrap afterglow"><h1>Afterglow</h1>';
		self::say_what_was_done();
		if ( null === $connection ) {
			self::show_connect();
		} else {
			self::show_connected( $connection );
		}
		echo '</div>';
	}

	/**
	 * What the last form did.
	 */
	private static function say_what_was_done() {
		$words = array(
			'pause'      => array( 'success', __( 'Everything is paused. What happens in the store is still recorded.', 'afterglow' ) ),
			'resume'     => array( 'success', __( 'Afterglow goes on.', 'afterglow' ) ),
			'off'        => array( 'success', __( 'Switched off. What was waiting is withdrawn.', 'afterglow' ) ),
			'held'       => array( 'warning', __( 'That cannot be changed just now. The dashboard says why.', 'afterglow' ) ),
			'not-done'   => array( 'error', __( 'Afterglow does not answer just now, so nothing was changed. Try again in a minute.', 'afterglow' ) ),
			'not-open'   => array( 'error', __( 'The dashboard opens only from the connected store.', 'afterglow' ) ),
			'no-address' => array( 'error', __( 'That is no address of Afterglow. It begins with https://.', 'afterglow' ) ),
		);
		// phpcs:ignore WordPress.Security.NonceVerification.Recommended -- only chooses one of the sentences above.
		$done = isset( $_GET['afterglow_done'] ) ? sanitize_key( wp_unslash( $_GET['afterglow_done'] ) ) : '';
		if ( isset( $words[ $done ] ) ) {
			self::notice( $words[ $done ][0], $words[ $done ][1] );
		}
	}

	/**
	 * Before the store is connected.
	 */
	private static function show_connect() {
		echo '<p>' . esc_html__( 'This store is not connected to Afterglow yet. Connecting sends you to Afterglow, then back here to approve it. Nobody is mailed until you switch something on.', 'afterglow' ) . '</p>';
		self::open_form( 'afterglow_connect', false );
		echo '<p><label for="afterglow-app-url">' . esc_html__( 'Address of your Afterglow', 'afterglow' ) . '</label><br>';
		echo '<input type="url" class="regular-text" id="afterglow-app-url" name="app_url" required placeholder="https://" value="' . esc_attr( Afterglow_Connection::known_app_url() ) . '"></p>';
		self::button( __( 'Connect', 'afterglow' ), 'primary' );
		echo '</form>';
	}

	/**
	 * While the store is connected.
	 *
	 * @param Afterglow_Connection $connection The connection.
	 */
	private static function show_connected( Afterglow_Connection $connection ) {
		$answer = rest_do_request( new WP_REST_Request( 'GET', '/' . Afterglow_Rest::ROUTES . '/status' ) );
		if ( $answer->is_error() ) {
			self::show_silence( $connection, $answer->as_error() );
			return;
		}
		$status = (array) $answer->get_data();
		self::open_button( __( 'Open dashboard', 'afterglow' ), '/app/', 'primary' );
		self::show_problems( $status );
		self::show_health( $connection, $status );
		self::show_automations( $status );
		self::show_pause( $status );
	}

	/**
	 * The app did not answer, or must not be asked.
	 *
	 * @param Afterglow_Connection $connection The connection.
	 * @param WP_Error             $error      Why.
	 */
	private static function show_silence( Afterglow_Connection $connection, WP_Error $error ) {
		self::notice( 'error', $error->get_error_message() );
		if ( 'afterglow_unreachable' === $error->get_error_code() ) {
			/* translators: %s: address of the app. */
			echo '<p>' . esc_html( sprintf( __( 'Afterglow runs at %s. Nothing is lost meanwhile: it catches up by itself. Reload this page to try again.', 'afterglow' ), $connection->app_url() ) ) . '</p>';
			self::open_button( __( 'Open dashboard', 'afterglow' ), '/app/', '' );
			return;
		}
		echo '<p>' . esc_html__( 'Connect the store again if it is to be connected. Your settings at Afterglow are kept.', 'afterglow' ) . '</p>';
		self::show_connect();
	}

	/**
	 * What needs the merchant.
	 *
	 * @param array $status What the app said.
	 */
	private static function show_problems( array $status ) {
		foreach ( self::rows( $status, 'problems' ) as $problem ) {
			echo '<div class="notice notice-warning inline"><p><strong>' . esc_html( self::text( $problem, 'what' ) ) . '</strong><br>' . esc_html( self::text( $problem, 'text' ) ) . '</p>';
			if ( '' !== self::text( $problem, 'to' ) ) {
				self::open_button( self::text( $problem, 'action' ), self::text( $problem, 'to' ), '' );
			}
			echo '</div>';
		}
		$needs = self::number( $status, 'needs_you' );
		if ( $needs ) {
			/* translators: %s: a number. */
			$words = sprintf( _n( '%s thing waits for you in the dashboard.', '%s things wait for you in the dashboard.', $needs, 'afterglow' ), number_format_i18n( $needs ) );
			self::notice( 'warning', $words );
		}
	}

	/**
	 * How the connection stands.
	 *
	 * @param Afterglow_Connection $connection The connection.
	 * @param array                $status     What the app said.
	 */
	private static function show_health( Afterglow_Connection $connection, array $status ) {
		echo '<h2>' . esc_html__( 'Connection', 'afterglow' ) . '</h2><dl class="afterglow-facts">';
		self::fact( __( 'Connected to', 'afterglow' ), $connection->app_url() );
		$hooks = isset( $status['webhooks'] ) && is_array( $status['webhooks'] ) ? $status['webhooks'] : array();
		/* translators: 1: number of active webhooks, 2: number of wanted ones. */
		self::fact( __( 'Webhooks', 'afterglow' ), sprintf( __( '%1$s of %2$s active', 'afterglow' ), number_format_i18n( self::number( $hooks, 'active' ) ), number_format_i18n( self::number( $hooks, 'wanted' ) ) ) );
		$received = strtotime( self::text( $status, 'last_received' ) );
		self::fact( __( 'Last news from this store', 'afterglow' ), $received ? (string) wp_date( get_option( 'date_format' ) . ' ' . get_option( 'time_format' ), $received ) : __( 'none yet', 'afterglow' ) );
		self::fact( __( 'Waiting to be done', 'afterglow' ), number_format_i18n( self::number( $status, 'waiting' ) ) );
		echo '</dl>';
	}

	/**
	 * Each automation with its switch.
	 *
	 * @param array $status What the app said.
	 */
	private static function show_automations( array $status ) {
		echo '<h2>' . esc_html__( 'Automations', 'afterglow' ) . '</h2><ul class="afterglow-automations">';
		foreach ( self::rows( $status, 'automations' ) as $row ) {
			$key = self::text( $row, 'key' );
			$on  = ! empty( $row['enabled'] );
			echo '<li><div><h3>' . esc_html( self::text( $row, 'name' ) ) . ' <span class="afterglow-state' . ( $on ? ' is-on' : '' ) . '">' . ( $on ? esc_html__( 'On', 'afterglow' ) : esc_html__( 'Off', 'afterglow' ) ) . '</span></h3>';
			/* translators: 1: number done, 2: number not done, 3: number waiting. */
			echo '<p>' . esc_html( sprintf( __( 'In the last 28 days: done %1$s, not done %2$s. Waiting: %3$s.', 'afterglow' ), number_format_i18n( self::number( $row, 'done' ) ), number_format_i18n( self::number( $row, 'not_done' ) ), number_format_i18n( self::number( $row, 'waiting' ) ) ) ) . '</p></div><div class="afterglow-actions">';
			if ( $on ) {
				self::open_button( __( 'Settings', 'afterglow' ), '/app/automations/' . $key, '', self::text( $row, 'name' ) );
				self::switch_button( __( 'Switch off', 'afterglow' ), 'off', $key, self::text( $row, 'name' ) );
			} else {
				self::open_button( __( 'See what it would do', 'afterglow' ), '/app/automations/' . $key . '/on', '', self::text( $row, 'name' ) );
			}
			echo '</div></li>';
		}
		echo '</ul><p>' . esc_html__( 'An automation is switched on in the dashboard, which first shows what it would do.', 'afterglow' ) . '</p>';
	}

	/**
	 * The pause for everything.
	 *
	 * @param array $status What the app said.
	 */
	private static function show_pause( array $status ) {
		echo '<h2>' . esc_html__( 'Pause', 'afterglow' ) . '</h2>';
		if ( empty( $status['paused'] ) ) {
			echo '<p>' . esc_html__( 'A pause holds back everything that is due. What happens in the store is still recorded.', 'afterglow' ) . '</p>';
			self::switch_button( __( 'Pause everything', 'afterglow' ), 'pause' );
		} else {
			echo '<p><strong>' . esc_html__( 'Everything is paused.', 'afterglow' ) . '</strong></p>';
			self::switch_button( __( 'Go on', 'afterglow' ), 'resume' );
		}
	}

	/**
	 * A button that opens a page of the dashboard in a new tab.
	 *
	 * @param string $words What it says.
	 * @param string $to    Path of the page.
	 * @param string $kind  Empty, or primary.
	 * @param string $about What it is about, for those who only hear the button.
	 */
	private static function open_button( $words, $to, $kind, $about = '' ) {
		self::open_form( 'afterglow_open', true );
		echo '<input type="hidden" name="to" value="' . esc_attr( $to ) . '">';
		self::button( $words, $kind, trim( $about . ' ' . __( '(opens a new tab)', 'afterglow' ) ) );
		echo '</form>';
	}

	/**
	 * A button that changes something.
	 *
	 * @param string $words      What it says.
	 * @param string $what       The switch.
	 * @param string $automation Which automation.
	 * @param string $about      What it is about, for those who only hear the button.
	 */
	private static function switch_button( $words, $what, $automation = '', $about = '' ) {
		self::open_form( 'afterglow_switch', false );
		echo '<input type="hidden" name="what" value="' . esc_attr( $what ) . '"><input type="hidden" name="automation" value="' . esc_attr( $automation ) . '">';
		self::button( $words, '', $about );
		echo '</form>';
	}

	/**
	 * The beginning of a form with its nonce.
	 *
	 * @param string $action  Handler and nonce.
	 * @param bool   $new_tab Whether its answer comes in a new tab.
	 */
	private static function open_form( $action, $new_tab ) {
		echo '<form method="post" action="' . esc_url( admin_url( 'admin-post.php' ) ) . '"' . ( $new_tab ? ' target="_blank"' : '' ) . '>';
		echo '<input type="hidden" name="action" value="' . esc_attr( $action ) . '">';
		// Several forms are on the page: no id, which would not be unique.
		echo '<input type="hidden" name="_wpnonce" value="' . esc_attr( wp_create_nonce( $action ) ) . '">';
	}

	/**
	 * A form's button.
	 *
	 * @param string $words What it says.
	 * @param string $kind  Empty, or primary.
	 * @param string $about What it is about, for those who only hear it.
	 */
	private static function button( $words, $kind, $about = '' ) {
		echo '<button type="submit" class="button' . ( '' === $kind ? '' : ' button-' . esc_attr( $kind ) ) . '">' . esc_html( $words );
		echo '' === $about ? '' : '<span class="screen-reader-text"> ' . esc_html( $about ) . '</span>';
		echo '</button>';
	}

	/**
	 * A sentence in a box.
	 *
	 * @param string $kind  Of WordPress's notices.
	 * @param string $words The sentence.
	 */
	private static function notice( $kind, $words ) {
		echo '<div class="notice notice-' . esc_attr( $kind ) . ' inline" role="status"><p>' . esc_html( $words ) . '</p></div>';
	}

	/**
	 * A name and what stands beside it.
	 *
	 * @param string $name  The name.
	 * @param string $value What stands beside it.
	 */
	private static function fact( $name, $value ) {
		echo '<div><dt>' . esc_html( $name ) . '</dt><dd>' . esc_html( $value ) . '</dd></div>';
	}

	/**
	 * A list of the answer; empty if it is none.
	 *
	 * @param array  $from Part of the answer.
	 * @param string $name The field.
	 * @return array[]
	 */
	private static function rows( array $from, $name ) {
		return array_filter( isset( $from[ $name ] ) && is_array( $from[ $name ] ) ? $from[ $name ] : array(), 'is_array' );
	}

	/**
	 * A text of the answer; empty if it is none.
	 *
	 * @param array  $from Part of the answer.
	 * @param string $name The field.
	 * @return string
	 */
	private static function text( array $from, $name ) {
		return isset( $from[ $name ] ) && is_scalar( $from[ $name ] ) ? (string) $from[ $name ] : '';
	}

	/**
	 * A number of the answer; 0 if it is none.
	 *
	 * @param array  $from Part of the answer.
	 * @param string $name The field.
	 * @return int
	 */
	private static function number( array $from, $name ) {
		return isset( $from[ $name ] ) && is_numeric( $from[ $name ] ) ? (int) $from[ $name ] : 0;
	}
}
