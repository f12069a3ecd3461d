"""The document and the service agree: schemathesis makes requests from the one and checks the answers of the other."""

import os
import re

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.service.world import Brightness, app_of, png_of

EXAMPLES = int(os.environ.get("SEPTUM_EXAMPLES", "25"))
IMAGES = st.builds(
    lambda height, width, gray: png_of(np.full((height, width), gray, np.uint8)),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(0, 255),
)
for kind in ("image/png", "image/jpeg", "image/tiff", "application/octet-stream"):
    schemathesis.openapi.media_type(kind, IMAGES)  # any of them may hold a PNG: the declared type is not believed

app = app_of(Brightness(), jobs=100_000, queue=1_000)
schema = schemathesis.openapi.from_asgi("/openapi.json", app)

parameters = schema.raw_schema["paths"]["/predict"]["post"]["parameters"]
(DECODER,) = (each["schema"]["pattern"] for each in parameters if each["name"] == "decoder")


@pytest.mark.slow
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_described(case):
    if str(case.query.get("page")).isdecimal():
        case.query["page"] = 0  # the document cannot say that the images made here have one page
    if "model" in case.query and case.path != "/model":
        case.query["model"] = "septum:one"  # nor which models there are
    if re.fullmatch(DECODER, str(case.query.get("decoder"))):
        case.query["decoder"] = "merge_below:0.3"  # nor which numbers the decoder of the model has
    answer = case.call_and_validate()  # raises where status, type or body are not as described
    assert answer.status_code < 500


def test_the_model_card_is_described_with_the_types_of_its_class():
    card = schema.raw_schema["components"]["schemas"]["ModelCard"]
    assert card["properties"]["threshold"] == {"title": "Threshold", "type": "number"}
    assert card["properties"]["provenance"] == {"$ref": "#/components/schemas/Provenance"}
    assert "loss_config" in schema.raw_schema["components"]["schemas"]["Provenance"]["required"]
