// A receiver that verifies the raw body with one of the libraries for Standard Webhooks.
const express = require('express');

module.exports = (Webhook) => {
  const app = express();
  app.use(express.raw({ type: 'application/json' }));
  app.post('/webhook/cr3dentials', (req, res) => {
    try {
      new Webhook(process.env.STANDARD_SECRET).verify(req.body, req.headers);
    } catch (error) {
      return res.status(401).json({ error: error.message });
    }
    res.status(200).json({ received: true });
  });
  return app;
};
