"""LEAF. Numbers of things as people say them."""


def counted(number: int, thing: str, things: str = "") -> str:
    """`1 point`, `2 points`, `1,000 points`; `things` is the plural where that is not `thing` with an s."""
    return f"{number:,} {thing if number == 1 else things or f'{thing}s'}"
