"""The HTTP surface, with a predictor that is quick and easy to foresee."""

import io
import socket
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
import pytest

from seg.data.reading import read_image
from tests.service.world import Familiar, client_of, error_of, png_of, smooth_image, tiff_of

GREY = np.random.default_rng(0).integers(0, 256, (37, 23), dtype=np.uint8)


def test_raw_bytes_get_a_mask_of_the_same_size_in_the_polarity_of_the_model(client):
    answer = client.post("/predict", content=png_of(GREY))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert np.array_equal(read_image(answer.content) == 0, GREY / np.float32(255) >= 0.5)


def test_a_form_gets_the_same_answer(client):
    expected = client.post("/predict", content=png_of(GREY)).content
    assert client.post("/predict", files={"image": ("cell.png", png_of(GREY), "image/png")}).content == expected


def test_a_form_without_file_name_gets_the_same_answer(client):
    expected = client.post("/predict", content=png_of(GREY)).content
    assert client.post("/predict", files={"image": (None, png_of(GREY))}).content == expected


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "application/json", "text/plain", "image/jpeg", "", "nonsense"]
)
def test_the_declared_type_of_a_good_file_does_not_matter(client, kind):
    assert client.post("/predict", content=png_of(GREY), headers={"content-type": kind}).status_code == 200


def test_the_probability_is_a_16_bit_picture(client):
    answer = client.post("/predict?format=probability", content=png_of(GREY))
    values = read_image(answer.content)
    assert values.dtype == np.uint16
    assert np.abs(values / 65535 - GREY / 255).max() < 1e-4


def test_the_threshold_can_be_asked_for(client):
    answer = client.post("/predict?threshold=0.9", content=png_of(GREY))
    assert np.array_equal(read_image(answer.content) == 0, GREY / np.float32(255) >= np.float32(0.9))
    assert (read_image(client.post("/predict?threshold=0", content=png_of(GREY)).content) == 0).all()


def test_a_page_of_a_stack_can_be_asked_for(client):
    stack = tiff_of(np.stack([GREY, 255 - GREY]), photometric="minisblack")
    assert error_of(client.post("/predict", content=stack)) == (422, "multi_page")
    answer = client.post("/predict?page=1", content=stack)
    assert np.array_equal(read_image(answer.content) == 0, (255 - GREY) / np.float32(255) >= 0.5)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (3, 7), (101, 33)])
def test_any_size_is_answered_in_its_size(client, size):
    answer = client.post("/predict", content=png_of(np.full(size, 200, np.uint8)))
    assert read_image(answer.content).shape == size


REFUSED = {
    "nothing": (b"", 400, "no_image"),
    "a url": (b"http://127.0.0.1:9/image.png", 415, "unsupported_format"),
    "a json string": (b'"http://127.0.0.1:9/image.png"', 415, "unsupported_format"),
    "a pickle": (b"\x80\x04\x95\x00", 415, "unsupported_format"),
    "svg": (b"<svg/>", 415, "unsupported_format"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0", 415, "unsupported_format"),
    "png cut": (png_of(GREY)[:300], 422, "corrupt_image"),
    "tiff cut": (tiff_of(GREY)[:500], 422, "corrupt_image"),
    "nan": (tiff_of(np.full((3, 3), np.nan, np.float32)), 422, "unsupported_samples"),
    "too many pixels": (png_of(np.zeros((101, 100), np.uint8)), 413, "too_many_pixels"),
    "too many bytes": (b"\x89PNG\r\n\x1a\n" + bytes(60_000), 413, "too_large"),
}


@pytest.mark.parametrize(("body", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_a_bad_body_is_refused_and_the_next_good_one_answered(predictor, body, status, code):
    client = client_of(predictor, max_pixels=10_000, max_body_bytes=50_000)
    assert error_of(client.post("/predict", content=body)) == (status, code)
    assert client.post("/predict", content=png_of(GREY)).status_code == 200
    assert predictor.calls == 1


def test_a_body_without_declared_length_is_cut_off_at_the_limit(predictor):
    client = client_of(predictor, max_body_bytes=50_000)
    sent = []

    def endless():
        for _ in range(10_000):
            sent.append(1)
            yield bytes(10_000)

    assert error_of(client.post("/predict", content=endless())) == (413, "too_large")


FORMS = {
    "another field": {"files": {"picture": ("a.png", png_of(GREY))}},
    "a second field": {"files": {"image": ("a.png", png_of(GREY))}, "data": {"more": "text"}},
    "a second image": {"files": [("image", ("a.png", png_of(GREY))), ("image", ("b.png", png_of(GREY)))]},
    "a hundred parts": {"files": [(f"part{number}", ("a.png", png_of(GREY))) for number in range(101)]},
    "a broken form": {"content": b"--x\r\nnonsense", "headers": {"content-type": "multipart/form-data; boundary=x"}},
    "a form without boundary": {"content": png_of(GREY), "headers": {"content-type": "multipart/form-data"}},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_bad_form_is_refused(client, predictor, form):
    assert error_of(client.post("/predict", **form)) == (400, "bad_form")
    assert predictor.calls == 0


def test_an_empty_file_in_a_form_is_no_image(client):
    assert error_of(client.post("/predict", files={"image": ("a.png", b"")})) == (400, "no_image")


QUERIES = {
    "threshold=1.01": (422, "bad_threshold"),
    "threshold=-0.1": (422, "bad_threshold"),
    "threshold=nan": (422, "bad_threshold"),
    "threshold=true": (422, "bad_threshold"),
    "threshold=0_1": (422, "bad_threshold"),
    "threshold=\u0660": (422, "bad_threshold"),
    "threshold=%200.5": (422, "bad_threshold"),
    "threshold=0x1": (422, "bad_threshold"),
    "page=\u0660": (422, "bad_page"),
    "pixel_size_um=1_0": (422, "bad_pixel_size_um"),
    "threshold=": (422, "bad_threshold"),
    "tta=yes": (422, "bad_tta"),
    "pixel_size_um=0": (422, "bad_pixel_size_um"),
    "pixel_size_um=inf": (422, "bad_pixel_size_um"),
    "format=jpeg": (422, "bad_format"),
    "page=-1": (422, "bad_page"),
    "page=1.5": (422, "bad_page"),
    "page=99999999": (422, "bad_page"),
    "page=1": (422, "page_out_of_range"),
    "url=http://127.0.0.1:9": (400, "bad_query"),
    "format=mask&format=mask": (400, "bad_query"),
}


@pytest.mark.parametrize(("query", "expected"), QUERIES.items(), ids=QUERIES)
def test_a_bad_parameter_is_refused(client, query, expected):
    assert error_of(client.post(f"/predict?{query}", content=png_of(GREY))) == expected


def test_unknown_paths_and_methods_are_json_too(client):
    assert error_of(client.get("/nothing")) == (404, "not_found")
    assert error_of(client.get("/predict")) == (405, "method_not_allowed")


def test_a_fault_tells_nothing_of_the_inside(client, caplog):
    answer = client.post("/predict", content=png_of(np.zeros((13, 13), np.uint8)))
    assert error_of(answer) == (500, "internal_error")
    assert "secret" not in answer.text
    assert "secret: /etc/model" in caplog.text


def test_health_and_model_are_told(client, predictor):
    assert client.get("/livez").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}
    model = client.get("/model").json()
    assert model["loss"] == predictor.info.provenance.loss
    assert model["license"] == {"model": "not stated", "software": "Apache-2.0"}
    assert (model["input"]["channels"], model["input"]["max_pixels"]) == (1, 64 * 10**6)
    assert asdict(predictor.info).items() <= model.items()
    assert model["tag"] == "septum:one"


def test_a_service_without_model_is_alive_and_not_ready():
    client = client_of(None)
    assert client.get("/livez").status_code == 200
    for answer in (client.get("/readyz"), client.post("/predict", content=png_of(GREY)), client.get("/model")):
        assert error_of(answer) == (503, "loading")
        assert answer.headers["retry-after"] == "1"


def test_a_token_is_asked_for_by_everything_but_health(predictor):
    client = client_of(predictor, token="secret")
    assert error_of(client.post("/predict", content=png_of(GREY))) == (401, "unauthorized")
    assert error_of(client.get("/model", headers={"authorization": "Bearer wrong"})) == (401, "unauthorized")
    assert client.get("/livez").status_code == client.get("/readyz").status_code == 200
    assert client.post("/predict", content=png_of(GREY), headers={"authorization": "Bearer secret"}).status_code == 200


@pytest.mark.parametrize("text", ["0", "1", "1.", ".5", "0.25", "5e-1", "1E-3"])
def test_numbers_may_be_written_in_all_usual_ways(client, text):
    assert client.post(f"/predict?threshold={text}", content=png_of(GREY)).status_code == 200


@pytest.mark.parametrize("token", ["secret", "Schlüssel-鍵"])
def test_the_scheme_of_a_token_may_be_in_lower_case_and_the_token_in_any_language(predictor, token):
    client = client_of(predictor, token=token)
    for scheme, status in {"Bearer": 200, "bearer": 200, "BEARER ": 200, "Basic": 401, "": 401}.items():
        headers = {b"authorization": f"{scheme} {token}".encode()}
        assert client.get("/model", headers=headers).status_code == status, scheme


def test_a_url_is_never_fetched_wherever_it_stands(predictor):
    client = client_of(predictor, queue=200)
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0.5)
        url = f"http://127.0.0.1:{canary.getsockname()[1]}/image.png"
        answers = [
            client.post("/predict", content=url.encode()),
            client.post("/predict", json=url),
            client.post("/predict", json={"image": url}),
            client.post("/predict", data={"image": url}),
            client.post("/predict", files={"image": (None, url)}),
            client.post("/predict", files={"image": ("a.png", url.encode())}),
            client.post(f"/predict?image={url}", content=png_of(GREY)),
        ]
        assert [answer.status_code for answer in answers] == [415, 415, 415, 415, 415, 415, 400]
        with ThreadPoolExecutor(20) as pool:
            many = list(pool.map(lambda _: client.post("/predict", content=url.encode()).status_code, range(100)))
        assert many == [415] * 100
        with pytest.raises(TimeoutError):
            canary.accept()


def test_too_little_memory_is_said_so_and_the_next_image_answered(client, predictor):
    answer = client.post("/predict", content=png_of(np.zeros((17, 17), np.uint8)))
    assert error_of(answer) == (503, "out_of_memory")
    assert answer.headers["retry-after"] == "5"
    assert client.post("/predict", content=png_of(GREY)).status_code == 200


def test_an_image_unlike_those_of_the_training_is_told():
    client = client_of(Familiar())
    usual = client.post("/predict", content=png_of(smooth_image()))
    assert 0 < float(usual.headers["x-septum-novelty"]) < 1
    assert "x-septum-unlike" not in usual.headers
    rough = png_of(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8))
    answer = client.post("/predict?format=json", content=rough)
    assert answer.headers["x-septum-unlike"].startswith("detail")
    novelty = answer.json()["novelty"]
    assert novelty["distance"] == pytest.approx(float(answer.headers["x-septum-novelty"]), rel=0.01)
    assert novelty["unlike"] == answer.headers["x-septum-unlike"].split(", ")
    archive = zipfile.ZipFile(io.BytesIO(client.post("/predict?format=zip", content=rough).content))
    assert b"unlike those that the model was trained and validated on, in detail" in archive.read("method.txt")
    job = client.post("/jobs", content=rough).json()["url"]
    while (fetched := client.get(job)).status_code == 202:
        time.sleep(0.02)
    assert fetched.headers["x-septum-unlike"] == answer.headers["x-septum-unlike"]


def test_a_model_that_knows_no_training_images_tells_nothing_of_them(client):
    assert "x-septum-novelty" not in client.post("/predict", content=png_of(GREY)).headers
    assert client.post("/predict?format=json", content=png_of(GREY)).json()["novelty"] is None


def test_cells_can_be_found_by_other_numbers_of_the_decoder(client):
    image = np.zeros((30, 60), np.uint8)
    image[:, 28:32] = 130
    areas = [
        client.post(f"/predict?format=json{query}", content=png_of(image)).json()["cells"]["area_px"]
        for query in ("", "&decoder=merge_below:0.6", "&decoder=merge_below:0.6,keep_boundary:0.9")
    ]
    assert areas == [[840, 840], [1680], [1800]]


@pytest.mark.parametrize(
    ("decoder", "message"),
    [
        ("merge_below", "decoder must be names and numbers"),
        ("merge_below:x", "decoder must be names and numbers"),
        ("merge:0.5", "the decoder has no number 'merge', it has seed_score"),
        ("seeds:1", "the decoder has no number 'seeds'"),
        ("min_size_px:1.5", "min_size_px must be a whole number"),
        ("merge_below:2", "merge_below must be from 0 to 1"),
    ],
)
def test_a_number_that_the_decoder_has_not_is_refused(client, decoder, message):
    answer = client.post(f"/predict?decoder={decoder}", content=png_of(GREY))
    assert error_of(answer) == (422, "bad_decoder")
    assert message in answer.json()["error"]["message"]
