"""The numbers of numpy's default generator, drawn on the device, bit for bit.

Copied from the host, the noise of 4,000 columns would take longer than the estimate. PCG64 (O'Neill 2014, XSL RR
128/64) is a linear recurrence, S[n+1] = A S[n] + C mod 2^128, so S[m + t] = A^t S[m] + C_t for all m and t at once.
"""

from math import isqrt
from typing import Any

import numpy as np

from trainables.information.device.backend import compiled, left_shift, right_shift

MULTIPLIER = 0x2360ED051FC65DA44385DF649FCCF645
MASK = 2**128 - 1
Halves = tuple[Any, Any]


def noise(amplitude: float, seed: int, offset: int, shape: tuple[int, int]) -> Any:
    """amplitude * np.random.default_rng(seed).random(offset + size)[offset:], as a float64 device array of the shape.

    Call it, and add what it returns, in double precision. Returned rounded, so that no fused multiply-add changes it.
    """
    generator = np.random.PCG64(seed)
    generator.advance(offset)
    state, increment = (int(generator.state["state"][name]) for name in ("state", "inc"))
    size = shape[0] * shape[1]
    stride = isqrt(size - 1) + 1
    factors, terms = _jumps(stride, increment)
    leap, shift = factors[-1] * MULTIPLIER & MASK, (terms[-1] * MULTIPLIER + increment) & MASK
    starts = [(state * MULTIPLIER + increment) & MASK]
    while len(starts) * stride < size:
        starts.append((starts[-1] * leap + shift) & MASK)
    tables = [half for numbers in (starts, factors, terms) for half in _halves(numbers)]
    return compiled(_draw, shape)(*tables, np.float64(amplitude))


def _jumps(count: int, increment: int) -> tuple[list[int], list[int]]:
    factors, terms = [1], [0]
    for _ in range(count - 1):
        factors.append(factors[-1] * MULTIPLIER & MASK)
        terms.append((terms[-1] * MULTIPLIER + increment) & MASK)
    return factors, terms


def _halves(numbers: list[int]) -> tuple[np.ndarray, np.ndarray]:
    words = np.frombuffer(b"".join(number.to_bytes(16, "little") for number in numbers), "<u8").reshape(-1, 2)
    return np.ascontiguousarray(words[:, 1]), np.ascontiguousarray(words[:, 0])


def _draw(
    shape: tuple[int, int],
    start_high: Any,
    start_low: Any,
    factor_high: Any,
    factor_low: Any,
    term_high: Any,
    term_low: Any,
    amplitude: Any,
) -> Any:
    from keras import ops

    start = start_high[:, None], start_low[:, None]
    high, low = _multiply_add(start, (factor_high[None], factor_low[None]), (term_high[None], term_low[None]))
    word, turn = high ^ low, _right(high, 58)
    word = right_shift(word, turn) | left_shift(word, (_unsigned(64) - turn) & _unsigned(63))
    # 53 bits are exact in float64, and so are their halves in it as a sum.
    uniform = ops.cast(_right(word, 11), "float64") * 2.0**-53
    return ops.reshape(ops.reshape(uniform, (-1,))[: shape[0] * shape[1]], shape) * amplitude


def _multiply_add(a: Halves, b: Halves, c: Halves) -> Halves:
    """(high, low) of a * b + c mod 2^128 from 64-bit halves."""
    from keras import ops

    low = a[1] * b[1]
    high = _high_product(a[1], b[1]) + a[1] * b[0] + a[0] * b[1]
    total = low + c[1]
    return high + c[0] + ops.cast(total < low, "uint64"), total


def _high_product(a: Any, b: Any) -> Any:
    """The upper 64 bits of the product of 64-bit words, from products of their 32-bit halves."""
    word = _unsigned(0xFFFFFFFF)
    a_low, a_high, b_low, b_high = a & word, _right(a, 32), b & word, _right(b, 32)
    across, other = a_low * b_high, a_high * b_low
    middle = _right(a_low * b_low, 32) + (across & word) + (other & word)
    return a_high * b_high + _right(across, 32) + _right(other, 32) + _right(middle, 32)


def _right(word: Any, bits: int) -> Any:
    return right_shift(word, _unsigned(bits))


def _unsigned(value: int) -> Any:
    from keras import ops

    return ops.convert_to_tensor(np.uint64(value))
