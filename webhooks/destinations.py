"""Which URLs may be webhooks, which addresses may receive, which headers may be sent. Pure."""


class ForbiddenAddress(Exception):  # noqa: N818 - the name is part of the contract
    """We never connect to this address."""


def check_url(url: str) -> str:
    """
    Return *url* normalised.

    Raises:
        ValidationError: it may not be a webhook; the message says which rule and what to write.

    """
    raise NotImplementedError


def check_address(address: str) -> None:
    """
    Accept an IP address that a webhook's host resolved to.

    Raises:
        ForbiddenAddress: it is not globally reachable, or it is one of ours.

    """
    raise NotImplementedError


def check_headers(pairs: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """
    Return the partner's headers, values stripped of blanks.

    Raises:
        ValidationError: a name or value may not be sent; the message says why.

    """
    raise NotImplementedError
