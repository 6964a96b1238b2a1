"""Public identifiers: what URLs, headers and support tickets call an object."""

import secrets
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id(prefix: str) -> str:
    """
    Return *prefix*, "_" and a ULID: 48 bits of milliseconds and 80 random bits.

    Ids made later sort later, so the unique index grows at its end; the random part cannot be
    guessed. Source: https://github.com/ulid/spec.
    """
    number = time.time_ns() // 1_000_000 << 80 | secrets.randbits(80)
    return f"{prefix}_" + "".join(ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))
