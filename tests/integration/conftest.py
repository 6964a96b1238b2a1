"""What the integration tests start once and share."""

from collections.abc import Iterator

import pytest

from tests.integration.node_server import NodeServer, install, node_server

NODE_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture(scope="session")
def node_packages() -> None:
    """Make sure of the packages that tests/integration/node needs."""
    install()


@pytest.fixture(scope="session")
def receivers() -> Iterator[NodeServer]:
    """Run the documented receivers of a partner whose webhook has NODE_SECRET."""
    with node_server(NODE_SECRET) as server:
        yield server
