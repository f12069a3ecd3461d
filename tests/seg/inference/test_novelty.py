import os
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom

from seg.data.planes import Planes
from seg.data.reading import read_image_file
from seg.data.scaling import IntensityScaling
from seg.data.synthetic import SyntheticCells
from seg.inference.novelty import judge, learn

REAL = Path(os.environ.get("SEPTUM_DATA", "../shared/data"))
SETTING = (IntensityScaling(), 1, Planes())


@pytest.fixture(scope="module")
def tissue() -> list[np.ndarray]:
    return [sample.image for sample in SyntheticCells(24, 128, seed=0)]


@pytest.fixture(scope="module")
def reference(tissue):
    return learn(tissue[:12], [], *SETTING)


def test_more_images_of_the_same_tissue_are_not_unlike_it(tissue, reference):
    judged = [judge(image, reference, *SETTING) for image in tissue[12:]]
    assert max(each.distance for each in judged) < 1
    assert {each.unlike for each in judged} == {()}


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda image: image.max() - image, "intensity"),
        (lambda image: zoom(image, 4, order=1), "detail"),
        (lambda image: gaussian_filter(image.astype(float), 3), "detail"),
        (np.zeros_like, "intensity"),
        (lambda image: np.random.default_rng(0).random(image.shape), "detail"),
    ],
)
def test_another_look_is_told_by_its_kind(tissue, reference, change, kind):
    judged = judge(change(tissue[12]), reference, *SETTING)
    assert judged.distance > 1
    assert kind in judged.unlike


def test_neither_exposure_nor_type_nor_a_part_of_it_make_an_image_unlike(tissue, reference):
    image = tissue[12]
    exposed = judge(image.astype(np.uint16) * 3 + 1000, reference, *SETTING)
    assert exposed.distance == pytest.approx(judge(image, reference, *SETTING).distance, abs=1e-3)
    assert judge(image[:64, :64], reference, *SETTING).distance < 1


def test_an_image_of_any_size_is_judged(reference):
    assert judge(np.ones((1, 1), np.uint8), reference, *SETTING).distance > 1
    assert judge(np.zeros((9, 700, 3), np.uint8), reference, *SETTING).distance > 1


def test_channels_are_judged_each_and_neighboring_sections_are_not():
    rng = np.random.default_rng(0)
    smooth = [gaussian_filter(rng.random((64, 64)), 2) for _ in range(6)]
    rough = [rng.random((64, 64)) for _ in range(6)]
    planes = Planes.of([0, 1])
    pairs = [np.stack(pair, axis=2) for pair in zip(smooth, rough, strict=True)]
    reference = learn(pairs[:4], [], IntensityScaling(), 2, planes)
    assert judge(pairs[5], reference, IntensityScaling(), 2, planes).unlike == ()
    assert judge(pairs[5][..., ::-1], reference, IntensityScaling(), 2, planes).unlike != ()
    sections = Planes.of(1, context=1)
    stacks = [np.stack([rough[0], each, rough[1]], axis=2) for each in smooth]
    own = learn(stacks[:4], [], IntensityScaling(), 3, sections)
    assert own == learn(smooth[:4], [], *SETTING)
    assert judge(stacks[5], own, IntensityScaling(), 3, sections).unlike == ()


def test_one_image_makes_no_reference_without_crops(tissue):
    assert learn(tissue[:1], [], *SETTING) is None
    assert learn(tissue[:1], tissue[1:3], *SETTING) == learn(tissue[:3], [], *SETTING)


@pytest.mark.skipif(not (REAL / "isbi2012").is_dir(), reason="needs isbi2012 and dsb2018")
def test_another_section_is_like_the_training_and_another_modality_is_not():
    sections = [read_image_file(REAL / "isbi2012" / "images" / f"{number:02}.png") for number in range(20, 30)]
    nuclei = [read_image_file(file) for file in sorted((REAL / "dsb2018" / "images").glob("*.png"))[::20]]
    reference = learn(sections[:5], [], *SETTING)
    assert [judge(each, reference, *SETTING).unlike for each in sections[5:]] == [()] * 5
    assert min(judge(each, reference, *SETTING).distance for each in nuclei) > 2
    assert judge(255 - sections[5], reference, *SETTING).unlike[0] == "texture"
    assert judge(zoom(sections[5], 2, order=1), reference, *SETTING).unlike[0] == "detail"
