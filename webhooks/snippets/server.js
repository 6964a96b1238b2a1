const crypto = require("crypto");
const express = require("express");

// One secret; while you roll it, the new and the old one with a space between.
const secrets = process.env.WEBHOOK_SECRETS.split(" ").filter(Boolean);

function isOurs(body, signature) {
  return secrets.some((secret) => {
    const expected = Buffer.from(crypto.createHmac("sha256", secret).update(body).digest("hex"));
    const received = Buffer.from(signature ?? "");
    return received.length === expected.length && crypto.timingSafeEqual(received, expected);
  });
}

const app = express();

// The raw body: put no express.json() before this, for it would read and rewrite it.
app.post("/webhook", express.raw({ type: () => true }), (req, res) => {
  if (!Buffer.isBuffer(req.body) || !isOurs(req.body, req.get("x-webhook-signature"))) {
    return res.status(401).json({ error: "Invalid signature" });
  }
  // It is ours: hand JSON.parse(req.body) to a queue of yours, and answer within 10 seconds.
  res.status(200).json({ received: true });
});

app.listen(process.env.PORT ?? 3000);
