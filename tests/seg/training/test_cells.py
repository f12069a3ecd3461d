"""From the files of a validation to a decoder, and from a decoder to the files of a prediction."""

import csv

import numpy as np
import pytest
import tifffile

from seg.data.case_files import (
    read_input,
    read_labels,
    read_probabilities,
    read_true_cells,
    read_valid,
    write_case,
)
from seg.data.labels import boundaries_from_labels
from seg.data.sample import Sample
from seg.instances.watershed import WatershedDecoder
from seg.metrics.instance import instance_scores
from seg.metrics.rand import compare_cells, connected_cells
from seg.prediction.cells import decode, join_measurements, write_measurements
from seg.prediction.output import Output, Wanted
from seg.training import cell_tuning
from seg.training.cell_tuning import TRIALS, choose_decoder


def nuclei(seed: int) -> np.ndarray:
    """Touching, lone and tiny cells."""
    labels = np.zeros((48, 48), np.int32)
    shift = seed % 3
    labels[4 + shift : 16, 4:14], labels[4 + shift : 16, 14:26] = 1, 2
    labels[30:40, 8:20], labels[30:33, 30:33] = 3, 4
    return labels


def save(folder, image, mask, probabilities, labels=None):
    write_case(folder, image[None].astype(np.float32), mask, probabilities.astype(np.float32), labels)
    return folder


@pytest.fixture
def nuclei_folders(tmp_path):
    folders = []
    for seed in range(2):
        labels = nuclei(seed)
        boundary = boundaries_from_labels(labels)
        image = np.where(labels > 0, 0.5, -0.5)
        folders.append(save(tmp_path / str(seed), image, boundary, np.stack([boundary, labels > 0]), labels))
    return folders


def test_what_is_written_is_read_again(nuclei_folders):
    folder = nuclei_folders[0]
    labels = nuclei(0)
    assert np.array_equal(read_labels(folder), labels)
    assert np.array_equal(read_true_cells(folder), labels)
    assert np.array_equal(read_probabilities(folder), np.stack([boundaries_from_labels(labels), labels > 0]))
    assert np.abs(read_input(folder)[0] - np.where(labels > 0, 0.5, -0.5)).max() < 1 / 255


def test_a_perfect_prediction_of_nuclei_scores_1(nuclei_folders):
    decoder, choice = choose_decoder(nuclei_folders, None, "boundary_f1")
    assert (choice.metric, choice.validation, choice.images) == ("instance_ap", 1, 2)
    assert choice.trials <= TRIALS
    unseen = nuclei(2)
    perfect = np.stack([boundaries_from_labels(unseen), unseen > 0]).astype(np.float32)
    assert instance_scores(decoder.decode(perfect), unseen).ap == 1


def test_a_perfect_boundary_of_nuclei_is_told_from_background_by_the_image(tmp_path):
    labels = nuclei(0)
    labels[labels == 4] = 0  # three pixels wide: its inside is a single pixel
    boundary = boundaries_from_labels(labels)
    folder = save(tmp_path / "bright", np.where(labels > 0, 0.5, -0.5), boundary, boundary[None], labels)
    decoder, choice = choose_decoder([folder], None, "boundary_f1")
    assert choice.validation == 1
    assert decoder.foreground == "bright"


def test_a_perfect_boundary_of_tissue_scores_1(tmp_path):
    mask = np.zeros((60, 60), bool)
    mask[:, 20], mask[30, 20:], mask[10:13, :20] = True, True, True
    folder = save(tmp_path / "tissue", np.where(mask, -0.5, 0.5), mask, mask[None])
    decoder, choice = choose_decoder([folder], None, "boundary_f1")
    assert choice.metric == "cells_v_rand"
    scores = compare_cells(connected_cells(~mask), decoder.decode(mask[None].astype(np.float32)))
    assert (choice.validation, scores.v_rand) == (pytest.approx(1), pytest.approx(1))


def test_the_search_starts_where_it_is_told_to(nuclei_folders):
    start = WatershedDecoder(foreground="inside", seed_score=0.25, sigma_px=0)
    decoder, _ = choose_decoder(nuclei_folders, start, "boundary_f1")
    assert decoder == start  # it is perfect already


@pytest.mark.parametrize(("pixels", "images"), [(48 * 48 * 2, 3), (48 * 48 * 4.5, 3), (1e9, 6)])
def test_settings_are_tried_on_a_bounded_number_of_pixels(tmp_path, monkeypatch, pixels, images):
    labels = nuclei(0)
    boundary, image = boundaries_from_labels(labels), np.where(labels > 0, 0.5, -0.5)
    answer = np.stack([boundary, labels > 0])
    folders = [save(tmp_path / str(number), image, boundary, answer, labels) for number in range(6)]
    monkeypatch.setattr(cell_tuning, "PIXELS", pixels)
    assert choose_decoder(folders, None, "boundary_f1")[1].images == images


def test_labels_and_measurements_of_a_prediction(tmp_path):
    image = np.full((48, 48), 9, np.uint8)
    calibrated = Sample("a", image, np.zeros(image.shape, bool), pixel=(0.5, 0.5))
    plain = Sample("b", image, np.zeros(image.shape, bool))
    for sample in (calibrated, plain):
        Output(tmp_path, Wanted(), 255).write_labels(sample.name, nuclei(0), sample.pixel)
        write_measurements(tmp_path, sample, nuclei(0))
    join_measurements(tmp_path, ["a", "b"])
    with (tmp_path / "cells.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == ["a"] * 4 + ["b"] * 4
    assert (rows[0]["area"], rows[0]["area_um2"], rows[4]["area_um2"]) == ("120", "30", "")
    assert not (tmp_path / "a_cells.csv").exists()
    with tifffile.TiffFile(tmp_path / "a_labels.tif") as file:
        assert np.array_equal(file.asarray(), nuclei(0))
        assert file.pages[0].get_resolution("micrometer") == pytest.approx((2, 2))


def test_a_checkpoint_without_a_decoder_says_so():
    with pytest.raises(ValueError, match="no decoder"):
        decode(None, np.zeros((1, 2, 2), np.float32), np.zeros((1, 2, 2), np.float32))


def test_cells_at_void_pixels_count_neither_as_found_nor_as_background(tmp_path):
    folders = []
    for seed in range(2):
        labels, valid = nuclei(seed), np.ones((48, 48), np.bool_)
        valid[:, 28:] = False
        boundary = boundaries_from_labels(labels)
        probabilities = np.stack([boundary, labels > 0]).astype(np.float32)
        probabilities[1, :, 30:] = 1  # would be a cell more
        folder = tmp_path / str(seed)
        write_case(folder, probabilities[:1], boundary & valid, probabilities, np.where(valid, labels, 0), valid)
        assert np.array_equal(read_valid(folder), valid)
        folders.append(folder)
    assert choose_decoder(folders, None, "boundary_f1")[1].validation == 1
