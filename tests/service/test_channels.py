"""A model of several channels, and one that looks at neighboring sections."""

from dataclasses import replace

import numpy as np
import pytest

from seg.data.reading import read_image
from tests.service.world import Brightness, client_of, error_of, png_of, tiff_of

RNG = np.random.default_rng(0)
PLANES = RNG.integers(0, 256, (3, 9, 14), dtype=np.uint8)


def predictor(inputs: int, seen: int, channels: list[int | str], context: int = 0, projection=None) -> Brightness:
    """Return one that takes so many channels and sees one of them alone."""

    class OneOfThem(Brightness):
        info = replace(
            Brightness.info,
            network=replace(Brightness.info.network, in_channels=inputs),
            channels=channels,
            context=context,
            projection=projection,
        )

        def probabilities(self, image, tta=False, before_tile=None):
            every = image[..., None] if image.ndim == 2 else image
            assert every.shape[2] == inputs
            return super().probabilities(every[..., seen], tta, before_tile)

    return OneOfThem()


def boundary_of(plane: np.ndarray) -> np.ndarray:
    return plane / np.float32(255) >= 0.5


@pytest.mark.parametrize("options", [{"imagej": True, "metadata": {"axes": "CYX"}}, {"photometric": "minisblack"}])
def test_a_model_of_two_channels_takes_a_tiff_with_them(options):
    client, data = client_of(predictor(2, seen=1, channels=[0, 2])), tiff_of(PLANES, **options)
    answer = client.post("/predict", content=data)
    assert answer.status_code == 200
    assert np.array_equal(read_image(answer.content) == 0, boundary_of(PLANES[2]))
    overlay = read_image(client.post("/predict?format=overlay", content=data).content)
    assert overlay.shape == (9, 14, 3)
    table = client.post("/predict?format=csv", content=data).text
    assert table.splitlines()[0].endswith("intensity_mean-0,intensity_total-0,intensity_mean-1,intensity_total-1")


@pytest.mark.parametrize("data", [tiff_of(PLANES[0]), png_of(PLANES[0])])
def test_an_image_of_one_channel_is_answered_with_one_sentence(data):
    answer = client_of(predictor(2, seen=0, channels=[0, 2])).post("/predict", content=data)
    assert error_of(answer) == (422, "missing_channels")
    message = "the image has 1 channel, needed are 2, numbered 0, 2 from 0: use a TIFF with them"
    assert answer.json()["error"]["message"] == message


@pytest.mark.parametrize(("page", "seen", "plane"), [(1, 0, 0), (1, 2, 2), (0, 0, 0), (2, 2, 2)])
def test_a_page_of_a_stack_is_predicted_with_its_neighbors(page, seen, plane):
    client = client_of(predictor(3, seen, channels=[], context=1))
    answer = client.post(f"/predict?page={page}", content=tiff_of(PLANES, photometric="minisblack"))
    assert np.array_equal(read_image(answer.content) == 0, boundary_of(PLANES[plane]))


def test_measured_is_the_page_itself():
    client = client_of(predictor(3, 1, channels=[], context=1))
    table = client.post("/predict?page=1&format=csv", content=tiff_of(PLANES, photometric="minisblack")).text
    assert "intensity_mean-0" in table
    assert "intensity_mean-1" not in table


def test_a_stack_without_a_page_is_refused():
    answer = client_of(predictor(3, 1, channels=[], context=1)).post(
        "/predict", content=tiff_of(PLANES, photometric="minisblack")
    )
    assert error_of(answer) == (422, "multi_page")


def test_a_model_finds_its_channels_by_their_names():
    data = tiff_of(PLANES, ome=True, metadata={"axes": "CYX", "Channel": {"Name": ["Tubulin", "DAPI", "Actin"]}})
    client = client_of(predictor(2, seen=1, channels=["DAPI", "Actin"]))
    answer = client.post("/predict", content=data)
    assert np.array_equal(read_image(answer.content) == 0, boundary_of(PLANES[2]))
    refused = client.post("/predict", content=tiff_of(PLANES, imagej=True, metadata={"axes": "CYX"}))
    assert error_of(refused) == (422, "missing_channels")
    assert "has not the channels DAPI, Actin: it names no channels" in refused.json()["error"]["message"]
    assert client.get("/model").json()["channels"] == ["DAPI", "Actin"]


def test_a_model_of_projections_takes_a_whole_stack():
    client = client_of(predictor(1, seen=0, channels=[], projection="max"))
    answer = client.post("/predict", content=tiff_of(PLANES, photometric="minisblack"))
    assert np.array_equal(read_image(answer.content) == 0, boundary_of(PLANES.max(axis=0)))
    assert client.get("/model").json()["projection"] == "max"


def test_pixels_of_large_channels_are_weighed_before_they_are_read():
    large = tiff_of(np.zeros((2, 300, 300), np.uint8), imagej=True, metadata={"axes": "CYX"})
    answer = client_of(predictor(2, 1, channels=[0, 1]), max_predict_pixels=80_000).post("/predict", content=large)
    assert error_of(answer) == (413, "use_jobs")


def test_the_model_card_tells_the_channels():
    card = client_of(predictor(2, seen=1, channels=[0, 2])).get("/model").json()
    assert (card["channels"], card["context"], card["input"]["channels"]) == ([0, 2], 0, 2)
