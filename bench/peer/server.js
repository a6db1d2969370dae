// Receives webhooks as a good engineer deploys it today: verify, store once, enqueue, 200.
// Started by bench/processes.py; docs/performance.md says what is compared and why so.
import cluster from "node:cluster";
import { parseArgs } from "node:util";

import { Queue } from "bullmq";
import express from "express";
import { Redis } from "ioredis";
import pg from "pg";

import { handwritten } from "./handwritten.js";
import { official } from "./official.js";

const { values: options } = parseArgs({
  options: {
    verify: { type: "string" }, // official or handwritten
    port: { type: "string" },
    database: { type: "string" }, // directory of PostgreSQL's socket
    redis: { type: "string" }, // path of its socket
    secret: { type: "string" },
    processes: { type: "string", default: "1" },
    connections: { type: "string", default: "20" }, // to PostgreSQL, of each process
  },
});

const STORE = {
  name: "store", // prepared once per connection
  text: `INSERT INTO deliveries (delivery_id, shop, topic, body) VALUES ($1, $2, $3, $4)
    ON CONFLICT (delivery_id) DO NOTHING RETURNING id`,
};

function serve() {
  const pool = new pg.Pool({
    host: options.database,
    user: "postgres",
    database: "peer",
    max: Number(options.connections),
  });
  const connection = new Redis({ path: options.redis, maxRetriesPerRequest: 1 });
  const queue = new Queue("deliveries", { connection });

  async function receive({ deliveryId, shop, topic, body }) {
    const { rows } = await pool.query({ ...STORE, values: [deliveryId, shop, topic, body] });
    if (rows.length > 0) {
      await queue.add("interpret", { id: rows[0].id }, { removeOnComplete: true });
    }
  }

  const app = express();
  app.disable("x-powered-by");
  app.get("/healthz", async (_request, response) => {
    await pool.query("SELECT 1");
    response.status(200).end();
  });
  const verify = { official, handwritten }[options.verify];
  verify(app, options.secret, pool, receive);
  app.listen(Number(options.port), "127.0.0.1", 1024);
}

const processes = Number(options.processes);
if (processes > 1 && cluster.isPrimary) {
  for (let started = 0; started < processes; started += 1) {
    cluster.fork();
  }
} else {
  serve();
}
