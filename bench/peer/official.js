// Verification as Shopify's own documentation has it, by Shopify's own library.
import "@shopify/shopify-api/adapters/node";

import { ApiVersion, LogSeverity, shopifyApi } from "@shopify/shopify-api";
import express from "express";

export function official(app, secret, _pool, receive) {
  const shopify = shopifyApi({
    apiKey: "bench",
    apiSecretKey: secret,
    apiVersion: ApiVersion.October26,
    hostName: "bench.example",
    isEmbeddedApp: true,
    logger: { level: LogSeverity.Error },
  });

  app.post(
    "/webhooks/shopify",
    express.text({ type: "*/*", limit: "5mb" }),
    async (request, response) => {
      const found = await shopify.webhooks.validate({
        rawBody: request.body,
        rawRequest: request,
        rawResponse: response,
      });
      if (!found.valid) {
        response.status(401).end();
        return;
      }
      await receive({
        deliveryId: found.webhookId,
        shop: found.domain,
        topic: found.topic,
        body: request.body,
      });
      response.status(200).end();
    },
  );
}
