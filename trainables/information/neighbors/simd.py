"""LEAF: the innermost loops as LLVM vector code, for any processor that LLVM knows (AVX-512, AVX2, NEON, ...).

Compiled loops over numpy arrays are not turned into such code reliably: too many rows that might overlap, and maxima of
floats whose order is fixed.
"""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

# Points of a block: one register of bytes holds one column of them.
LANES = 64
# Columns that `prune_by_chunk` takes at a time.
CHUNK = 16
# Doubles in a vector, and the columns after which `max_norm` looks at its limit. Rows are padded to whole strides.
EXACT_LANES = 8
EXACT_STRIDE = 16

# Columns of a vector of words.
WORD_LANES = 32

CACHE_LINE_BYTES = 64

BYTES = ir.VectorType(ir.IntType(8), LANES)
WORDS = ir.VectorType(ir.IntType(16), WORD_LANES)
DOUBLES = ir.VectorType(ir.DoubleType(), EXACT_LANES)


def aligned_zeros(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """Zeros at the start of a cache line: where vectors do not straddle lines, they load a third faster."""
    kind = np.dtype(dtype)
    room = np.zeros(prod(shape) * kind.itemsize + CACHE_LINE_BYTES, np.uint8)
    first = -room.ctypes.data % CACHE_LINE_BYTES
    return room[first : first + prod(shape) * kind.itemsize].view(kind).reshape(shape)


def _prune_by_chunk(
    typing_context: Any, query: Any, start: Any, tile: Any, place: Any, is_first: Any, radius: Any, lanes: Any
) -> Any:
    """prune_by_chunk(query, start, tile, place, is_first, radius, lanes) -> uint64, one bit for each lane whose
    difference is at most the larger of `radius` and its own lanes.radii[lanes.first + lane].

    query: `lanes.QueryBlock`. Raises differences[place + lane], from zero if is_first, for the LANES points of the
    block at approximation.tiles.ravel()[tile:], to the level differences in the CHUNK columns from `start` on. columns
    are offsets from tile, levels what they are compared with.
    """
    signature = types.uint64(query, types.intp, types.intp, types.intp, types.boolean, types.uint8, lanes)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        queries, (start, tile, place, is_first, radius) = (signature.args[0], arguments[0]), arguments[1:6]
        tile_data = _field_data(context, builder, *_field(builder, *queries, "approximation"), "tiles")
        column_data, level_data, difference_data = (
            _field_data(context, builder, *queries, name) for name in ("columns", "levels", "differences")
        )
        others = signature.args[6], arguments[6]
        radius_data, (_, first) = _field_data(context, builder, *others, "radii"), _field(builder, *others, "first")
        difference_data = builder.gep(difference_data, [place])
        difference_vector = builder.bitcast(difference_data, BYTES.as_pointer())
        highest = builder.select(is_first, ir.Constant(BYTES, [0] * LANES), _lanes(builder, difference_data))
        for offset in range(CHUNK):
            index = builder.add(start, ir.Constant(start.type, offset))
            column = builder.zext(builder.load(builder.gep(column_data, [index])), tile.type)
            address = builder.gep(tile_data, [builder.add(tile, column)])
            block = builder.load(builder.bitcast(address, BYTES.as_pointer()), align=1)
            value = _splat(builder, builder.load(builder.gep(level_data, [index])), LANES)
            difference = builder.sub(_vector(builder, "umax", block, value), _vector(builder, "umin", block, value))
            highest = _vector(builder, "umax", highest, difference)
        builder.store(highest, difference_vector, align=1)
        farthest = _vector(builder, "umax", _splat(builder, radius, LANES), _lanes(builder, radius_data, first))
        return _mask(builder, "<=", highest, farthest)

    return signature, generate


def _comparing(name: str, relation: str) -> Any:
    """The intrinsics that compare values[at + lane] of a block's lanes with one byte, or with a byte of each lane."""

    def with_one(typing_context: Any, values: Any, at: Any, byte: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            held = _lanes(builder, _data(context, builder, signature, arguments, 0), arguments[1])
            return _mask(builder, relation, held, _splat(builder, arguments[2], LANES))

        return types.uint64(values, types.intp, types.uint8), generate

    def with_each(typing_context: Any, values: Any, at: Any, each: Any, place: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            held = _lanes(builder, _data(context, builder, signature, arguments, 0), arguments[1])
            others = _lanes(builder, _data(context, builder, signature, arguments, 2), arguments[3])
            return _mask(builder, relation, held, others)

        return types.uint64(values, types.intp, each, types.intp), generate

    with_one.__name__, with_each.__name__ = f"lanes_{name}", f"lanes_{name}_each"
    return intrinsic(with_one), intrinsic(with_each)


def _increment_lanes(typing_context: Any, counts: Any, place: Any, lanes: Any) -> Any:
    """increment_lanes(counts, place, lanes): add 1 to the byte counts[place + lane] of each lane of the mask."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = builder.gep(_data(context, builder, signature, arguments, 0), [arguments[1]])
        ones = builder.zext(builder.bitcast(arguments[2], ir.VectorType(ir.IntType(1), LANES)), BYTES)
        raised = builder.add(_lanes(builder, data), ones)
        builder.store(raised, builder.bitcast(data, BYTES.as_pointer()), align=1)
        return context.get_dummy_value()

    return types.void(counts, types.intp, types.uint64), generate


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


def _word_distance(typing_context: Any, words: Any, i: Any, j: Any) -> Any:
    """word_distance(words, i, j) -> intp, the largest difference of rows i and j.

    words: C-contiguous uint16, a multiple of WORD_LANES columns wide.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        width = builder.extract_value(array.shape, 1)
        rows = [builder.gep(array.data, [builder.mul(row, width)]) for row in arguments[1:]]
        largest = cgutils.alloca_once_value(builder, ir.Constant(WORDS, [0] * WORD_LANES))
        with cgutils.for_range(builder, builder.udiv(width, ir.Constant(width.type, WORD_LANES))) as loop:
            place = builder.mul(loop.index, ir.Constant(width.type, WORD_LANES))
            left, right = (
                builder.load(builder.bitcast(builder.gep(row, [place]), WORDS.as_pointer()), align=2) for row in rows
            )
            higher, lower = (_vector(builder, operation, left, right) for operation in ("umax", "umin"))
            difference = builder.sub(higher, lower)
            builder.store(_vector(builder, "umax", builder.load(largest), difference), largest)
        function_type = ir.FunctionType(ir.IntType(16), [WORDS])
        name = f"llvm.vector.reduce.umax.v{WORD_LANES}i16"
        function = cgutils.get_or_insert_function(builder.module, function_type, name)
        return builder.zext(builder.call(function, [builder.load(largest)]), ir.IntType(64))

    return types.intp(words, types.intp, types.intp), generate


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


def _field(builder: Any, kind: Any, value: Any, name: str) -> tuple[Any, Any]:
    """Type and value of a field of a NamedTuple."""
    place = kind.fields.index(name)
    return kind.types[place], builder.extract_value(value, place)


def _field_data(context: Any, builder: Any, kind: Any, value: Any, name: str) -> Any:
    array_type, array = _field(builder, kind, value, name)
    return context.make_array(array_type)(context, builder, array).data


def _data(context: Any, builder: Any, signature: Any, arguments: Any, position: int) -> Any:
    return context.make_array(signature.args[position])(context, builder, arguments[position]).data


def _splat(builder: Any, value: Any, lanes: int) -> Any:
    empty = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    single = builder.insert_element(empty, value, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(single, empty, ir.Constant(ir.VectorType(ir.IntType(32), lanes), [0] * lanes))


def _vector(builder: Any, operation: str, left: Any, right: Any) -> Any:
    """umin or umax of two vectors of whole numbers."""
    kind = left.type
    name = f"llvm.{operation}.v{kind.count}i{kind.element.width}"
    function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(kind, [kind, kind]), name)
    return builder.call(function, [left, right])


def _lanes(builder: Any, data: Any, place: Any = None) -> Any:
    """The bytes of a block's lanes, from data[place] on."""
    first = builder.gep(data, [place]) if place is not None else data
    return builder.load(builder.bitcast(first, BYTES.as_pointer()), align=1)


def _mask(builder: Any, relation: str, left: Any, right: Any) -> Any:
    return builder.bitcast(builder.icmp_unsigned(relation, left, right), ir.IntType(LANES))


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


prune_by_chunk: Any = intrinsic(_prune_by_chunk)
lanes_below, lanes_below_each = _comparing("below", "<")
lanes_up_to, lanes_up_to_each = _comparing("up_to", "<=")
increment_lanes: Any = intrinsic(_increment_lanes)
max_norm: Any = intrinsic(_max_norm)
word_distance: Any = intrinsic(_word_distance)
lowest_bit: Any = intrinsic(_lowest_bit)
bit_count: Any = intrinsic(_bit_count)
