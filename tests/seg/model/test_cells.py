"""Cells of a batch, for scores during a training."""

import numpy as np
import torch

from seg.data.labels import boundaries_from_labels
from seg.instances.watershed import WatershedDecoder
from seg.metrics.instance import instance_scores
from seg.metrics.rand import compare_cells, connected_cells
from seg.model.cells import pair_cells


def batch_of(mask: np.ndarray, labels: np.ndarray | None = None) -> dict:
    batch = {"image": torch.zeros(1, 1, *mask.shape[1:]), "mask": torch.from_numpy(mask)[None], "name": ["a"]}
    return batch if labels is None else batch | {"labels": torch.from_numpy(labels)[None]}


def test_a_perfect_prediction_of_nuclei_is_perfect_before_anything_was_chosen():
    labels = np.zeros((48, 48), np.int32)
    labels[4:16, 4:14], labels[4:16, 14:26], labels[30:40, 8:20] = 1, 2, 3
    mask = np.stack([boundaries_from_labels(labels), labels > 0]).astype(np.float32)
    ((true, predicted),) = pair_cells(batch_of(mask, labels), torch.from_numpy(mask)[None], None)
    assert np.array_equal(true, labels)
    assert instance_scores(predicted, true).ap == 1


def test_masks_alone_are_tissue():
    mask = np.zeros((1, 48, 48), np.float32)
    mask[0, :, 20], mask[0, 24, 20:] = 1, 1
    ((true, predicted),) = pair_cells(batch_of(mask), torch.from_numpy(mask)[None], None)
    assert true is None  # the components between boundaries, to which void pixels matter
    assert compare_cells(connected_cells(mask[0] == 0), predicted).v_rand > 0.999


def test_the_decoder_of_the_model_is_used():
    mask = np.zeros((1, 48, 48), np.float32)
    ((_, predicted),) = pair_cells(batch_of(mask), torch.from_numpy(mask)[None], WatershedDecoder(min_size_px=3000))
    assert predicted.max() == 0
