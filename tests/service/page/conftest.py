import shutil

import pytest

pytest.importorskip("playwright", reason="needs playwright, of the extra dev")
if not (shutil.which("chromium") or shutil.which("chromium-browser")):
    pytest.skip("needs chromium: apt-get install chromium", allow_module_level=True)

from tests.service.page.world import browsing, opened, serving


@pytest.fixture(scope="module")
def browser():
    with browsing() as started:
        yield started


@pytest.fixture(scope="module")
def url():
    with serving() as address:
        yield address


@pytest.fixture
def page(browser, url):
    """The page; whatever it reports as an error fails the test."""
    page = opened(browser, url)
    yield page
    page.context.close()
    assert page.said == []
