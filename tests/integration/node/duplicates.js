// "Handle Duplicate Deliveries" of the documentation, word for word between the lines.
const express = require('express');
const { processVerification } = require('./partner');

const app = express();
app.use(express.json());

// ---------------------------------------------------------------------------
const processedWebhooks = new Set();

app.post('/webhook/cr3dentials', (req, res) => {
  const webhookId = req.body.data.verificationId;
  
  // Check if we've already processed this webhook
  if (processedWebhooks.has(webhookId)) {
    return res.status(200).json({ message: 'Already processed' });
  }
  
  // Process the webhook
  processVerification(req.body);
  
  // Mark as processed
  processedWebhooks.add(webhookId);
  
  res.status(200).json({ received: true });
});
// ---------------------------------------------------------------------------

module.exports = app;
