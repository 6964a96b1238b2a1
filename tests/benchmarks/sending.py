"""
CPU milliseconds of this process a request, over plain HTTP and real TLS, and beside the usual ways.

    python -m tests.benchmarks.sending [REQUESTS]

One after the other: a bounded `sender.post`, on a new connection and on a kept one, beside `requests` without
and with a Session. Then a hundred side by side, to an endpoint that takes a tenth of a second: in greenlets,
as the engine does, and in threads that have a Session each. The server is a process of its own. Figures of
one run compare with each other only.
"""

import json
import multiprocessing
import os
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from threading import local

os.environ["WEBHOOKS_ALLOW_LOOPBACK"] = "true"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

import django

django.setup()

import requests  # noqa: E402 - the portal's settings first
import trustme  # noqa: E402
from gevent.pool import Pool  # noqa: E402

from deliveries.sender import connection, post  # noqa: E402

BODY = json.dumps({"padding": "x" * 880}).encode()
HEADERS = {"Content-Type": "application/json"}
SIDE_BY_SIDE = 100


class Endpoint(BaseHTTPRequestHandler):
    """Answer 200, and keep the connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/slow":
            time.sleep(0.1)
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Let as many connect at once as are sent side by side."""

    request_queue_size = 2 * SIDE_BY_SIDE


def serve(certificate: bytes, ready: Connection) -> None:
    """Serve plain HTTP and TLS until this process is killed, and tell the ports."""
    plain, tls = (Server(("127.0.0.1", 0), Endpoint) for _ in range(2))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate)
        file.flush()
        context.load_cert_chain(file.name)
    tls.socket = context.wrap_socket(tls.socket, server_side=True)
    for server in (plain, tls):
        threading.Thread(target=server.serve_forever).start()
    ready.send((plain.server_port, tls.server_port))


def cost(send: Callable[[], object], *, count: int) -> float:
    """Return the CPU milliseconds of one of *count* calls, made one after the other."""
    return cost_of_all(lambda calls: [send() for _ in range(calls)], count=count)


def cost_of_all(send: Callable[[int], object], *, count: int) -> float:
    """Return the CPU milliseconds of one of *count* calls, all of which one call of *send* makes."""
    send(SIDE_BY_SIDE)
    began = time.process_time()
    send(count)
    return (time.process_time() - began) / count * 1000


def main(count: int) -> None:
    authority = trustme.CA()
    leaf = authority.issue_cert("localhost")
    ours, theirs = multiprocessing.Pipe()
    certificate = leaf.private_key_and_cert_chain_pem.bytes()
    server = multiprocessing.Process(target=serve, args=(certificate, theirs), daemon=True)
    server.start()
    authority.configure_trust(connection.tls_context())
    plain, tls = ours.recv()
    with authority.cert_pem.tempfile() as trusted:
        for url in (f"http://localhost:{plain}/", f"https://localhost:{tls}/"):
            print(json.dumps({"over": url.partition(":")[0], **ways(url, trusted, count)}), flush=True)
    server.kill()


def ways(url: str, trusted: str, count: int) -> dict[str, float]:
    """Return what each way of sending costs."""
    session, sessions = requests.Session(), local()
    greenlets, threads = Pool(SIDE_BY_SIDE), ThreadPoolExecutor(SIDE_BY_SIDE)

    def kept(path: str = "") -> object:
        return post(url + path, HEADERS, BODY, reuse_for=1)

    def in_its_thread() -> object:
        sessions.__dict__.setdefault("own", requests.Session())
        return sessions.own.post(f"{url}slow", BODY, headers=HEADERS, verify=trusted)

    costs = {
        "new": cost(lambda: post(url, HEADERS, BODY), count=count),
        "kept": cost(kept, count=count),
        "requests.post": cost(lambda: requests.post(url, BODY, headers=HEADERS, verify=trusted), count=count),  # noqa: S113 - no time limit is the point
        "Session.post": cost(lambda: session.post(url, BODY, headers=HEADERS, verify=trusted), count=count),
        f"{SIDE_BY_SIDE} greenlets": cost_of_all(
            lambda calls: greenlets.map(lambda _: kept("slow"), range(calls)), count=count
        ),
        f"{SIDE_BY_SIDE} threads": cost_of_all(
            lambda calls: list(threads.map(lambda _: in_its_thread(), range(calls))), count=count
        ),
    }
    return {way: round(milliseconds, 3) for way, milliseconds in costs.items()}


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
