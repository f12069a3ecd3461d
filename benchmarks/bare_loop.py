"""The trainings of a comparison as a plain PyTorch loop: the peer of `benchmarks.compare`.

It shares data, network, loss, schedule and scores with a comparison, and nothing else: no planning, no Lightning, no
command line, no checkpoints, no learning curves, no pictures, no record.
"""

import copy
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor
from torch.utils.data import DataLoader

from losses import SegmentationLoss
from seg.data.module import BoundaryDataModule
from seg.metrics.image_scores import ImageScores, ScoreTable
from seg.metrics.suite import Case, score_cases
from seg.network.unet import NetworkConfig, PaddedNetwork, build_network

Config = dict[str, Any]


def train_all(base: Config, data: Config, losses: dict[str, Path], seeds: list[int], processes: int, out: Path) -> None:
    """Train each loss with each seed, every run in a process of its own.

    Args:
        base: content of base.yaml.
        data: content of data.yaml.
        losses: name -> configuration file of the loss.
        seeds: of the runs.
        processes: runs at the same time.
        out: folder for <loss>-<seed>.pt of each run.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(processes, mp_context=context, max_tasks_per_child=1) as pool:
        jobs = [
            pool.submit(train, base, data, yaml.safe_load(loss.read_text()), seed, out / f"{name}-{seed}.pt")
            for seed in seeds
            for name, loss in losses.items()
        ]
        for job in jobs:
            job.result()


def train(base: Config, data_config: Config, loss_config: Config, seed: int, file: Path) -> None:
    """Train, validate after every epoch, test the best weights; save the last weights and the test scores."""
    torch.set_num_threads(1)
    data = BoundaryDataModule(**instantiate(data_config), seed=seed)
    data.setup("fit")
    model, epochs = base["model"], base["trainer"]["max_epochs"]
    network = build_network(NetworkConfig(**model["network"], in_channels=data.channels), seed)
    loss: SegmentationLoss = instantiate(loss_config)
    optimizer = find(model["optimizer"]["class_path"])(network.parameters(), **model["optimizer"]["init_args"])
    steps = epochs * data.steps_per_epoch
    schedule = instantiate(model["schedule"]).configure(optimizer, steps)["scheduler"]
    scores = ImageScores(model["tolerance_px"], model["rank_by"])
    crops, best, best_weights = data.train_dataloader(), -1.0, network.state_dict()
    for epoch in range(epochs):
        crops.sampler.set_epoch(epoch)
        network.train()
        for number, batch in enumerate(crops, epoch * data.steps_per_epoch):
            torch.manual_seed(seed * 1_000_003 + number)
            loss.set_progress(number / steps)
            value = loss(network(batch["image"]), batch["mask"])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            schedule.step()
        table, _ = score(network, loss, data.val_dataloader(), scores)
        threshold = table.best_threshold(model["rank_by"])
        if (now := table.at(threshold)[model["rank_by"]].mean().item()) > best:
            best, best_weights = now, copy.deepcopy(network.state_dict())
    last = copy.deepcopy(network.state_dict())
    network.load_state_dict(best_weights)
    torch.save({"weights": last, "test": final_scores(network, loss, data, scores, model)}, file)


def score(
    network: PaddedNetwork, loss: SegmentationLoss, images: DataLoader[Config], scores: ImageScores
) -> tuple[ScoreTable, list[Case]]:
    """Return scores and predictions of whole images; computes the loss, as for a learning curve."""
    network.eval()
    cases = []
    scores.reset()
    with torch.inference_mode():
        for batch in images:
            logits: Tensor = network(batch["image"])
            loss(logits, batch["mask"]).item()
            probability = logits.sigmoid()
            scores.update(probability, batch["mask"])
            cases.append(Case(batch["name"][0], probability[0, 0].numpy(), batch["mask"][0, 0].numpy() > 0))
    return scores.compute(), cases


def final_scores(
    network: PaddedNetwork, loss: SegmentationLoss, data: BoundaryDataModule, scores: ImageScores, model: Config
) -> dict[str, list[float]]:
    """Return metric -> one value per test image, at the threshold chosen on validation."""
    threshold = score(network, loss, data.val_dataloader(), scores)[0].best_threshold(model["rank_by"])
    table, cases = score(network, loss, data.test_dataloader(), scores)
    suite = score_cases(cases, threshold, model["tolerance_px"])
    return suite.metrics | {name: values.tolist() for name, values in table.at(threshold).items()}


def instantiate(node: Any) -> Any:
    """Return the object that a configuration describes by class_path and init_args."""
    if isinstance(node, list):
        return [instantiate(item) for item in node]
    if not isinstance(node, dict):
        return node
    if "class_path" in node:
        return find(node["class_path"])(**instantiate(node.get("init_args", {})))
    return {key: instantiate(item) for key, item in node.items()}


def find(class_path: str) -> Any:
    """Return the class of that path."""
    module, _, name = class_path.rpartition(".")
    return getattr(import_module(module), name)
