import hashlib
import hmac
import os

from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

# One secret; while you roll it, the new and the old one with a space between.
SECRETS = os.environ["WEBHOOK_SECRETS"].split()


def is_ours(body: bytes, signature: str) -> bool:
    expected = [hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in SECRETS]
    return any(hmac.compare_digest(each.encode(), signature.encode()) for each in expected)


@csrf_exempt
@require_POST
def webhook(request: HttpRequest) -> JsonResponse:
    # The raw body: request.body, never json.dumps() of what was parsed. In Flask: request.get_data().
    if not is_ours(request.body, request.headers.get("x-webhook-signature", "")):
        return JsonResponse({"error": "Invalid signature"}, status=401)
    # It is ours: hand json.loads(request.body) to a queue of yours, and answer within 10 seconds.
    return JsonResponse({"received": True})
