"""The rules that parameters of losses keep."""


def require_positive(name: str, value: float, unit: str = "") -> None:
    """Refuse what is not above 0 and finite.

    Raises:
        ValueError: names parameter, rule and value.
    """
    if not 0 < value < float("inf"):
        raise ValueError(f"{name} must be > 0{unit and ' '}{unit} and finite, got {value}")


def require_weight(name: str, value: float) -> None:
    """Refuse what is negative or not finite.

    Raises:
        ValueError: names parameter, rule and value.
    """
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be >= 0 and finite, got {value}")


def require_share(name: str, value: float) -> None:
    """Refuse what is outside [0, 1].

    Raises:
        ValueError: names parameter, rule and value.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"{name} must be in [0, 1], got {value}")
