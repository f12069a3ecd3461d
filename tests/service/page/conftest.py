import pytest

from tests.service.page.world import CHROMIUM, browsing, opened, serving


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("needs chromium: apt-get install chromium")
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
