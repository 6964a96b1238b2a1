"""The mistakes that people make with our signatures, in words. Pure."""

from enum import Enum
from typing import NamedTuple


class Words(NamedTuple):
    """What went wrong, and how to put it right."""

    title: str
    fix: str


class Mistake(Enum):
    """What went wrong on the partner's side."""

    # How the signature is written.
    UPPER_CASE = Words(
        "The hex is in upper case",
        "We write it in lower case. Compare the bytes, or turn both into lower case first.",
    )
    BASE64 = Words(
        "The signature is written in base64",
        "x-webhook-signature is lower-case hex: use digest('hex'), hexdigest() or your language's like.",
    )
    BASE64_OF_HEX = Words(
        "The hex text was encoded in base64",
        "Your function returns hex already, and base64 of hex is something else. Compare the hex itself "
        "with x-webhook-signature; for webhook-signature, ask the function for raw bytes and encode "
        "those.",
    )
    HEX = Words(
        "The signature is written in hex",
        "webhook-signature is “v1,” and base64 of the bytes: use digest('base64') or your language's like.",
    )
    PREFIXED = Words(
        "A name such as “sha256=” stands before it",
        "Our header holds the signature alone. Leave the prefix out of the comparison.",
    )
    # What was signed.
    SPACED_JSON = Words(
        "The body was parsed and written again, with blanks after commas and colons",
        "Python's json.dumps does this. Sign the raw bytes of the request, before anything parses them.",
    )
    ASCII_JSON = Words(
        "The body was parsed and written again, with other letters than ASCII as \\u escapes",
        "Sign the raw bytes of the request, before anything parses them.",
    )
    PRETTY_JSON = Words(
        "The body was parsed and written again, with indentation",
        "Sign the raw bytes of the request, as they came: we send them on one line.",
    )
    SORTED_JSON = Words(
        "The body was parsed and written again, with its keys sorted",
        "Go's maps and some libraries do this. Sign the raw bytes of the request, before anything parses "
        "them.",
    )
    ESCAPED_JSON = Words(
        "The body was parsed and written again, with slashes or angle brackets escaped",
        "PHP's json_encode and Go's json.Marshal do this. Sign the raw bytes of the request.",
    )
    COMPACT_JSON = Words(
        "The body was parsed and written again, without its blanks",
        "Sign the raw bytes of the request, before anything parses them.",
    )
    PART_OF_BODY = Words(
        "Only the body's “data” was signed",
        "Sign the whole body, as raw bytes.",
    )
    BODY_AS_STRING = Words(
        "The body was turned into a string of its own",
        "A parsed body has no bytes any more: String(req.body), str(data) and JSON.stringify of a text "
        "give other ones. Sign the raw bytes of the request.",
    )
    TRAILING_NEWLINE = Words(
        "A line end was signed after the body",
        "The body ends with its last brace. Look for a reader by lines, an echo without -n, or a file "
        "that an editor saved.",
    )
    EMPTY_BODY = Words(
        "An empty body was signed",
        "Something read the request before your code did, so that nothing was left. Keep the raw body "
        "where it is first read, such as express.raw() or the verify option of express.json().",
    )
    LATIN_1 = Words(
        "The body went through another character set than UTF-8",
        "Sign the bytes as they came. Where your framework only gives you text, have it read as UTF-8.",
    )
    OTHER_BYTES = Words(
        "The calculation is right, but the body is not what we sent",
        "What you pasted as your body differs from ours. Find what changes it between the socket and your "
        "code.",
    )
    STANDARD_CONTENT = Words(
        "The id and the time were signed together with the body",
        "That is how webhook-signature is made. For x-webhook-signature sign the body alone.",
    )
    BODY_ALONE = Words(
        "The body alone was signed",
        "That is how x-webhook-signature is made. For webhook-signature sign webhook-id, a dot, "
        "webhook-timestamp, a dot, and the body.",
    )
    NO_ID = Words(
        "The webhook-id is missing from what was signed",
        "For webhook-signature sign webhook-id, a dot, webhook-timestamp, a dot, and the body.",
    )
    NO_TIMESTAMP = Words(
        "The webhook-timestamp is missing from what was signed",
        "For webhook-signature sign webhook-id, a dot, webhook-timestamp, a dot, and the body.",
    )
    MILLISECONDS = Words(
        "The time was signed in milliseconds",
        "Sign webhook-timestamp as the header has it: in seconds, ten digits.",
    )
    # With which key.
    KEY_DECODED = Words(
        "The secret was decoded from base64",
        "For x-webhook-signature the key is the secret's text as the portal shows it, “whsec_” included. "
        "Only webhook-signature uses the decoded bytes.",
    )
    KEY_NOT_DECODED = Words(
        "The secret's text was the key",
        "For webhook-signature the key is what the base64 after “whsec_” decodes to; the libraries for "
        "Standard Webhooks do that by themselves.",
    )
    KEY_WITHOUT_PREFIX = Words(
        "The secret's “whsec_” was left out",
        "For x-webhook-signature the key is the whole secret as the portal shows it, “whsec_” included.",
    )
    KEY_WITH_PREFIX = Words(
        "“whsec_” was put before the secret",
        "For x-webhook-signature the key is the secret as you typed it.",
    )
    KEY_IN_STANDARD_FORM = Words(
        "The secret's “whsec_” form was the key",
        "That form is for the libraries of Standard Webhooks. For x-webhook-signature the key is the "
        "secret as you typed it.",
    )
    KEY_ENCODED = Words(
        "The secret was encoded before it was used",
        "The key is the secret's text itself, not its base64 or the bytes that its hex stands for.",
    )
    KEY_WHITESPACE = Words(
        "The secret has a blank or a line end too many",
        "It often comes with a file or a variable that was pasted. Strip the secret when you read it.",
    )
    KEY_QUOTED = Words(
        "The secret has quotes around it",
        "Some tools keep the quotes of a .env file. Remove them there.",
    )
    KEY_MISSING = Words(
        "There was no secret",
        "The key was empty or a stand-in such as “undefined”. Check that the variable is set where your "
        "server runs, and that its name is spelled alike.",
    )
    KEY_MASKED = Words(
        "The dots that hide the secret were copied",
        "Press Reveal on the webhook's secret page, then copy.",
    )
    PREVIOUS_SECRET = Words(
        "It was signed with the webhook's previous secret",
        "The secret was rolled and the overlap has ended. Give your server the current one.",
    )
    NEW_SECRET = Words(
        "It was signed with the new secret, while the old one still holds",
        "During a roll x-webhook-signature stays with the old secret until the overlap ends; "
        "webhook-signature carries both. Accept either secret meanwhile, or end the overlap.",
    )
    OTHER_WEBHOOK = Words(
        "It was signed with the secret of another webhook of yours",
        "Each webhook has a secret of its own. Give this endpoint the one from this webhook's secret page.",
    )
    # How it was calculated.
    OTHER_HASH = Words(
        "Another hash than SHA-256 was used",
        "Both signatures are HMAC-SHA256. Name sha256 where your code names its algorithm.",
    )
    NO_HMAC = Words(
        "A plain SHA-256 was made, not an HMAC",
        "Use your language's HMAC function with SHA-256; a hash of secret and body together is not the same.",
    )
    SWAPPED = Words(
        "Secret and body were exchanged",
        "The secret is the key and the body the message; many functions take the key first, some last.",
    )

    @property
    def title(self) -> str:
        return self.value.title

    @property
    def fix(self) -> str:
        return self.value.fix
