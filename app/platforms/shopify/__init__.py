"""Shopify: verification and normalisation (pure), and ports over the Admin GraphQL API.

What of Shopify's two SDKs is in use, and why not more (facts: measured on ShopifyAPI 12.7.0 and
shopifyapp 1.0.2):

ShopifyAPI
- `shopify.utils.shop_url.sanitize_shop_domain` (in `shop_domain.py`): sound as a second opinion on
  a name; it repairs what it gets, so the result must equal the input, after our own full match.
- `shopify.api_access.ApiAccess` (in `scopes.py`): knows that a write scope includes reading.
- Not `session_token`: reads the machine's clock (the clock is an argument here), lets a token
  without `exp` pass and knows one secret. Not `GraphQL.execute`: no time-out, prints error bodies.
  Not `Session.temp`: leaves one tenant's token active after an exception. Not the REST resources:
  barred for new public apps.

shopifyapp
- Nothing yet. `verify_webhook_req` takes the body as text (bytes that are no UTF-8 cannot be
  verified), raises on a non-ASCII signature and trusts the shop header; `verify_app_home_req`
  accepts the tokens of buyers' extensions; the exchange and refresh functions reckon expiry by the
  machine's clock, sleep on 429, and cannot be pointed at a stand-in; `admin_graphql_request` drops
  partial data and the cost extension. Its verifiers of app proxy, Flow and extensions are for when
  the app ships those.
"""
