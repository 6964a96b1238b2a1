// What the documented handlers call and leave to the partner.
const processed = [];

module.exports = {
  processed,
  updateUserVerificationStatus: (sessionId, status) => processed.push({ sessionId, status }),
  sendSuccessNotification: (sessionId) => processed.push({ sessionId, told: 'success' }),
  sendFailureNotification: (sessionId) => processed.push({ sessionId, told: 'failure' }),
  processVerification: (webhook) => processed.push(webhook),
};
