import pytest
import torch

from losses import BceLoss, JaccardLoss
from losses.channel_weighted import ChannelWeightedLoss


def test_channels_are_weighted():
    logits, target = torch.randn(2, 2, 8, 8), torch.zeros(2, 2, 8, 8)
    target[:, 0, 3], target[:, 1, :4] = 1, 1
    first, second = (JaccardLoss()(logits[:, [k]], target[:, [k]]) for k in range(2))
    weighted = ChannelWeightedLoss(JaccardLoss(), [3, 1])(logits, target)
    assert weighted.item() == pytest.approx((3 * first + second).item() / 4)


def test_equal_weights_are_the_loss_of_all_channels():
    logits, target = torch.randn(2, 2, 8, 8), torch.rand(2, 2, 8, 8).round()
    assert ChannelWeightedLoss(BceLoss(), [1, 1])(logits, target).item() == pytest.approx(
        BceLoss()(logits, target).item()
    )


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1]])
def test_weights_that_weigh_nothing_are_refused(weights):
    with pytest.raises(ValueError, match="weights must be"):
        ChannelWeightedLoss(BceLoss(), weights)


def test_a_weight_per_channel_is_needed():
    with pytest.raises(ValueError, match="one per channel, 1"):
        ChannelWeightedLoss(BceLoss(), [1, 1])(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4))
