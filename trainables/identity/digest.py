"""The digest of what definitions reach: themselves, and all that they refer to."""

import hashlib
from collections.abc import Callable, Iterable

from trainables.identity.definitions import Piece, Symbol


def digest(
    roots: Iterable[Symbol],
    pieces_of: Callable[[Symbol], Iterable[Piece]],
    stands_for: Callable[[Symbol], str | None],
) -> str:
    """16 hex digits over what the roots reach, in the order in which it is reached.

    stands_for: of a definition that is not followed the name that counts in its place, None of one that is followed.
    """
    waiting = list(roots)
    numbers = {symbol: number for number, symbol in enumerate(waiting)}
    found = hashlib.sha256()
    for symbol in waiting:  # grows as it is read
        for piece in pieces_of(symbol):
            text = piece
            if isinstance(piece, Symbol) and (name := stands_for(piece)) is not None:
                text = f"<{name}>"
            elif isinstance(piece, Symbol):
                if piece not in numbers:
                    numbers[piece] = len(waiting)
                    waiting.append(piece)
                text = f"#{numbers[piece]}"
            found.update(str(text).encode())
        found.update(b"\n")
    return found.hexdigest()[:16]
