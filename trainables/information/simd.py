"""LEAF: the three innermost loops as LLVM vector code, for any processor that LLVM knows (AVX-512, AVX2, NEON, ...).

Compiled loops over numpy arrays are not turned into such code reliably: too many rows that might overlap, and maxima of
floats whose order is fixed. Numba's cache on disk watches only the file of the caller, so after an edit here touch
kernels.py, searching.py and counting.py.
"""

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# Points of a block: one register of bytes holds one column of them.
LANES = 64
# Columns that `absorb` takes at a time.
CHUNK = 16
# Doubles in a vector, and the columns after which `max_norm` looks at its limit. Rows are padded to whole strides.
EXACT_LANES = 8
EXACT_STRIDE = 16

BYTES = ir.VectorType(ir.IntType(8), LANES)
DOUBLES = ir.VectorType(ir.DoubleType(), EXACT_LANES)


def _absorb(
    typing_context: Any,
    tiles: Any,
    base: Any,
    columns: Any,
    query: Any,
    start: Any,
    bounds: Any,
    fresh: Any,
    level: Any,
) -> Any:
    """absorb(tiles, base, columns, query, start, bounds, fresh, level) -> uint64, the lanes whose bound is below level.

    Raises bounds[lane], for the LANES points of the block at tiles.ravel()[base:], to the level differences in the
    CHUNK columns from `start` on; from zero if fresh. columns are offsets from base, query the levels to compare with.
    """
    signature = types.uint64(tiles, types.intp, columns, query, types.intp, bounds, types.boolean, types.uint8)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        tile_data, column_data, query_data, bound_data = (
            _data(context, builder, signature, arguments, position) for position in (0, 2, 3, 5)
        )
        base, start, fresh, level = (arguments[position] for position in (1, 4, 6, 7))
        bound_vector = builder.bitcast(bound_data, BYTES.as_pointer())
        held = builder.load(bound_vector, align=1)
        highest = builder.select(fresh, ir.Constant(BYTES, [0] * LANES), held)
        for offset in range(CHUNK):
            index = builder.add(start, ir.Constant(start.type, offset))
            column = builder.zext(builder.load(builder.gep(column_data, [index])), base.type)
            address = builder.gep(tile_data, [builder.add(base, column)])
            block = builder.load(builder.bitcast(address, BYTES.as_pointer()), align=1)
            value = _splat(builder, builder.load(builder.gep(query_data, [index])), LANES)
            difference = builder.sub(_bytes(builder, "umax", block, value), _bytes(builder, "umin", block, value))
            highest = _bytes(builder, "umax", highest, difference)
        builder.store(highest, bound_vector, align=1)
        return _mask_below(builder, highest, level)

    return signature, generate


def _lanes_below(typing_context: Any, bounds: Any, level: Any) -> Any:
    """lanes_below(bounds, level) -> uint64, one bit for each lane whose bound is below level."""
    signature = types.uint64(bounds, types.uint8)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = _data(context, builder, signature, arguments, 0)
        highest = builder.load(builder.bitcast(data, BYTES.as_pointer()), align=1)
        return _mask_below(builder, highest, arguments[1])

    return signature, generate


def _max_norm(typing_context: Any, points: Any, i: Any, j: Any, limit: Any) -> Any:
    """max_norm(points, i, j, limit) -> distance of rows i and j, or some number in [limit, distance] once reached.

    points: C-contiguous finite float64, a multiple of EXACT_STRIDE columns wide. Each difference is rounded once, as in
    abs(points[i] - points[j]).max().
    """
    signature = types.float64(points, types.intp, types.intp, types.float64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        width = builder.extract_value(array.shape, 1)
        rows = [builder.gep(array.data, [builder.mul(row, width)]) for row in arguments[1:3]]
        limits, zeros = _splat(builder, arguments[3], EXACT_LANES), ir.Constant(DOUBLES, [0.0] * EXACT_LANES)
        entry, first = builder.block, ir.Constant(width.type, 0)
        loop, end = (builder.append_basic_block(name) for name in ("columns", "reached"))
        builder.cbranch(builder.icmp_signed("<", first, width), loop, end)

        builder.position_at_end(loop)
        column, largest = builder.phi(width.type), builder.phi(DOUBLES)
        larger: Any = largest
        for offset in range(0, EXACT_STRIDE, EXACT_LANES):
            place = builder.add(column, ir.Constant(width.type, offset))
            larger = _larger(builder, larger, _absolute_difference(builder, rows, place))
        following = builder.add(column, ir.Constant(width.type, EXACT_STRIDE))
        reached = builder.bitcast(builder.fcmp_ordered(">=", larger, limits), ir.IntType(EXACT_LANES))
        some_reached = builder.icmp_unsigned("!=", reached, ir.Constant(reached.type, 0))
        stop = builder.or_(some_reached, builder.icmp_signed(">=", following, width))
        builder.cbranch(stop, end, loop)
        for value, initial, next_value in ((column, first, following), (largest, zeros, larger)):
            value.add_incoming(initial, entry)
            value.add_incoming(next_value, loop)

        builder.position_at_end(end)
        outcome = builder.phi(DOUBLES)
        outcome.add_incoming(zeros, entry)
        outcome.add_incoming(larger, loop)
        return _largest_lane(builder, outcome)

    return signature, generate


def _lowest_bit(typing_context: Any, mask: Any) -> Any:
    """lowest_bit(mask) -> intp, the position of the lowest set bit of a non-zero uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.intp(types.uint64), generate


def _bit_count(typing_context: Any, mask: Any) -> Any:
    """bit_count(mask) -> intp, the number of set bits of a uint64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.intp(types.uint64), generate


def _data(context: Any, builder: Any, signature: Any, arguments: Any, position: int) -> Any:
    return context.make_array(signature.args[position])(context, builder, arguments[position]).data


def _splat(builder: Any, value: Any, lanes: int) -> Any:
    empty = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    single = builder.insert_element(empty, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(single, empty, ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes))


def _bytes(builder: Any, operation: str, left: Any, right: Any) -> Any:
    function_type = ir.FunctionType(BYTES, [BYTES, BYTES])
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.{operation}.v{LANES}i8")
    return builder.call(function, [left, right])


def _mask_below(builder: Any, highest: Any, level: Any) -> Any:
    return builder.bitcast(builder.icmp_unsigned("<", highest, _splat(builder, level, LANES)), ir.IntType(LANES))


def _absolute_difference(builder: Any, rows: Any, place: Any) -> Any:
    pointers = (builder.bitcast(builder.gep(row, [place]), DOUBLES.as_pointer()) for row in rows)
    difference = builder.fsub(*(builder.load(pointer, align=8) for pointer in pointers))
    function_type = ir.FunctionType(DOUBLES, [DOUBLES])
    function = cgutils.get_or_insert_function(builder.module, function_type, f"llvm.fabs.v{EXACT_LANES}f64")
    return builder.call(function, [difference])


def _larger(builder: Any, left: Any, right: Any) -> Any:
    return builder.select(builder.fcmp_ordered(">", left, right), left, right)


def _largest_lane(builder: Any, vector: Any) -> Any:
    lanes = EXACT_LANES
    while lanes > 1:
        lanes //= 2
        halves = (ir.Constant(ir.VectorType(ir.IntType(32), lanes), list(range(at, at + lanes))) for at in (0, lanes))
        vector = _larger(builder, *(builder.shuffle_vector(vector, vector, half) for half in halves))
    return builder.extract_element(vector, ir.Constant(ir.IntType(32), 0))


absorb: Any = intrinsic(_absorb)
lanes_below: Any = intrinsic(_lanes_below)
max_norm: Any = intrinsic(_max_norm)
lowest_bit: Any = intrinsic(_lowest_bit)
bit_count: Any = intrinsic(_bit_count)
