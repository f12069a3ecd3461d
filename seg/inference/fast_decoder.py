"""The kernels of a fast decoder, computed once instead of in each pass."""

from torch import Tensor, nn
from torch.nn import functional

from seg.network.fast_decoder import UpsampledConvolution, upsampling_kernel


class FixedUpsampledConvolution(nn.Module):
    """An `UpsampledConvolution` that is no longer trained.

    Args:
        convolution: batch normalization already folded in.
    """

    def __init__(self, convolution: UpsampledConvolution) -> None:
        super().__init__()
        weight, upsampled = convolution.weight.detach(), convolution.upsampled_channels
        self.kernel = nn.Parameter(upsampling_kernel(weight[:, :upsampled]), requires_grad=False)
        self.skip_weight = nn.Parameter(weight[:, upsampled:].clone(), requires_grad=False)
        self.bias = convolution.bias

    def forward(self, feature_map: Tensor, skip_connection: Tensor | None = None) -> Tensor:
        """Return (N, O, 2 H, 2 W); see `UpsampledConvolution.forward`."""
        total = functional.conv_transpose2d(feature_map, self.kernel, self.bias, stride=2, padding=1)
        if skip_connection is None:
            return total
        return total + functional.conv2d(skip_connection, self.skip_weight, padding=1)


def fix_kernels(network: nn.Module) -> None:
    """Replace every `UpsampledConvolution` of a network by one with fixed kernels, in place."""
    for name, module in list(network.named_modules()):
        if isinstance(module, UpsampledConvolution):
            network.set_submodule(name, FixedUpsampledConvolution(module))
