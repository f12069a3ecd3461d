import json
from dataclasses import fields, replace
from pathlib import Path

import pytest

from seg.data.scaling import IntensityScaling
from seg.inference.artifact_info import ArtifactInfo, NetworkInfo, Provenance
from seg.inference.novelty import Reference
from seg.network.unet import NetworkConfig

INFO = ArtifactInfo(
    network=NetworkInfo("unet", "resnet18", 1, 1, {"decoder_channels": [16, 8]}),
    stride_px=32,
    scaling=IntensityScaling(1.0, 99.0),
    boundary_value=255,
    threshold=0.4,
    rank_by="iou",
    scores={"test": {"iou": 0.5}},
    provenance=Provenance("l2", "losses.L2Loss", "losses.L2Loss", 0, 1, "2026-01-01", None, "f" * 64, {"torch": "2"}),
    engine={"torch": {"reason": "no onnx"}},
    reference=Reference([[0.5, None]], [0.1, 0.2], 1.2),
)


def change(folder: Path, **values: object) -> None:
    path = folder / "artifact.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_what_is_saved_is_loaded_with_its_types(tmp_path):
    INFO.save(tmp_path)
    assert ArtifactInfo.load(tmp_path) == INFO


def test_a_file_from_before_schema_versions_is_read(tmp_path):
    INFO.save(tmp_path)
    values = json.loads((tmp_path / "artifact.json").read_text())
    del values["schema_version"], values["engine"], values["reference"]
    values["network"]["freeze_encoder"] = False
    (tmp_path / "artifact.json").write_text(json.dumps(values))
    assert ArtifactInfo.load(tmp_path) == replace(INFO, engine={}, reference=None)


def test_another_schema_version_is_refused_in_one_sentence(tmp_path):
    INFO.save(tmp_path)
    change(tmp_path, schema_version=2)
    with pytest.raises(ValueError, match=r"artifact\.json has schema version 2, this Septum reads 1: install"):
        ArtifactInfo.load(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"network": 3}', '{"network": {}}', '{"scaling": {"low": 1}}'])
def test_a_damaged_description_is_refused_by_name(tmp_path, text):
    (tmp_path / "artifact.json").write_text(text)
    with pytest.raises(ValueError, match=r"artifact\.json cannot be read by this version of Septum"):
        ArtifactInfo.load(tmp_path)


def test_a_field_that_is_not_known_is_not_ignored(tmp_path):
    INFO.save(tmp_path)
    change(tmp_path, palette="new")
    with pytest.raises(ValueError, match="unexpected keyword argument 'palette'"):
        ArtifactInfo.load(tmp_path)


def test_nothing_of_a_network_is_left_out():
    own = {each.name for each in fields(NetworkInfo)}
    assert own - {"members"} == {each.name for each in fields(NetworkConfig)}
