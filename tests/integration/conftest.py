"""What the integration tests start once and share."""

from collections.abc import Iterator

import pytest

from tests.integration.node_server import NodeServer, node_server, require_node

NODE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - a published test vector's


@pytest.fixture(scope="session")
def node() -> None:
    """Make sure of Node and its packages; without them the test is skipped (see REQUIRE_NODE)."""
    require_node()


@pytest.fixture(scope="session")
def receivers() -> Iterator[NodeServer]:
    """The documented receivers, whose secret is NODE_SECRET."""
    with node_server(NODE_SECRET) as server:
        yield server
