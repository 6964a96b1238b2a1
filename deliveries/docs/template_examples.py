"""Payload templates that the documentation shows, each with what it is good for. Pure."""

from typing import NamedTuple


class Example(NamedTuple):
    """A template, and what it shows."""

    title: str
    text: str
    template: str


EXAMPLES = (
    Example(
        "Your own names",
        "A string that is one placeholder becomes the value itself: a number stays a number.",
        """\
{
  "event": "{{ type }}",
  "session": "{{ data.sessionId }}",
  "result": "{{ data.formattedData }}"
}""",
    ),
    Example(
        "Words and values together",
        "Anywhere else in a string a placeholder becomes text. This suits chat tools.",
        """\
{
  "text": "Verification {{ data.verificationId }} is {{ data.status }}."
}""",
    ),
    Example(
        "What may be missing",
        "default(…) takes any JSON value, and stands in for what is missing or null.",
        """\
{
  "step": "{{ data.stepId | default(0) }}",
  "verifiedAt": "{{ data.metadata.verifiedAt | default(null) }}",
  "note": "{{ data.metadata.note | default(\\"none\\") }}"
}""",
    ),
    Example(
        "Deep fields and odd names",
        "Dots lead into objects; brackets take names in quotes, and positions in lists.",
        """\
{
  "amount": "{{ data.proofData.income.monthlyAmount }}",
  "source": "{{ data.metadata[\\"dataSource\\"] }}",
  "first": "{{ data.proofData.documents[0] | default(null) }}"
}""",
    ),
)
