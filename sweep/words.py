"""LEAF. Numbers of things as people say them."""


def counted(number: int, thing: str) -> str:
    """`1 point`, `2 points`, `1,000 points`."""
    return f"{number:,} {thing}{'s' * (number != 1)}"
