<?php
/**
 * A form that carries the token to the dashboard. A script sends it; without one, the button does.
 *
 * @package Afterglow
 * @var Afterglow_Connection $connection The connection.
 * @var string               $action     The address that takes the token.
 * @var string               $to         The dashboard's page to begin with.
 */

defined( 'ABSPATH' ) || exit;
?><!doctype html>
<html <?php language_attributes(); ?>>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title><?php esc_html_e( 'Opening Afterglow', 'afterglow' ); ?></title>
</head>
<body>
<main>
<h1><?php esc_html_e( 'Opening Afterglow', 'afterglow' ); ?></h1>
<form id="afterglow-handover" method="post" action="<?php echo esc_url( $action ); ?>">
<input type="hidden" name="token" value="<?php echo esc_attr( Afterglow_Handover::token( $connection, $to ) ); ?>">
<p><button type="submit"><?php esc_html_e( 'Go on', 'afterglow' ); ?></button></p>
</form>
</main>
<?php wp_print_script_tag( array( 'src' => esc_url( plugins_url( 'assets/handover.js', AFTERGLOW_FILE ) ) ) ); ?>
</body>
</html>
