"""The cURL command, read by a shell's own parser."""

import json
import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deliveries.curl import as_curl

URL = "https://hooks.northwind.com/v2?tag=[a]"

HOSTILE = [
    "",
    "it's",
    "'; touch /tmp/pwned; '",
    '$(id) `id` ${HOME} !! \\ \\\\ "',
    "two\nlines\ttabbed",
    "@/etc/passwd",
    "-o /tmp/file",
    "ünïcode \u2028 🎉",
]

#: Whatever a body and a header can hold; a shell's argument can hold no NUL, and JSON sends none.
anything = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))


def arguments(commands: list[str]) -> list[list[str]]:
    """Return what a shell would start curl with, one list a command."""
    program = 'curl() { printf \'%s\\0\' "$#" "$@"; }\n' + "\n".join(commands)
    shell = shutil.which("bash") or "/bin/sh"
    ran = subprocess.run([shell, "-s"], input=program.encode(), capture_output=True, check=True)
    assert ran.stderr == b""
    words = iter(ran.stdout.decode().split("\0")[:-1])
    return [[next(words) for _ in range(int(count))] for count in words]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_shell_reads_every_byte_as_it_was_sent(text):
    body = json.dumps({"a": text}, ensure_ascii=False)
    command = as_curl(URL, {"X-Key": text.replace("\n", " ")}, body)
    [read] = arguments([command])
    header = f"X-Key: {text}".replace("\n", " ") if text else "X-Key;"
    assert read == ["--globoff", "--request", "POST", URL, "--header", header, "--data-raw", body]


@settings(max_examples=10)
@example([("", "\n"), ("x", "\n\n")])
@given(st.lists(st.tuples(anything, anything), min_size=1, max_size=50))
def test_nothing_leaves_its_quotes(pairs):
    read = arguments([as_curl(URL, {"X": value}, body) for value, body in pairs])
    assert [(each[5], each[7]) for each in read] == [
        (f"X: {value}" if value else "X;", body) for value, body in pairs
    ]


def test_what_curl_writes_itself_is_left_to_it():
    command = as_curl(URL, {"Host": "h", "Content-Length": "2", "Connection": "close"}, "{}")
    assert "--header" not in command
