import pytest
from starlette.testclient import TestClient

from tests.service.world import Brightness, client_of


@pytest.fixture
def predictor() -> Brightness:
    return Brightness()


@pytest.fixture
def client(predictor) -> TestClient:
    return client_of(predictor)
