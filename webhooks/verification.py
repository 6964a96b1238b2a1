"""
Code with which partners verify our signatures, and a test vector to try it on.

The code lies in snippets/, whole programs, so that tests run the very text that pages show.
"""

import shlex
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

FOLDER = Path(__file__).parent / "snippets"


@dataclass(frozen=True)
class Snippet:
    """A receiver in one language."""

    name: str
    language: str
    framework: str
    file: str

    @cached_property
    def code(self) -> str:
        return (FOLDER / self.file).read_text(encoding="utf-8")


SNIPPETS = (
    Snippet("node", "Node.js", "Express", "server.js"),
    Snippet("python", "Python", "Django", "views.py"),
    Snippet("php", "PHP", "PHP 7 or newer", "webhook.php"),
    Snippet("ruby", "Ruby", "Rack, Ruby 3 or newer", "config.ru"),
    Snippet("go", "Go", "net/http", "main.go"),
    Snippet("java", "Java", "Java 17 or newer", "Webhook.java"),
    Snippet("csharp", "C#", "ASP.NET Core, .NET 6 or newer", "Program.cs"),
)


def snippet_called(name: str) -> Snippet:
    """Return the snippet in the language of that name; the first one for a name that there is not."""
    return next((each for each in SNIPPETS if each.name == name), SNIPPETS[0])


@dataclass(frozen=True)
class Vector:
    """A request whose signatures are known. The secret is public: it must sign nothing else."""

    secret: str
    body: str
    message_id: str
    timestamp: int
    documented: str
    standard: str

    @property
    def curl(self) -> str:
        """A command that sends it to a receiver which runs on the developer's own machine."""
        headers = {"content-type": "application/json", "x-webhook-signature": self.documented}
        named = [f"  -H {shlex.quote(f'{name}: {value}')} \\" for name, value in headers.items()]
        return "\n".join([
            "curl -i http://localhost:3000/webhook \\",
            *named,
            f"  -d {shlex.quote(self.body)}",
        ])  # fmt: skip


#: The one that Standard Webhooks 1.0.0 publishes, with the signature of our own header added.
VECTOR = Vector(
    secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",  # noqa: S106 - published
    body='{"test": 2432232314}',
    message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestamp=1614265330,
    documented="80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c",
    standard="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
)
