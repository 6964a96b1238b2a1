"""
Ask about known faults of what is pinned: `make audit`.

pip-audit ends well where it could not ask about anything at all. Here that is a skip in plain sight.
"""

import json
import subprocess
import sys
from typing import Any

LOCK = "requirements-dev.lock"
COMMAND = ["pip-audit", "--requirement", LOCK, "--require-hashes", "--disable-pip", "--format", "json"]


def main() -> int:
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    try:
        audited = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        print(
            f"SKIPPED: the audit could not be made; no database of known faults was reached.\n{_reason(done)}"
        )
        return 0
    code, words = verdict(audited)
    print(words)
    return code


def verdict(audited: list[dict[str, Any]]) -> tuple[int, str]:
    """Return the exit code and what to say of pip-audit's *audited* packages."""
    if faults := [_fault(each, fault) for each in audited for fault in each.get("vulns", ())]:
        return 1, "\n".join([f"{len(faults)} known faults:", *faults])
    skipped = [each["name"] for each in audited if "skip_reason" in each]
    if skipped:
        return 0, f"SKIPPED: {len(skipped)} of {len(audited)} packages are in no database that was reached."
    return 0, f"No known faults in {len(audited)} packages."


def _fault(package: dict[str, Any], fault: dict[str, Any]) -> str:
    fixed = ", ".join(fault["fix_versions"]) or "no version yet"
    return f"  {package['name']} {package['version']}: {fault['id']}, fixed in {fixed}"


def _reason(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stderr.strip().splitlines() or ["pip-audit said nothing."])[-1]


if __name__ == "__main__":
    sys.exit(main())
