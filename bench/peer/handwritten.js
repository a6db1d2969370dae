// Verification as one writes it oneself: the HMAC of the raw bytes, compared in constant time.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";

import express from "express";

const SUBSCRIPTION = {
  name: "subscription",
  text: "SELECT shop, topic, secret FROM subscriptions WHERE token = $1",
};

export function handwritten(app, secret, pool, receive) {
  const raw = express.raw({ type: "*/*", limit: "5mb" });

  app.post("/webhooks/shopify", raw, async (request, response) => {
    if (!signed(request.body, secret, request.get("x-shopify-hmac-sha256"))) {
      response.status(401).end();
      return;
    }
    await receive({
      deliveryId: request.get("x-shopify-webhook-id"),
      shop: request.get("x-shopify-shop-domain"),
      topic: request.get("x-shopify-topic"),
      body: request.body,
    });
    response.status(200).end();
  });

  // Each store has its own address and secret. Delivery ids of WooCommerce repeat within a second.
  app.post("/webhooks/woocommerce/:token", raw, async (request, response) => {
    const { rows } = await pool.query({ ...SUBSCRIPTION, values: [request.params.token] });
    const [found] = rows;
    if (!found || !signed(request.body, found.secret, request.get("x-wc-webhook-signature"))) {
      response.status(found ? 401 : 404).end();
      return;
    }
    const content = createHash("sha256").update(request.body).digest("hex");
    const delivery = request.get("x-wc-webhook-delivery-id");
    await receive({
      deliveryId: `${request.params.token}:${delivery}:${content}`,
      shop: found.shop,
      topic: found.topic,
      body: request.body,
    });
    response.status(200).end();
  });
}

function signed(body, secret, claimed) {
  const expected = createHmac("sha256", secret).update(body).digest();
  const signature = Buffer.from(claimed ?? "", "base64");
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}
