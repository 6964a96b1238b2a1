// "Basic Webhook Handler Example" of the documentation, word for word between the lines.
const express = require('express');
const { sendFailureNotification, sendSuccessNotification, updateUserVerificationStatus } = require('./partner');

const app = express();
app.use(express.json());

// ---------------------------------------------------------------------------
app.post('/webhook/cr3dentials', (req, res) => {
  try {
    const webhook = req.body;
    
    // Process the verification result
    if (webhook.type === 'verification.completed') {
      handleVerificationCompleted(webhook.data);
    }
    
    // Always respond with 200 to acknowledge receipt
    res.status(200).json({ received: true });
    
  } catch (error) {
    console.error('Webhook processing error:', error);
    res.status(500).json({ error: 'Processing failed' });
  }
});

function handleVerificationCompleted(data) {
  // Update your database
  updateUserVerificationStatus(data.sessionId, data.status);
  
  // Send notification to user
  if (data.status === 'VERIFIED') {
    sendSuccessNotification(data.sessionId);
  } else {
    sendFailureNotification(data.sessionId);
  }
}
// ---------------------------------------------------------------------------

module.exports = app;
