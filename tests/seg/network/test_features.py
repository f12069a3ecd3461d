import pytest
import torch

from seg.network.features import TimmFeatures, TorchvisionFeatures

PICTURE = torch.rand(2, 1, 64, 48, generator=torch.Generator().manual_seed(0))


def test_timm_features_come_at_the_strides_of_their_layers():
    shapes = [tuple(feature.shape[2:]) for feature in TimmFeatures(layers=(0, 2))(PICTURE)]
    assert shapes == [(32, 24), (8, 6)]


def test_random_weights_need_no_hub():
    (feature,) = TimmFeatures("resnet10t", weights=None, layers=(0,))(PICTURE)
    assert feature.shape[2:] == (32, 24)


def test_torchvision_features_come_in_the_order_of_their_names():
    features = TorchvisionFeatures("vgg11", ["features.1", "features.4"], weights=None)(PICTURE)
    assert [tuple(feature.shape) for feature in features] == [(2, 64, 64, 48), (2, 128, 32, 24)]
    assert min(feature.min() for feature in features) == 0  # both are behind a ReLU


def test_torchvision_models_get_grey_pictures_normalized_like_imagenet():
    extractor = TorchvisionFeatures("vgg11", ["features.0"], weights=None)
    picture = torch.full((1, 1, 8, 8), 0.5)
    scaled = torch.stack(
        [torch.full((8, 8), (0.5 - m) / d) for m, d in zip((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), strict=True)]
    )
    expected = extractor.extractor.get_submodule("features.0")(scaled[None])
    assert torch.allclose(extractor(picture)[0], expected, atol=1e-6)


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (
            lambda: TimmFeatures("resnet18", weights="packaged"),
            "fit only the model tf_efficientnet_lite0, got resnet18",
        ),
        (lambda: TimmFeatures("no_such_model", weights=None), "cannot build the timm model no_such_model"),
        (lambda: TimmFeatures(layers=(0, 9)), r"has no layers \[0, 9\]"),
        (lambda: TorchvisionFeatures("vgg11", ["features.1"], weights="packaged"), "no packaged weights"),
        (lambda: TorchvisionFeatures("vgg11", ["features.77"], weights=None), "features.77"),
        (lambda: TorchvisionFeatures("no_such_model", ["x"], weights=None), "no_such_model"),
    ],
)
def test_an_unknown_model_layer_or_weights_is_refused(build, rule):
    with pytest.raises(ValueError, match=rule):
        build()
