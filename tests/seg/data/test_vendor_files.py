"""Files that bioio reads, tried with its plug-in for OME-TIFF under suffixes that are taken for a vendor's."""

import sys

import numpy as np
import pytest
import tifffile

from seg.data import vendor_files
from seg.data.file_reader import FileReader
from seg.data.folder import ImageFolder
from seg.data.planes import Planes
from seg.data.stacks import ImageStacks
from seg.data.volumes import read_images
from tests.seg.data import test_planes

VOLUME = test_planes.VOLUME.astype(np.uint8)
PIXEL = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.25}
NAMED = {"axes": "TZCYX", "Channel": {"Name": ["DAPI", "Actin"]}, **PIXEL}


@pytest.fixture
def write(tmp_path, monkeypatch):
    monkeypatch.setitem(vendor_files.PLUGINS, ".tif", "bioio-ome-tiff")
    (tmp_path / "images").mkdir()

    def build(array, metadata=NAMED, **options):
        path = tmp_path / "images" / "a.ome.tif"
        tifffile.imwrite(path, array, ome=True, metadata=metadata, **options)
        return path

    yield build
    vendor_files._open.cache_clear()


def first_values(path, page, planes) -> list[int]:
    image = FileReader().read(path, page, planes).pixels
    assert image.shape[:2] == (5, 7)
    return image[0, 0].tolist()


def test_sections_channels_neighbors_and_projections_are_those_of_a_tiff(write):
    path = write(VOLUME)
    assert FileReader().count_pages(path, Planes((0,))) == 6
    assert [first_values(path, page, Planes(("Actin", 0))) for page in (0, 5)] == [[1, 0], [121, 120]]
    assert first_values(path, 1, Planes((1,), context=1)) == [1, 11, 21]
    assert FileReader().count_pages(path, Planes((0,), projection="max")) == 2
    assert first_values(path, 1, Planes((0, 1), projection="max")) == [120, 121]
    assert first_values(path, 0, Planes((0, 1), projection="mean")) == [10, 11]


def test_grey_color_and_the_size_of_a_pixel(write):
    path = write(VOLUME[0, 0, 0], {"axes": "YX", **PIXEL})
    (sample,) = read_images(path)
    assert (sample.image.shape, sample.pixel) == ((5, 7), (0.25, 0.5))
    vendor_files._open.cache_clear()
    path = write(np.full((5, 7, 3), 9, np.uint8), {"axes": "YXS"}, photometric="rgb")
    (sample,) = read_images(path)
    assert (sample.image.shape, sample.pixel) == ((5, 7, 3), None)


def test_a_folder_and_a_stack_pair_them_with_masks(write, tmp_path):
    write(VOLUME[0, :, 1], {"axes": "ZYX"})
    (tmp_path / "masks").mkdir()
    tifffile.imwrite(
        tmp_path / "masks" / "a.tiff", np.eye(5, 7, dtype=np.uint8)[None].repeat(3, 0), photometric="minisblack"
    )
    samples = list(ImageStacks(str(tmp_path), masks="masks", boundary_value=1))
    assert [(sample.name, sample.image[0, 0]) for sample in samples] == [("a-0000", 1), ("a-0001", 11), ("a-0002", 21)]
    with pytest.raises(
        ValueError, match=r"a\.ome\.tif: the file has 3 pages: if they are sections, set .*, or projection: max"
    ):
        list(ImageFolder(str(tmp_path), masks="masks", boundary_value=1))


def test_what_the_file_has_not_is_said_in_one_sentence(write):
    path = write(VOLUME)
    for planes, words in (
        (Planes((2,)), "the image has 2 channels, needed are 1, numbered 2 from 0"),
        (Planes(("Tubulin",)), "has not the channels Tubulin: its channels are DAPI, Actin"),
        (Planes(), r"the image has 2 channels: set channels: in the data"),
    ):
        with pytest.raises(ValueError, match=words):
            FileReader().read(path, 0, planes)
    vendor_files._open.cache_clear()
    path = write(np.full((5, 7), np.nan, np.float32), {"axes": "YX"})
    with pytest.raises(ValueError, match="NaN or infinite samples"):
        FileReader().read(path)


def test_the_plug_in_that_is_missing_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.nd2").write_bytes(b"no such thing")
    with pytest.raises(
        ValueError, match=r"a\.nd2: bioio cannot read it \(.*\): pip install bioio-nd2, or save OME-TIFF"
    ):
        FileReader().read(tmp_path / "a.nd2")
    with pytest.raises(FileNotFoundError):
        FileReader().read(tmp_path / "b.nd2")
    monkeypatch.setitem(sys.modules, "bioio", None)
    with pytest.raises(ValueError, match=r"needs bioio: pip install 'septum\[bioio\]' bioio-nd2, or save TIFF"):
        FileReader().count_pages(tmp_path / "a.nd2")


def test_a_folder_of_vendor_files_is_found(tmp_path):
    (tmp_path / "a.CZI").touch()
    with pytest.raises(ValueError, match=r"a\.CZI: .*bioio-czi"):
        read_images(tmp_path)


def test_a_damaged_file_is_not_taken_for_a_missing_plug_in(write, tmp_path):
    path = write(VOLUME)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(
        ValueError, match=r"it is damaged, or of a kind that bioio-ome-tiff does not read: save OME-TIFF"
    ):
        FileReader().read(path)
    assert "bioio-ome-tiff" in vendor_files.installed_plugins()
