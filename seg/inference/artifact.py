"""A trained model as a folder of files that vouch for each other."""

import hashlib
import json
import os
import pickle
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from safetensors.torch import save_file

from seg.data.reading import read_image_file
from seg.data.scaling import IntensityScaling
from seg.data.writing import encode_probability, write_file
from seg.inference.predictor import ARTIFACT, GOLDEN_IMAGE, GOLDEN_PROBABILITY, MANIFEST, WEIGHTS, Predictor
from seg.network.unet import NetworkConfig
from seg.record import RunRecord


def write_artifact(run: Path, folder: Path) -> None:
    """Make the artifact of a finished run.

    The folder gets model.safetensors (weights), artifact.json (network, normalization, polarity, threshold, scores,
    provenance), config.yaml (of the training), a golden image with the probability that it must get, and manifest.json
    (sha256 of all of them). It appears whole or not at all.

    Args:
        run: a folder with record.json, as `seg fit` and `seg compare` leave it.
        folder: to be made; must not exist.

    Raises:
        FileNotFoundError: the run has no record or checkpoint.
        FileExistsError: `folder` exists.
        ValueError: the run is not finished, or its checkpoint is damaged.
    """
    record = RunRecord.load(run)
    if record.status != "finished" or record.checkpoint is None:
        raise ValueError(f"{run} is a {record.status} run: only a finished one can become an artifact")
    if folder.exists():
        raise FileExistsError(f"{folder} exists: remove it or give another folder")
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        save_file(_network_weights(run / record.checkpoint), partial / WEIGHTS)
        write_file(partial / ARTIFACT, json.dumps(_describe(record), indent=1).encode())
        write_file(partial / "config.yaml", yaml.safe_dump(record.config, sort_keys=False).encode())
        _write_golden(run, record, partial)
        _write_manifest(partial)
        os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _network_weights(checkpoint: Path) -> dict[str, torch.Tensor]:
    """Return the weights of the network alone; nothing in the file is executed."""
    if not checkpoint.is_file():
        raise FileNotFoundError(f"no such checkpoint: {checkpoint}")
    try:
        state = torch.load(checkpoint, map_location="cpu", weights_only=True)["state_dict"]
    except (pickle.UnpicklingError, KeyError, RuntimeError, EOFError) as error:
        raise ValueError(f"{checkpoint} cannot be read as weights: it is damaged or no checkpoint of ours") from error
    prefix = "network."
    return {key.removeprefix(prefix): value.contiguous() for key, value in state.items() if key.startswith(prefix)}


def _describe(record: RunRecord) -> dict[str, Any]:
    data, network = record.config["data"], NetworkConfig(**record.config["model"]["network"])
    scores = {"validation": record.validation, "test": record.test}
    return {
        "network": asdict(network) | {"encoder_weights": None},
        "scaling": asdict(IntensityScaling(**data["scaling"])),
        "boundary_value": record.data["boundary_value"],
        "threshold": record.threshold,
        "rank_by": record.rank_by,
        "scores": {
            split: {metric: values.mean(metric) for metric in values.metrics}
            for split, values in scores.items()
            if values
        },
        "provenance": {
            "name": record.name,
            "loss": record.loss,
            "loss_config": record.config["model"]["loss"],
            "seed": record.seed,
            "steps": record.steps,
            "started": record.started,
            "encoder_weights": network.encoder_weights,
            "data_fingerprint": record.data["fingerprint"],
            "versions": record.versions,
        },
    }


def _write_golden(run: Path, record: RunRecord, folder: Path) -> None:
    """Copy a test image of the run and predict it: whoever loads the artifact must get the same."""
    assert record.test is not None
    shutil.copyfile(run / "test" / record.test.images[0] / "image.png", folder / GOLDEN_IMAGE)
    probability = Predictor.from_files(folder).probability(read_image_file(folder / GOLDEN_IMAGE))
    write_file(folder / GOLDEN_PROBABILITY, encode_probability(probability.astype(np.float32)))


def _write_manifest(folder: Path) -> None:
    hashes = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}
    write_file(folder / MANIFEST, json.dumps(hashes, indent=1).encode())
