"""A network inside a loss that is never trained."""

from typing import Any

from torch import nn


class FrozenNetwork(nn.Module):
    """Hold a network in evaluation mode, without parameters: all of its weights become buffers.

    Gradients still flow through it to its input. As there are no parameters, neither an optimizer nor
    `requires_grad_` of a module around it reaches the weights. They follow to another device and
    precision, but are left out of `state_dict`.

    Args:
        network: any module; it is changed.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.eval()
        for module in list(network.modules()):
            _freeze(module)
        self.register_load_state_dict_post_hook(_ignore_own)  # type: ignore[no-untyped-call]

    def train(self, mode: bool = True) -> "FrozenNetwork":
        """Stay in evaluation mode, whatever `mode` is."""
        return super().train(False)

    def forward(self, *inputs: Any) -> Any:
        """Call the network."""
        return self.network(*inputs)


def _freeze(module: nn.Module) -> None:
    """Replace a module's own parameters and buffers by buffers that `state_dict` omits."""
    own = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
    for name, tensor in own:
        delattr(module, name)
        module.register_buffer(name, tensor.detach(), persistent=False)


def _ignore_own(module: nn.Module, keys: Any) -> None:
    """Ignore what batch normalization adds to a state that has no counter of batches."""
    own = tuple(name for name, _ in module.named_buffers())
    keys.unexpected_keys[:] = [key for key in keys.unexpected_keys if not key.endswith(own)]
