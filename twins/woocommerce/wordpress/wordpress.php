<?php
/**
 * As much of WordPress as the plugin calls, so that its real code runs in the twin and in tests.
 *
 * Each function does what WordPress does for the arguments that the plugin gives; where it would
 * end the request it throws Twin_Request_Ended. Notices and warnings are errors here.
 *
 * phpcs:disable
 */

set_error_handler(
	static function ( $level, $message, $file, $line ) {
		throw new ErrorException( $message, 0, $level, $file, $line );
	}
);

define( 'ABSPATH', __DIR__ . '/' );

/** The request has been answered: with a redirect, or with WordPress's page for errors. */
final class Twin_Request_Ended extends RuntimeException {
}

/** The site: options, who is logged in, what was answered and what was fired. */
final class Twin_Site {
	public static $home    = 'http://127.0.0.1:9202';
	public static $locale  = 'en_US';
	public static $zone    = 'UTC';
	public static $user    = 1;
	public static $manager = true;
	public static $salt    = 'salt';
	public static $plugin  = '';
	public static $options = array();
	public static $blogs   = array(); // multisite: id => array( home, options )
	public static $blog    = 1;
	public static $hooks   = array();
	public static $routes  = array();
	public static $pages   = array();
	public static $styles  = array();
	public static $fired   = array();
	public static $status  = 200;
	public static $headers = array();
	public static $words   = array();
	public static $plurals = null;
	public static $unscheduled = array();
	public static $webhooks    = array();
	public static $compatible  = array();
}

// Hooks.

function add_filter( $name, $callback, $priority = 10, $arguments = 1 ) {
	Twin_Site::$hooks[ $name ][ $priority ][] = array( $callback, $arguments );
	return true;
}

function add_action( $name, $callback, $priority = 10, $arguments = 1 ) {
	return add_filter( $name, $callback, $priority, $arguments );
}

function apply_filters( $name, $value, ...$more ) {
	$by_priority = isset( Twin_Site::$hooks[ $name ] ) ? Twin_Site::$hooks[ $name ] : array();
	ksort( $by_priority );
	foreach ( $by_priority as $callbacks ) {
		foreach ( $callbacks as list( $callback, $arguments ) ) {
			$value = $callback( ...array_slice( array_merge( array( $value ), $more ), 0, $arguments ) );
		}
	}
	return $value;
}

function do_action( $name, ...$given ) {
	Twin_Site::$fired[] = array( $name, $given ? $given[0] : '' );
	$by_priority        = isset( Twin_Site::$hooks[ $name ] ) ? Twin_Site::$hooks[ $name ] : array();
	ksort( $by_priority );
	foreach ( $by_priority as $callbacks ) {
		foreach ( $callbacks as list( $callback, $arguments ) ) {
			// WordPress hands an empty text to callbacks of actions that have no argument.
			$callback( ...array_slice( $given ? $given : array( '' ), 0, $arguments ) );
		}
	}
}

// Words: compiled catalogues of the plugin.

function plugin_basename( $file ) {
	return basename( dirname( $file ) ) . '/' . basename( $file );
}

function load_plugin_textdomain( $domain, $deprecated, $folder ) {
	$path = dirname( Twin_Site::$plugin, 2 ) . "/$folder/$domain-" . Twin_Site::$locale . '.mo';
	if ( 'en_US' === Twin_Site::$locale || ! is_readable( $path ) ) {
		return false;
	}
	$bytes = file_get_contents( $path );
	$head  = unpack( 'Vmagic/Vrevision/Vcount/Voriginals/Vtranslations', $bytes );
	for ( $n = 0; $n < $head['count']; $n++ ) {
		$original    = unpack( 'Vlength/Voffset', $bytes, $head['originals'] + 8 * $n );
		$translation = unpack( 'Vlength/Voffset', $bytes, $head['translations'] + 8 * $n );
		$key         = explode( "\0", substr( $bytes, $original['offset'], $original['length'] ) )[0];
		$words       = explode( "\0", substr( $bytes, $translation['offset'], $translation['length'] ) );

		Twin_Site::$words[ $key ] = $words;
	}
	preg_match( '/plural=([^;\n]+);/', Twin_Site::$words[''][0], $found );
	Twin_Site::$plurals = $found[1];
	return true;
}

function __( $text, $domain ) {
	return isset( Twin_Site::$words[ $text ] ) ? Twin_Site::$words[ $text ][0] : $text;
}

function _n( $single, $plural, $number, $domain ) {
	if ( ! isset( Twin_Site::$words[ $single ] ) ) {
		return 1 === $number ? $single : $plural;
	}
	// The languages that the plugin speaks: Slovak has three forms, Turkish two.
	$slovak = 1 === $number ? 0 : ( $number >= 2 && $number <= 4 ? 1 : 2 );
	$form   = 'sk_SK' === Twin_Site::$locale ? $slovak : (int) ( 1 !== $number );
	return Twin_Site::$words[ $single ][ $form ];
}

function esc_html__( $text, $domain ) {
	return esc_html( __( $text, $domain ) );
}

function esc_html_e( $text, $domain ) {
	echo esc_html__( $text, $domain );
}

function language_attributes() {
	echo 'lang="' . esc_attr( str_replace( '_', '-', Twin_Site::$locale ) ) . '"';
}

function number_format_i18n( $number ) {
	return number_format( $number, 0, '.', ',' );
}

function wp_date( $format, $timestamp ) {
	return ( new DateTimeImmutable( "@$timestamp" ) )->setTimezone( new DateTimeZone( Twin_Site::$zone ) )->format( $format );
}

// Cleaning and escaping.

function esc_html( $text ) {
	return htmlspecialchars( (string) $text, ENT_QUOTES, 'UTF-8', false );
}

function esc_attr( $text ) {
	return esc_html( $text );
}

function esc_url_raw( $url, $protocols = array( 'http', 'https' ) ) {
	$url = str_replace( ' ', '%20', ltrim( (string) $url ) );
	$url = preg_replace( '|[^a-z0-9-~+_.?#=!&;,/:%@$\|*\'()\[\]\\x80-\\xff]|i', '', $url );
	return preg_match( '#^(' . implode( '|', $protocols ) . ')://#i', $url ) ? $url : '';
}

function esc_url( $url ) {
	return str_replace( array( '&', "'" ), array( '&#038;', '&#039;' ), esc_url_raw( $url ) );
}

function sanitize_key( $key ) {
	return preg_replace( '/[^a-z0-9_\-]/', '', strtolower( is_scalar( $key ) ? (string) $key : '' ) );
}

function sanitize_text_field( $text ) {
	$plain = is_scalar( $text ) ? preg_replace( '/[\r\n\t ]+/', ' ', strip_tags( (string) $text ) ) : '';
	return trim( preg_replace( '/%[a-f0-9]{2}/i', '', $plain ) ); // encoded octets go, too
}

function wp_unslash( $value ) {
	return is_array( $value ) ? array_map( 'wp_unslash', $value ) : stripslashes( (string) $value );
}

function absint( $value ) {
	return abs( is_scalar( $value ) ? (int) $value : 0 );
}

function untrailingslashit( $text ) {
	return rtrim( $text, '/\\' );
}

function wp_parse_url( $url ) {
	return parse_url( $url );
}

function wp_json_encode( $value ) {
	return json_encode( $value );
}

// Addresses.

function home_url( $path = '' ) {
	return Twin_Site::$home . $path;
}

function admin_url( $path = '' ) {
	return Twin_Site::$home . '/wp-admin/' . $path;
}

function plugins_url( $path, $file ) {
	return Twin_Site::$home . '/wp-content/plugins/' . basename( dirname( $file ) ) . '/' . $path;
}

function add_query_arg( ...$given ) {
	list( $new, $url ) = is_array( $given[0] ) ? $given : array( array( $given[0] => $given[1] ), $given[2] );
	$pairs             = array();
	foreach ( $new as $name => $value ) {
		$pairs[] = "$name=$value"; // WordPress does not encode what it is given.
	}
	return $url . ( false === strpos( $url, '?' ) ? '?' : '&' ) . implode( '&', $pairs );
}

// Options and users.

function get_option( $name, $default = false ) {
	$ours = array( 'date_format' => 'Y-m-d', 'time_format' => 'H:i' );
	$all  = Twin_Site::$options + $ours;
	return isset( $all[ $name ] ) ? $all[ $name ] : $default;
}

function update_option( $name, $value, $autoload = null ) {
	Twin_Site::$options[ $name ] = $value;
	return true;
}

function delete_option( $name ) {
	unset( Twin_Site::$options[ $name ] );
	return true;
}

function current_user_can( $right ) {
	return Twin_Site::$manager && 'manage_woocommerce' === $right;
}

function get_current_user_id() {
	return Twin_Site::$user;
}

function get_user_locale() {
	return Twin_Site::$locale;
}

function wp_create_nonce( $action ) {
	return substr( hash_hmac( 'sha256', $action . '|' . Twin_Site::$user, Twin_Site::$salt ), -12, 10 );
}

function check_admin_referer( $action ) {
	$given = isset( $_REQUEST['_wpnonce'] ) ? (string) $_REQUEST['_wpnonce'] : '';
	if ( ! hash_equals( wp_create_nonce( $action ), $given ) ) {
		wp_die( 'The link you followed has expired.', '', array( 'response' => 403 ) );
	}
	return 1;
}

// Answers.

function wp_die( $message = '', $title = '', $arguments = array() ) {
	Twin_Site::$status = isset( $arguments['response'] ) ? $arguments['response'] : 500;
	echo '<p>' . $message . '</p>';
	throw new Twin_Request_Ended( $message );
}

function wp_redirect( $location ) {
	Twin_Site::$status              = 302;
	Twin_Site::$headers['Location'] = $location;
	throw new Twin_Request_Ended( $location );
}

function wp_safe_redirect( $location ) {
	$home = parse_url( Twin_Site::$home, PHP_URL_HOST );
	wp_redirect( parse_url( $location, PHP_URL_HOST ) === $home ? $location : admin_url() );
}

function nocache_headers() {
	Twin_Site::$headers['Cache-Control'] = 'no-cache, must-revalidate, max-age=0, no-store, private';
}

function wp_print_script_tag( $attributes ) {
	echo '<script src="' . esc_attr( $attributes['src'] ) . '"></script>';
}

function add_submenu_page( $parent, $title, $menu, $right, $slug, $callback ) {
	Twin_Site::$pages[ $slug ] = array( $right, $callback, $title );
	return $parent . '_page_' . $slug;
}

function wp_enqueue_style( $handle, $url, $needs, $version ) {
	Twin_Site::$styles[] = "$url?ver=$version";
}

// Errors, requests, answers.

class WP_Error {
	private $code;
	private $message;
	private $data;
	public function __construct( $code, $message, $data = array() ) {
		$this->code    = $code;
		$this->message = $message;
		$this->data    = $data;
	}
	public function get_error_code() {
		return $this->code;
	}
	public function get_error_message() {
		return $this->message;
	}
	public function get_error_data() {
		return $this->data;
	}
}

function is_wp_error( $thing ) {
	return $thing instanceof WP_Error;
}

class WP_REST_Request {
	private $method;
	private $route;
	private $params = array();
	private $json   = null;
	public function __construct( $method, $route ) {
		$this->method = $method;
		$this->route  = $route;
	}
	public function get_method() {
		return $this->method;
	}
	public function get_route() {
		return $this->route;
	}
	public function set_param( $name, $value ) {
		$this->params[ $name ] = $value;
	}
	public function get_param( $name ) {
		if ( is_array( $this->json ) && isset( $this->json[ $name ] ) ) {
			return $this->json[ $name ];
		}
		return isset( $this->params[ $name ] ) ? $this->params[ $name ] : null;
	}
	public function set_json( $json ) {
		$this->json = $json;
	}
	public function get_json_params() {
		return $this->json;
	}
}

class WP_REST_Response {
	private $data;
	private $status;
	private $error;
	public function __construct( $data = null, $status = 200, $error = null ) {
		$this->data   = $data;
		$this->status = $status;
		$this->error  = $error;
	}
	public function get_data() {
		return $this->data;
	}
	public function get_status() {
		return $this->status;
	}
	public function is_error() {
		return $this->status >= 400;
	}
	public function as_error() {
		return $this->error;
	}
}

function register_rest_route( $routes, $path, $arguments ) {
	Twin_Site::$routes[ "/$routes$path" ][ $arguments['methods'] ] = $arguments;
	return true;
}

function rest_do_request( WP_REST_Request $request ) {
	if ( ! Twin_Site::$routes ) {
		do_action( 'rest_api_init' );
	}
	$routes = Twin_Site::$routes;
	if ( ! isset( $routes[ $request->get_route() ][ $request->get_method() ] ) ) {
		return twin_rest_error( new WP_Error( 'rest_no_route', 'No route was found matching the URL and request method.', array( 'status' => 404 ) ) );
	}
	$route = $routes[ $request->get_route() ][ $request->get_method() ];
	if ( ! $route['permission_callback']( $request ) ) {
		return twin_rest_error( new WP_Error( 'rest_forbidden', 'Sorry, you are not allowed to do that.', array( 'status' => Twin_Site::$user ? 403 : 401 ) ) );
	}
	$answer = $route['callback']( $request );
	return is_wp_error( $answer ) ? twin_rest_error( $answer ) : $answer;
}

function twin_rest_error( WP_Error $error ) {
	$data = $error->get_error_data();
	$body = array(
		'code'    => $error->get_error_code(),
		'message' => $error->get_error_message(),
		'data'    => $data,
	);
	return new WP_REST_Response( $body, isset( $data['status'] ) ? $data['status'] : 500, $error );
}

// Requests to elsewhere. Stock WordPress refuses this machine and odd ports; a development filter
// allows them, as the twin does.

function wp_safe_remote_request( $url, $arguments ) {
	$headers = array( 'User-Agent: ' . $arguments['user-agent'], 'Connection: close' );
	foreach ( $arguments['headers'] as $name => $value ) {
		$headers[] = "$name: $value";
	}
	$context = stream_context_create(
		array(
			'http' => array(
				'method'           => $arguments['method'],
				'header'           => implode( "\r\n", $headers ),
				'content'          => $arguments['body'],
				'timeout'          => $arguments['timeout'],
				'follow_location'  => 0,
				'ignore_errors'    => true,
				'protocol_version' => 1.1,
			),
		)
	);
	try {
		$body = file_get_contents( $url, false, $context );
	} catch ( ErrorException $error ) {
		return new WP_Error( 'http_request_failed', $error->getMessage() );
	}
	preg_match( '#^HTTP/\S+ (\d+)#', $http_response_header[0], $found );
	return array( 'code' => (int) $found[1], 'body' => $body );
}

function wp_remote_retrieve_response_code( $answer ) {
	return $answer['code'];
}

function wp_remote_retrieve_body( $answer ) {
	return $answer['body'];
}

// Networks of sites.

function is_multisite() {
	return (bool) Twin_Site::$blogs;
}

function get_sites( $arguments ) {
	return array_keys( Twin_Site::$blogs );
}

function switch_to_blog( $id ) {
	Twin_Site::$blogs[ Twin_Site::$blog ]['options'] = Twin_Site::$options;
	twin_enter_blog( $id );
}

function restore_current_blog() {
	Twin_Site::$blogs[ Twin_Site::$blog ]['options'] = Twin_Site::$options;
	twin_enter_blog( 1 );
}

function twin_enter_blog( $id ) {
	Twin_Site::$blog    = $id;
	Twin_Site::$home    = Twin_Site::$blogs[ $id ]['home'];
	Twin_Site::$options = Twin_Site::$blogs[ $id ]['options'];
}
