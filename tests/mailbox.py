"""A mail server on this machine that keeps what it takes: as much of SMTP (RFC 5321) as one sender needs."""

import email.policy
import socketserver
import threading
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Self

from tests.waiting import eventually


class Mailbox(socketserver.ThreadingTCPServer):
    """Takes every e-mail, but for addresses in `unknown`; while `is_down` it hangs up on everybody."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.messages: list[tuple[str, EmailMessage]] = []
        self.unknown: set[str] = set()
        self.is_down = False

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=[0.05], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def url(self) -> str:
        """What EMAIL_URL must be."""
        return f"smtp://127.0.0.1:{self.server_address[1]}"

    def wait_for(self, count: int, *, within: float = 20) -> list[tuple[str, EmailMessage]]:
        """Return to whom what was sent, once it is *count* messages."""
        eventually(lambda: len(self.messages) >= count, within=within)
        assert len(self.messages) == count
        return self.messages


class Conversation(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        if not self.server.is_down:
            self._say("220 ready")
            self._converse()

    def _converse(self) -> None:
        recipients: list[str] = []
        for line in iter(self.rfile.readline, b""):
            command = line.decode().strip()
            if command.upper().startswith("RCPT TO:"):
                self._note(command[8:].strip("<> "), recipients)
            elif command.upper() == "DATA":
                self._say("354 go on")
                self._keep(recipients)
            else:
                self._say("250 ok")

    def _note(self, address: str, recipients: list[str]) -> None:
        is_known = address not in self.server.unknown
        recipients.extend([address] * is_known)
        self._say("250 ok" if is_known else "550 no such mailbox")

    def _keep(self, recipients: list[str]) -> None:
        lines = iter(self.rfile.readline, b".\r\n")
        data = b"".join(line.removeprefix(b".") if line.startswith(b"..") else line for line in lines)
        message = BytesParser(policy=email.policy.default).parsebytes(data)
        self.server.messages += [(address, message) for address in recipients]
        self._say("250 kept")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())
