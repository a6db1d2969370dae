<?php
// phpcs:disable

final class PageTest extends Afterglow_Test_Case {

	private function page() {
		do_action( 'admin_menu' );
		list( $right, $callback ) = Twin_Site::$pages['afterglow'];
		$this->assertSame( 'manage_woocommerce', $right );
		ob_start();
		try {
			$callback();
			return ob_get_contents();
		} finally {
			ob_end_clean();
		}
	}

	public function test_before_connecting_it_asks_for_the_address() {
		$page = $this->page();
		$this->assertStringContainsString( 'name="app_url"', $page );
		$this->assertStringContainsString( 'Nobody is mailed until you switch something on.', $page );
	}

	public function test_what_was_done_is_one_of_our_own_sentences() {
		$_GET = array( 'afterglow_done' => 'pause' );
		$this->assertStringContainsString( 'Everything is paused.', $this->page() );
		$_GET = array( 'afterglow_done' => '<script>alert(1)</script>' );
		$this->assertStringNotContainsString( 'alert', $this->page() );
		$_GET = array( 'afterglow_done' => array( 'pause' ) );
		$this->assertStringNotContainsString( 'is paused', $this->page() );
	}

	public function test_a_silent_app_leaves_a_page_with_a_remedy() {
		$this->connect_to_nobody();
		$page = $this->page();
		$this->assertStringContainsString( 'does not answer just now', $page );
		$this->assertStringContainsString( 'Nothing is lost meanwhile', $page );
		$this->assertStringNotContainsString( self::SECRET, $page );
	}

	public function test_an_answer_of_another_shape_breaks_nothing() {
		$this->connect();
		$show = new ReflectionMethod( Afterglow_Page::class, 'show_automations' );
		$show->setAccessible( true );
		ob_start();
		foreach ( array( array(), array( 'automations' => 'x' ), array( 'automations' => array( 'x', array( 'key' => array(), 'name' => null ), array( 'key' => '"><b>', 'name' => '<i>x</i>', 'enabled' => true ) ) ) ) as $status ) {
			$show->invoke( null, $status );
		}
		$html = ob_get_clean();
		$this->assertStringContainsString( '&lt;i&gt;x&lt;/i&gt;', $html );
		$this->assertStringNotContainsString( '<b>', $html );
	}

	public function test_a_link_in_the_list_of_plugins() {
		$links = apply_filters( 'plugin_action_links_afterglow/afterglow.php', array( 'x' ) );
		$this->assertStringContainsString( 'page=afterglow', $links[0] );
	}
}
