"""Numbers as tables and sentences show them."""

import math


def format_score(value: float) -> str:
    """Return the value as the tables show it: 0.123, 12.3 or 123."""
    return f"{value:.{3 if abs(value) < 10 else 1 if abs(value) < 100 else 0}f}"


def p_value(value: float) -> str:
    """Return a p-value with two digits; a dash where nothing could be tested."""
    if math.isnan(value):
        return "–"  # noqa: RUF001  # as in the other empty cells
    return "< 0.0001" if value < 1e-4 else f"{value:.2g}"
