"""Processes shaped for an experiment."""

from tests.stack import WORKER, Process, Stack


class ShapedStack(Stack):
    """A stack whose processes obey what tests/faults/shaped.py reads from their environment."""

    def worker(self, **environment: str) -> Process:
        worker = self.doomed_worker(**environment)
        worker.wait_to_say(" ready.")
        return worker

    def doomed_worker(self, **environment: str) -> Process:
        """Start a worker that may die before it is ready."""
        return self.start("worker", *shaped(WORKER), **environment)

    def beat(self, **environment: str) -> Process:
        beat = self.start("beat", *shaped("celery --app portal beat --loglevel INFO"), **environment)
        beat.wait_to_say("beat: Starting")
        return beat

    def backend(self, slug: str, **environment: str) -> Process:
        """Start a process that emits one event of the partner *slug* and ends."""
        return self.start("backend", "python", "-m", "tests.faults.emitting", slug, **environment)


def shaped(command: str) -> list[str]:
    """Return *command* for the shaped application instead of the portal's own."""
    return command.replace("--app portal", "--app tests.faults.shaped").split()
