"""WooCommerce stores: their webhooks, their REST API (wc/v3), and how to find them.

What is used of the `woocommerce` package (3.0.0, the project's named package), and why not more:

- `woocommerce.oauth.OAuth` builds and signs OAuth 1.0a addresses (`signing.py`): over http, and as
  the last resort over https. Sound for parameters with one non-empty value, checked against a real
  store; its nonce (one of 10**8) and its escaping of "/" are replaced in a subclass of two methods.
- `woocommerce.API` is not used as transport: it has no session, retries or pinned addresses and
  follows redirects; `timeout` and `oauth_timestamp` per call raise TypeError; with query-string
  authentication it writes the secret into the caller's parameters; over http it sends parameters
  twice and signs lists as something else than it sends; `/wp-json` cannot be changed. Our
  transport (`client.py`, `address.py`) is a `requests.Session`.
"""
