"""Validation of the losses' parameters."""


def require_positive(name: str, value: float, unit: str = "") -> None:
    """Require a finite number above 0.

    Args:
        name: of the parameter.
        value: of the parameter.
        unit: of the value, for the message.

    Raises:
        ValueError: names parameter, rule and value.
    """
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} must be > 0{unit and ' '}{unit} and finite, got {value}")


def require_weight(name: str, value: float) -> None:
    """Require a finite number of at least 0.

    Args:
        name: of the parameter.
        value: of the parameter.

    Raises:
        ValueError: names parameter, rule and value.
    """
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be >= 0 and finite, got {value}")


def require_open_share(name: str, value: float) -> None:
    """Require a number between 0 and 1, both excluded.

    Args:
        name: of the parameter.
        value: of the parameter.

    Raises:
        ValueError: names parameter, rule and value.
    """
    if not 0 < value < 1:
        raise ValueError(f"{name} must be in (0, 1), got {value}")


def require_share(name: str, value: float) -> None:
    """Require a number in [0, 1].

    Args:
        name: of the parameter.
        value: of the parameter.

    Raises:
        ValueError: names parameter, rule and value.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be in [0, 1], got {value}")
