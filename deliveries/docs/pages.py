"""The pages of the documentation, in the order of reading. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """One page. Its name is that of its address and of its template."""

    name: str
    title: str
    lead: str
    #: Whether it is for those only who may change webhooks.
    is_for_editors: bool = False
    #: Whether its examples carry the address of a webhook, which can be chosen then.
    has_examples: bool = False

    @property
    def view(self) -> str:
        return f"docs:{self.name}"


PAGES = (
    Page(
        "quick_start",
        "Quick start",
        "From nothing to the first result on your server, in five steps.",
        has_examples=True,
    ),
    Page(
        "requests",
        "Requests",
        "What we send you: headers, body, and an example for each event.",
        has_examples=True,
    ),
    Page(
        "signatures", "Verifying signatures", "How your server knows that a request is ours, and unchanged."
    ),
    Page("retries", "Retries", "What happens when a delivery fails, and what is kept for you."),
    Page("templates", "Payload templates", "How to give the body the form that your server wants."),
    Page(
        "testing",
        "Testing",
        "How to try your endpoint, on a laptop too, before results depend on it.",
        has_examples=True,
    ),
    Page("practices", "Best practices", "What endpoints have in common that nobody has to look after."),
    Page(
        "security", "Security and limits", "What we guarantee, what we refuse, and how large things may be."
    ),
    Page(
        "troubleshooting",
        "Troubleshooting",
        "Every error that the log can show: what it means and what to do.",
        has_examples=True,
    ),
    Page(
        "signature_debugger",
        "Signature debugger",
        "Paste what your server computed, and see which usual mistake it is.",
        is_for_editors=True,
    ),
)
BY_NAME = {page.name: page for page in PAGES}


def after(page: Page) -> Page | None:
    """Return the page that is read next, if there is one."""
    index = PAGES.index(page) + 1
    return PAGES[index] if index < len(PAGES) else None
