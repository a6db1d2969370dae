CREATE TABLE deliveries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id text NOT NULL UNIQUE,
    shop text NOT NULL,
    topic text NOT NULL,
    body text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE subscriptions (
    token text PRIMARY KEY,
    shop text NOT NULL,
    topic text NOT NULL,
    secret text NOT NULL
);
