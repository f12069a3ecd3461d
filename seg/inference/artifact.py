"""A trained model as a folder of files with their checksums."""

import os
import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import yaml
from safetensors.torch import save_file

from seg.data.case_files import IMAGE
from seg.data.planes import Planes
from seg.data.scaling import IntensityScaling
from seg.data.stored_input import read_picture
from seg.data.writing import encode_probability, write_file
from seg.inference.artifact_info import ArtifactInfo, NetworkInfo, Provenance
from seg.inference.engine_choice import EXPORT, QUANTIZED, WEIGHTS, load_network
from seg.inference.export import ExportError, export
from seg.inference.golden import export_inputs
from seg.inference.manifest import write_manifest
from seg.inference.novelty import Reference, learn
from seg.inference.optimize import optimize
from seg.inference.predictor import GOLDEN_IMAGE, GOLDEN_PROBABILITY, Predictor
from seg.inference.torch_engine import TorchEngine
from seg.instances.decoder import describe_decoder
from seg.instances.watershed import WatershedDecoder
from seg.network.ensemble import Network
from seg.network.unet import NetworkConfig
from seg.network.weights import read_network_weights
from seg.record import RunRecord

#: Validation images whose appearance is kept.
MOST_REFERENCES = 64


def write_artifact(
    run: Path, folder: Path, int8: bool = False, intervals: dict[str, list[float]] | None = None
) -> None:
    """Make the artifact of a finished run.

    The folder gets model.safetensors (weights), model.onnx (the same for OpenVINO, checked against PyTorch),
    artifact.json (network, normalization, polarity, threshold, engines, scores, provenance, appearance of known
    images), config.yaml (of the training), a golden image with the probability that it must get, and manifest.json
    (sha256 of all of them). It appears whole or not at all.

    Args:
        run: a folder with record.json, as `seg fit` and `seg compare` leave it.
        folder: to be made; must not exist.
        int8: also quantize the network (model_int8.xml); `engine: auto` will then take it.
        intervals: of the scores on the test images, as `ArtifactInfo` has them.

    Raises:
        FileNotFoundError: the run has no record or checkpoint.
        FileExistsError: `folder` exists.
        ValueError: the run is not finished, its checkpoint is damaged, or int8 costs too much accuracy.
    """
    record = RunRecord.load(run)
    if record.status != "finished":
        raise ValueError(f"{run} is a {record.status} run: only a finished one can become an artifact")
    if record.checkpoint is None:
        raise ValueError(f"{run} kept no checkpoint, so that there are no weights to serve: train it again")
    if folder.exists():
        raise FileExistsError(f"{folder} exists: remove it or give another folder")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        save_file(read_network_weights(run / record.checkpoint), partial / WEIGHTS)
        write_file(partial / "config.yaml", yaml.safe_dump(record.config.raw, sort_keys=False).encode())
        network = load_network(partial, _network_info(record))
        info = _describe(record, network.stride_px)
        info = replace(info, reference=_reference(run, record), intervals=intervals or {})
        _write_golden(run, record, partial, network, info)
        replace(info, engine=_write_exports(run, record, partial, network, int8)).save(partial)
        write_manifest(partial)
        if int8:
            _check_served(partial)
        os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check_served(folder: Path) -> None:
    """Refuse an int8 model that a service would refuse: of all test images, the golden one is all that it checks."""
    try:
        Predictor.load(folder, any_size=True)
    except ValueError as error:
        problem = str(error).removeprefix(f"{folder}: ")
        raise ValueError(f"int8 costs too much accuracy: {problem}; promote the model without --int8") from error


def _network_info(record: RunRecord) -> NetworkInfo:
    config = NetworkConfig(**record.config.network)
    values = {each.name: getattr(config, each.name) for each in fields(config)}
    return NetworkInfo(**values | {"encoder_weights": None, "members": max(1, len(record.members))})


def _describe(record: RunRecord, stride_px: int) -> ArtifactInfo:
    scores = {"validation": record.validation, "test": record.test}
    planes = Planes.of_run(record.config)
    return ArtifactInfo(
        network=_network_info(record),
        stride_px=stride_px,
        scaling=IntensityScaling(**record.config.scaling),
        boundary_value=record.data.boundary_value,
        threshold=record.threshold,
        threshold_tta=record.threshold_tta,
        tta=record.tta,
        rank_by=record.rank_by,
        scores={
            split: {metric: values.mean(metric) for metric in values.metrics}
            for split, values in scores.items()
            if values
        },
        provenance=_provenance(record),
        decoder=record.decoder or describe_decoder(WatershedDecoder()),
        channels=list(planes.channels),
        context=planes.context,
        projection=planes.projection,
    )


def _reference(run: Path, record: RunRecord) -> Reference | None:
    """Return the appearance of validation images and training crops."""
    assert record.validation is not None
    names = record.validation.images[:: -(-len(record.validation.images) // MOST_REFERENCES)]
    files = [run / "validation" / name / IMAGE for name in names]
    images = [read_picture(file) for file in files if file.is_file()]
    crops = [read_picture(file) for file in sorted((run / "calibration").glob("*.png"))]
    config = record.config
    planes = Planes.of(config.file_channels, config.context)
    return learn(images, crops, IntensityScaling(**config.scaling), config.channels, planes)


def _provenance(record: RunRecord) -> Provenance:
    weights = NetworkConfig(**record.config.network).encoder_weights
    start_from = record.config.raw["model"].get("start_from")
    return Provenance(
        name=record.name,
        loss=record.loss,
        loss_config=record.config.raw["model"]["loss"],
        seed=record.seed,
        steps=record.steps,
        started=record.started,
        encoder_weights=weights and Path(weights).name,  # a file is known by its name: its folder stays private
        start_from=start_from and Path(start_from).name,
        data_fingerprint=record.data.fingerprint,
        versions=record.versions,
        members=record.members,
    )


def _write_golden(run: Path, record: RunRecord, folder: Path, network: Network, info: ArtifactInfo) -> None:
    """Copy a test image of the run and its prediction, which must be the same wherever the artifact is loaded."""
    assert record.test is not None
    source = run / "test" / record.test.images[0] / "image.png"
    for suffix in (".png", ".tif"):  # the second where the network takes neither grey nor RGB
        if source.with_suffix(suffix).is_file():
            shutil.copyfile(source.with_suffix(suffix), (folder / GOLDEN_IMAGE).with_suffix(suffix))
    predictor = Predictor(TorchEngine(optimize(network, info.network.in_channels)), info)
    probability = predictor.probability(read_picture(folder / GOLDEN_IMAGE), tta=False)
    write_file(folder / GOLDEN_PROBABILITY, encode_probability(probability))


def _write_exports(
    run: Path, record: RunRecord, folder: Path, network: Network, int8: bool
) -> dict[str, dict[str, Any]]:
    """Export the network and return, by engine, what was measured, or why only PyTorch can run it."""
    images = export_inputs(run, record, network.stride_px)
    try:
        engines = {"openvino": export(network, images, record.threshold, folder / EXPORT)}
    except (ExportError, ModuleNotFoundError) as error:
        if int8:
            raise ValueError(f"without an export there is no int8: {error}") from error
        return {"torch": {"reason": str(error)}}
    if int8:
        from seg.inference.quantize import quantize  # noqa: PLC0415  # the scores need what only training installs

        engines["int8"] = quantize(run, record, network.stride_px, folder / EXPORT, folder / QUANTIZED)
    return engines
