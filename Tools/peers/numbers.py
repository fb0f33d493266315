"""Figures as people read them."""


def number(value):
    """Three digits that count."""
    if value >= 1000:
        digits = len(str(int(value)))
        return f"{int(round(value, 3 - digits)):,}"
    return f"{value:.0f}" if value >= 99.95 else f"{value:.3g}" if value >= 1 else f"{value:.2f}"
