"""Images of several channels, and sections with their neighbors."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from seg.data.folder import ImageFolder
from seg.data.image_error import ImageError
from seg.data.module import BoundaryDataModule
from seg.data.pixel_size import ome_channels
from seg.data.planes import Planes
from seg.data.reading import count_pages, read_image, read_size
from seg.data.sample import Sample
from seg.data.scaling import IntensityScaling, prepare, visible
from seg.data.split import BlockSplit
from seg.data.stacks import ImageStacks
from seg.data.volumes import read_images
from seg.run_config import count_inputs

#: Axes T, Z, C, Y, X; the value of a pixel tells its plane.
VOLUME = (100 * np.arange(2)[:, None, None] + 10 * np.arange(3)[:, None] + np.arange(2))[..., None, None] + np.zeros(
    (2, 3, 2, 5, 7), np.uint8
)
BOTH = Planes((0, 1))


def tiff(array, **options) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, array.astype(np.uint8), **options)
    return stream.getvalue()


def values(data: bytes, page: int | None, planes: Planes) -> list[int]:
    image = read_image(data, page=page, planes=planes)
    assert image.shape[:2] == (5, 7)
    assert (image == image[:1, :1]).all()
    return image[0, 0].tolist()


NAMED = {
    "ImageJ": tiff(VOLUME, imagej=True, metadata={"axes": "TZCYX"}),
    "OME": tiff(VOLUME, ome=True, metadata={"axes": "TZCYX"}),
    "OME, channels last": tiff(VOLUME.transpose(2, 0, 1, 3, 4), ome=True, metadata={"axes": "CTZYX"}),
    "tifffile": tiff(VOLUME, photometric="minisblack", metadata={"axes": "TZCYX"}),
}


@pytest.mark.parametrize("data", NAMED.values(), ids=NAMED)
def test_channels_are_found_by_the_axes_of_the_file(data):
    assert count_pages(data, BOTH) == 6
    sections = [values(data, page, BOTH) for page in range(6)]
    assert sections == [[100 * t + 10 * z, 100 * t + 10 * z + 1] for t in range(2) for z in range(3)] or sections == [
        [100 * t + 10 * z, 100 * t + 10 * z + 1] for z in range(3) for t in range(2)
    ]
    assert values(data, 0, Planes((1,))) == [1]
    assert values(data, 0, Planes((1, 0))) == [1, 0]


def test_channels_may_be_samples_of_each_pixel():
    samples = np.stack([np.full((5, 7), value) for value in (3, 4, 5, 6, 7)], axis=2)
    for options in ({"planarconfig": "contig"}, {"planarconfig": "separate"}):
        array = samples if options["planarconfig"] == "contig" else np.moveaxis(samples, 2, 0)
        data = tiff(array, photometric="minisblack", **options)
        assert values(data, None, Planes((0, 4))) == [3, 7]
        assert read_size(data, None, Planes((0, 4))) == (5, 7)


def test_pages_without_named_axes_are_channels_if_they_are_as_many_else_sections():
    two = tiff(VOLUME[0, 0], photometric="minisblack", metadata=None)
    assert values(two, None, BOTH) == [0, 1]
    assert count_pages(two, BOTH) == 1
    with pytest.raises(ImageError, match="the image has 1 channel, needed are 3, numbered 0, 1, 2 from 0: use a TIFF"):
        read_image(two, page=0, planes=Planes((0, 1, 2)))


def test_channels_of_a_color_png_can_be_chosen():
    stream = io.BytesIO()
    Image.new("RGB", (7, 5), (9, 8, 7)).save(stream, "PNG")
    assert values(stream.getvalue(), None, Planes((0, 2))) == [9, 7]


@pytest.mark.parametrize("data", [tiff(VOLUME[0, 0, 0]), NAMED["OME"]])
def test_an_image_without_the_channel_is_refused_in_one_sentence(data):
    with pytest.raises(
        ImageError, match=r"the image has (1 channel|2 channels), needed are 2, numbered 0, 5"
    ) as refusal:
        read_image(data, page=0, planes=Planes((0, 5)))
    assert refusal.value.code == "missing_channels"


def test_neighboring_sections_are_further_channels_and_the_ends_repeat():
    stack = tiff(VOLUME[:, :, 0].reshape(6, 5, 7), photometric="minisblack")
    assert count_pages(stack, Planes(context=1)) == 6
    assert values(stack, 2, Planes(context=1)) == [10, 20, 100]
    assert values(stack, 0, Planes(context=2)) == [0, 0, 0, 10, 20]
    assert values(stack, 5, Planes(context=1)) == [110, 120, 120]
    assert values(tiff(VOLUME[0, 0, 1]), None, Planes(context=1)) == [1, 1, 1]
    assert values(NAMED["ImageJ"], 1, Planes((0, 1), context=1)) == [0, 1, 10, 11, 20, 21]
    with pytest.raises(ImageError, match="the file has 6 pages: say which one"):
        read_image(stack, planes=Planes(context=1))


def test_color_is_no_grey_section():
    with pytest.raises(ImageError, match="the image is in color, grey sections are needed"):
        read_image(tiff(np.zeros((5, 7, 3)), photometric="rgb"), planes=Planes(context=1))


def test_channels_of_different_sizes_are_refused():
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as file:
        for side in (5, 6):
            file.write(np.zeros((side, 7), np.uint8), contiguous=False)
    with pytest.raises(ImageError, match="have different sizes"):
        read_image(stream.getvalue(), planes=BOTH)


@pytest.mark.parametrize(
    ("channels", "context", "inputs", "numbers"),
    [
        (1, 0, 1, ()),
        (3, 0, 3, ()),
        (2, 0, 2, (0, 1)),
        ([0, 2], 0, 2, (0, 2)),
        ([4], 0, 1, (4,)),
        (1, 1, 3, ()),
        ([1, 0], 2, 10, (1, 0)),
        (["DAPI", 2], 0, 2, ("DAPI", 2)),
    ],
)
def test_the_network_gets_as_many_channels_as_the_data(channels, context, inputs, numbers):
    assert count_inputs(channels, context) == inputs
    assert Planes.of(channels, context).channels == numbers


@pytest.mark.parametrize(
    ("channels", "context", "words"),
    [
        (0, 0, "channels must be a number >= 1"),
        ([], 0, "channels must be"),
        ([0, 0], 0, "different numbers"),
        ([-1], 0, "from 0"),
        (1, -1, "context must be >= 0 sections, got -1"),
        (["a", "a"], 0, "different numbers from 0, or names"),
        (3, 1, r"context takes grey sections \(channels: 1\)"),
    ],
)
def test_impossible_channels_are_refused(channels, context, words):
    with pytest.raises(ValueError, match=words):
        Planes.of(channels, context)


def test_a_projection_has_no_neighbors():
    with pytest.raises(ValueError, match="a projection leaves no neighboring sections: set context: 0"):
        Planes.of(1, 1, "max")


def test_numbered_channels_are_scaled_each_by_itself_with_those_of_their_neighbors():
    image = np.stack([np.full((4, 4), value, np.uint16) for value in (10, 1000, 30, 3000)], axis=2)
    image[0, 0] = 0
    both = prepare(image, IntensityScaling(0, 100), 4, alone=2)
    assert both[:, 1, 1].tolist() == pytest.approx([10 / 30 * 2 - 1, 1000 / 3000 * 2 - 1, 1, 1])
    together = prepare(image, IntensityScaling(0, 100), 4)
    assert together[0, 1, 1] == pytest.approx(2 * 10 / 3000 - 1)


def test_what_is_shown_and_measured_is_the_own_section():
    image = np.arange(6) + np.zeros((2, 2, 6))
    assert Planes((0, 1), context=1).own(image)[0, 0].tolist() == [2, 3]
    assert Planes(context=1).own(image[..., :3]).tolist() == [[1, 1], [1, 1]]
    assert visible(image[..., :2])[0, 0].tolist() == [0, 1, 0]
    assert visible(image)[0, 0].tolist() == [0, 1, 2]
    assert visible(image[..., :1]).shape == (2, 2)


CALLED = {
    "OME": tiff(VOLUME, ome=True, metadata={"axes": "TZCYX", "Channel": {"Name": ["DAPI", "Actin"]}}),
    "ImageJ": tiff(
        VOLUME,
        imagej=True,
        metadata={"axes": "TZCYX", "Labels": [f"c:{n % 2 + 1}/2 - {['DAPI', 'Actin'][n % 2]}" for n in range(12)]},
    ),
    "ImageJ, without numbers": tiff(VOLUME, imagej=True, metadata={"axes": "TZCYX", "Labels": ["DAPI", "Actin"] * 6}),
}


@pytest.mark.parametrize("data", CALLED.values(), ids=CALLED)
def test_channels_are_found_by_their_names(data):
    assert count_pages(data, Planes(("Actin",))) == 6
    assert values(data, 1, Planes(("Actin",))) == [values(data, 1, Planes((1,)))[0]]
    assert values(data, 0, Planes(("actin", "DAPI"))) == [1, 0]
    assert values(data, 0, Planes((0, "Actin"))) == [0, 1]
    assert read_size(data, 0, Planes(("Actin",))) == (5, 7)


def test_a_channel_may_have_several_samples():
    names = {"axes": "CYXS", "Channel": {"Name": ["H&E", "DAPI"]}}
    data = tiff(np.zeros((2, 5, 7, 3)), ome=True, photometric="rgb", metadata=names)
    with pytest.raises(ImageError, match="its channels are H&E, , , DAPI"):
        read_image(data, planes=Planes(("Actin",)))


def test_an_image_without_the_name_is_refused_in_one_sentence():
    png = io.BytesIO()
    Image.new("L", (7, 5)).save(png, "PNG")
    for data in (png.getvalue(), NAMED["OME"], NAMED["ImageJ"], NAMED["tifffile"]):
        with pytest.raises(ImageError, match="has not the channels Actin: it names no channels, use an OME-TIFF") as no:
            read_image(data, page=0, planes=Planes(("Actin",)))
        assert no.value.code == "missing_channels"
    with pytest.raises(ImageError, match="has not the channels Tubulin: its channels are DAPI, Actin"):
        read_image(CALLED["OME"], page=0, planes=Planes((0, "Tubulin")))


def test_broken_metadata_names_no_channels():
    assert ome_channels("<OME><") == ome_channels("") == []


@pytest.mark.parametrize(
    ("projection", "expected"), [("max", [[20, 21], [120, 121]]), ("mean", [[10, 11], [110, 111]])]
)
@pytest.mark.parametrize("data", NAMED.values(), ids=NAMED)
def test_the_sections_of_a_stack_become_one_image_for_each_time(data, projection, expected):
    planes = Planes((0, 1), projection=projection)
    assert count_pages(data, planes) == 2
    assert [values(data, time, planes) for time in range(2)] == expected
    assert read_image(data, page=1, planes=planes).dtype == np.uint8


def test_pages_without_named_axes_are_projected_and_grey_and_color_stay_so():
    stack = tiff(VOLUME[0, :, 0], photometric="minisblack", metadata=None)
    image = read_image(stack, planes=Planes(projection="max"))
    assert (image.shape, image.max()) == ((5, 7), 20)
    color = tiff(np.stack([np.full((5, 7, 3), value) for value in (8, 12, 11)]), photometric="rgb")
    assert read_image(color, planes=Planes(projection="mean"))[0, 0].tolist() == [10, 10, 10]
    png = io.BytesIO()
    Image.new("L", (7, 5), 9).save(png, "PNG")
    assert read_image(png.getvalue(), planes=Planes(projection="max")).shape == (5, 7)


def test_a_projection_of_floating_point_keeps_it_and_large_ones_are_refused():
    stream = io.BytesIO()
    tifffile.imwrite(
        stream,
        np.array([0.5, 1, 3], np.float32)[:, None, None] + np.zeros((3, 5, 7), np.float32),
        photometric="minisblack",
    )
    mean = read_image(stream.getvalue(), planes=Planes(projection="mean"))
    assert (mean.dtype, mean[0, 0]) == (np.float32, 1.5)
    with pytest.raises(ImageError, match="7x5 pixels, the limits are 33 in all"):
        read_image(stream.getvalue(), max_pixels=100, planes=Planes(projection="mean"))


def test_channels_must_be_chosen_for_a_projection_of_several():
    with pytest.raises(ImageError, match=r"the image has 2 channels: set channels: in the data, e.g. \[0\]"):
        read_image(NAMED["ImageJ"], page=0, planes=Planes(projection="max"))


def folders(root, image: bytes, mask: np.ndarray) -> None:
    for kind, data in (("images", image), ("masks", tiff(mask, photometric="minisblack"))):
        (root / kind).mkdir()
        (root / kind / "a.tif").write_bytes(data)


def test_a_folder_gives_the_channels_that_the_data_asks_for(tmp_path):
    folders(tmp_path, tiff(VOLUME[0, 0], imagej=True, metadata={"axes": "CYX"}), np.zeros((5, 7)))
    source = ImageFolder(str(tmp_path), masks="masks", boundary_value=255)
    data = BoundaryDataModule(source, BlockSplit(1, 1), channels=[1, 0])
    assert (data.channels, data.planes) == (2, Planes((1, 0)))
    assert source[0].image[0, 0].tolist() == [1, 0]
    (predicted,) = read_images(tmp_path / "images", data.planes)
    assert predicted.image.shape == (5, 7, 2)


@pytest.mark.parametrize(
    ("options", "channels", "problem"),
    [
        (
            {"metadata": {"axes": "CYX"}},
            [0, 2],
            "numbered 0, 2 from 0: use a TIFF with them; or set channels: in the data",
        ),
        ({"imagej": True}, ["DAPI"], "it names no channels, use an OME-TIFF; or set channels: in the data"),
        (
            {"planarconfig": "contig"},
            1,
            r"2 channel\(s\): not supported, send one channel, or RGB; or set channels: in",
        ),
        ({"metadata": {"axes": "ZYX"}}, 1, "or projection: max in the data to make one image of them"),
    ],
)
def test_a_folder_says_which_line_mends_its_channels(tmp_path, options, channels, problem):
    pixels = np.zeros((5, 7, 2) if "planarconfig" in options else (2, 5, 7), np.uint8)
    folders(tmp_path, tiff(pixels, **{"photometric": "minisblack"} | options), np.zeros((5, 7)))
    source = ImageFolder(str(tmp_path), masks="masks", boundary_value=255)
    source.take_planes(Planes.of(channels))
    with pytest.raises(ValueError, match=problem):
        len(source)


def test_stacks_give_each_section_with_its_neighbors(tmp_path):
    sections = np.arange(4)[:, None, None] + np.zeros((4, 32, 32))
    sections[:, :4] = 255 - sections[:, :4]
    folders(tmp_path, tiff(sections, photometric="minisblack"), sections > 100)
    source = ImageStacks(str(tmp_path), masks="masks", boundary_value=1)
    data = BoundaryDataModule(source, BlockSplit(1, 1), context=1, crop_px=16, batch_size=2, steps_per_epoch=2)
    assert source[1].image[9, 9].tolist() == [0, 1, 2]
    data.setup("fit")
    assert next(iter(data.train_dataloader()))["image"].shape == (2, 3, 16, 16)
    assert next(iter(data.test_dataloader()))["image"].shape == (1, 3, 32, 32)
    data.predict = str(tmp_path / "images")
    assert [sample.name for sample in (data.predict_dataloader(), data.images)[1]] == [f"a-000{n}" for n in range(4)]
    assert data.images[3].image[9, 9].tolist() == [2, 3, 3]


def test_images_without_the_channels_are_refused_by_name():
    samples = [Sample(f"s{n}", np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.bool_)) for n in range(3)]
    with pytest.raises(ValueError, match=r"3 image\(s\) have not the 2 channels of the network's input, e.g. s0"):
        BoundaryDataModule(samples, BlockSplit(1, 1), channels=2).setup("fit")
