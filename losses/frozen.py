"""A network inside a loss that is never trained."""

from typing import Any

from torch import nn


class FrozenNetwork(nn.Module):
    """Hold a network in evaluation mode, without gradients for its weights, out of every checkpoint.

    Gradients still flow through it to its input. `state_dict` omits its weights, and
    `load_state_dict` keeps the current ones.

    Args:
        network: any module.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)
        self.register_state_dict_post_hook(_leave_out)  # type: ignore[no-untyped-call]
        self.register_load_state_dict_pre_hook(_keep_own)  # type: ignore[no-untyped-call]

    def train(self, mode: bool = True) -> "FrozenNetwork":
        """Stay in evaluation mode, whatever `mode` is."""
        return super().train(False)

    def forward(self, *inputs: Any) -> Any:
        """Call the network."""
        return self.network(*inputs)


def _own_state(module: nn.Module, prefix: str) -> dict[str, Any]:
    return {f"{prefix}network.{key}": value for key, value in module.get_submodule("network").state_dict().items()}


def _leave_out(module: nn.Module, state: dict[str, Any], prefix: str, _metadata: Any) -> None:
    for key in _own_state(module, prefix):
        state.pop(key, None)


def _keep_own(module: nn.Module, state: dict[str, Any], prefix: str, *_unused: Any) -> None:
    state.update(_own_state(module, prefix))
