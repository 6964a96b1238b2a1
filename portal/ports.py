"""Say which port is taken before anything starts: python -m portal.ports 8000 9000."""

import socket
import sys


def is_free(port: int) -> bool:
    """Tell whether a server can listen on this port of 127.0.0.1."""
    with socket.socket() as listener:
        # As servers do: a connection of the last run that is still closing is no obstacle.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def main(ports: list[str]) -> str | None:
    """Return what to tell the user, or None if all *ports* are free."""
    taken = [port for port in ports if not is_free(int(port))]
    if not taken:
        return None
    return (
        f"Taken on this machine: port {' and port '.join(taken)}. "
        "If it is another `make run`, stop that one; "
        "else choose other ports: make run PORT=8001 RECEIVER_PORT=9001"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
