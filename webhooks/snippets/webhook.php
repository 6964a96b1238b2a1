<?php

// One secret; while you roll it, the new and the old one with a space between.
$secrets = preg_split('/ /', getenv('WEBHOOK_SECRETS'), -1, PREG_SPLIT_NO_EMPTY);

function isOurs(string $body, string $signature, array $secrets): bool
{
    foreach ($secrets as $secret) {
        if (hash_equals(hash_hmac('sha256', $body, $secret), $signature)) {
            return true;
        }
    }
    return false;
}

// The raw body: php://input, never json_encode() of what was parsed. In Laravel: $request->getContent().
$body = file_get_contents('php://input');

header('Content-Type: application/json');
if (!isOurs($body, $_SERVER['HTTP_X_WEBHOOK_SIGNATURE'] ?? '', $secrets)) {
    http_response_code(401);
    echo '{"error": "Invalid signature"}';
    exit;
}
// It is ours: hand json_decode($body, true) to a queue of yours, and answer within 10 seconds.
echo '{"received": true}';
