import pytest
from pytest_django import Settings

from portal.links import absolute


@pytest.mark.parametrize("url", ["https://portal.example.com", "https://portal.example.com/"])
def test_a_page_has_one_address(settings: Settings, url: str) -> None:
    settings.PORTAL_URL = url
    assert absolute("webhooks:list") == "https://portal.example.com/webhooks/"
    assert absolute("webhooks:edit", "wh_1") == "https://portal.example.com/webhooks/wh_1/settings/"
