"""The demo: two twin stores, connected as a merchant would, and a scenario that plays on both."""
