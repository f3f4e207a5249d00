"""Vector code made from the gate lists: what compiled Python cannot say by itself.

Work memory is rows of `LANES` 64-bit numbers; a row is one bit of `LANES * 64` records. Every
function here takes the address of the first row and numbers of rows, and writes rows in place; the
caller answers for there being so many. Only the kernels of this package may call these.
"""

from collections.abc import Callable, Sequence
from typing import Any

from numba import types
from numba.core import cgutils, codegen

from tongxing.media.tac.gates import (
    AND,
    AND_NOT,
    BOX_INPUTS,
    BOX_OUTPUTS,
    NOT,
    OR,
    Box,
    des_boxes,
    des_wiring,
    sm4_box,
)
from tongxing.media.tac.machine import vector_code

LANES = 8 if "+avx512f" in codegen.get_host_cpu_features() else 4
"""64-bit numbers in a row: what the machine's registers hold well."""

ir = cgutils.ir  # llvmlite's, of the version that numba itself was made with

_WORD_BITS = 32
_BYTE_BITS = 8
_NUMBER = ir.IntType(64)
_ROW = ir.VectorType(_NUMBER, LANES)
_ROW_BYTES = 8 * LANES
_ALIGNED = 8

Value = Any
Build = Callable[[Any, Sequence[Value]], None]


def _call(context: Any, builder: Any, name: str, arguments: Sequence[Value], build: Build) -> Value:
    """Calls the function of that name; writes it first, if this module has not got it yet."""
    module = builder.module
    function = module.globals.get(name)
    if function is None:
        kind = ir.FunctionType(ir.VoidType(), [_NUMBER] * len(arguments))
        function = ir.Function(module, kind, name)
        function.linkage = "internal"
        function.attributes.add("noinline")
        body = ir.IRBuilder(function.append_basic_block())
        build(body, function.args)
        body.ret_void()
    builder.call(function, arguments)
    return context.get_dummy_value()


def _row(builder: Any, base: Value, first: Value) -> Value:
    """Where a row lies; rows behind it are counted from there."""
    place = builder.add(base, builder.mul(first, ir.Constant(_NUMBER, _ROW_BYTES)))
    return builder.inttoptr(place, _ROW.as_pointer())


def _load(builder: Any, row: Value, more: int = 0) -> Value:
    return builder.load(builder.gep(row, [ir.Constant(_NUMBER, more)]), align=_ALIGNED)


def _store(builder: Any, row: Value, value: Value, more: int = 0) -> None:
    builder.store(value, builder.gep(row, [ir.Constant(_NUMBER, more)]), align=_ALIGNED)


def _everywhere(builder: Any, number: Value) -> Value:
    """One number in every lane."""
    places = ir.VectorType(ir.IntType(32), LANES)
    nothing = ir.Constant(_ROW, ir.Undefined)
    one = builder.insert_element(nothing, number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, nothing, ir.Constant(places, [0] * LANES))


def _through(builder: Any, box: Box, inputs: Sequence[Value]) -> list[Value]:
    """The outputs of an S-box."""
    values = list(inputs)
    for gate in box.gates:
        one, other = values[gate.left], values[gate.right]
        if gate.kind == NOT:
            found = builder.not_(one)
        elif gate.kind == AND_NOT:
            found = builder.and_(one, builder.not_(other))
        elif gate.kind == AND:
            found = builder.and_(one, other)
        elif gate.kind == OR:
            found = builder.or_(one, other)
        else:
            found = builder.xor(one, other)
        values.append(found)
    return [values[number] for number in box.outputs]


def _build_substitution(builder: Any, arguments: Sequence[Value]) -> None:
    base, target, *sources = arguments
    rows = [_row(builder, base, source) for source in sources]
    inputs = []
    for bit in range(_BYTE_BITS):
        value = _load(builder, rows[0], bit)
        for row in rows[1:]:
            value = builder.xor(value, _load(builder, row, bit))
        inputs.append(value)
    place = _row(builder, base, target)
    for bit, value in enumerate(_through(builder, sm4_box(), inputs)):
        _store(builder, place, value, bit)


def _build_mixing(turns: Sequence[int]) -> Build:
    def build(builder: Any, arguments: Sequence[Value]) -> None:
        target, oldest, substituted = (_row(builder, arguments[0], row) for row in arguments[1:])
        mixed = [_load(builder, substituted, bit) for bit in range(_WORD_BITS)]
        for bit in range(_WORD_BITS):
            value = builder.xor(_load(builder, oldest, bit), mixed[bit])
            for turn in turns:
                value = builder.xor(value, mixed[(bit - turn) % _WORD_BITS])
            _store(builder, target, value, bit)

    return build


def _build_des_round(builder: Any, arguments: Sequence[Value]) -> None:
    left, right, key = (_row(builder, arguments[0], row) for row in arguments[1:])
    expansion = des_wiring().expansion
    for number, box in enumerate(des_boxes()):
        entries = range(number * BOX_INPUTS, (number + 1) * BOX_INPUTS)
        inputs = [
            builder.xor(_load(builder, right, expansion[entry]), _load(builder, key, entry))
            for entry in entries
        ]
        for bit, value in enumerate(_through(builder, box, inputs), number * BOX_OUTPUTS):
            _store(builder, left, builder.xor(_load(builder, left, bit), value), bit)


@vector_code
def sm4_substitute(
    typing: Any, base: Any, target: Any, second: Any, third: Any, newest: Any, key: Any
) -> Any:
    """Eight rows from `target` on: the S-box of one byte of three words and a round key."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call(context, builder, "tac_sm4_substitute", arguments, _build_substitution)

    return types.void(*[types.intp] * 6), write


@vector_code
def sm4_mix(typing: Any, base: Any, target: Any, oldest: Any, substituted: Any) -> Any:
    """A round's end: the substituted word, spread as the cipher does, upon the oldest word."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        build = _build_mixing((2, 10, 18, 24))
        return _call(context, builder, "tac_sm4_mix", arguments, build)

    return types.void(*[types.intp] * 4), write


@vector_code
def sm4_mix_key(typing: Any, base: Any, target: Any, oldest: Any, substituted: Any) -> Any:
    """The same as the key schedule does it."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        build = _build_mixing((13, 23))
        return _call(context, builder, "tac_sm4_mix_key", arguments, build)

    return types.void(*[types.intp] * 4), write


@vector_code
def des_round(typing: Any, base: Any, left: Any, right: Any, key: Any) -> Any:
    """One round: the right half under 48 rows of key, upon the left half."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _call(context, builder, "tac_des_round", arguments, _build_des_round)

    return types.void(*[types.intp] * 4), write


@vector_code
def swap_bits(typing: Any, base: Any, upper: Any, lower: Any, step: Any, low: Any) -> Any:
    """The bits of `upper` that lie `step` above those of the mask `low` change places with the
    bits of `lower` in the mask."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        above, below = (_row(builder, arguments[0], row) for row in arguments[1:3])
        shift, mask = (_everywhere(builder, number) for number in arguments[3:])
        one, other = _load(builder, above), _load(builder, below)
        moved = builder.and_(builder.xor(builder.lshr(one, shift), other), mask)
        _store(builder, below, builder.xor(other, moved))
        _store(builder, above, builder.xor(one, builder.shl(moved, shift)))
        return context.get_dummy_value()

    return types.void(*[types.intp] * 5), write


@vector_code
def copy_row(typing: Any, base: Any, target: Any, source: Any) -> Any:
    """One row to another place."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        there, here = (_row(builder, arguments[0], row) for row in arguments[1:])
        _store(builder, there, _load(builder, here))
        return context.get_dummy_value()

    return types.void(*[types.intp] * 3), write


@vector_code
def add_row(typing: Any, base: Any, target: Any, source: Any) -> Any:
    """One row XORed into another."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        there, here = (_row(builder, arguments[0], row) for row in arguments[1:])
        _store(builder, there, builder.xor(_load(builder, there), _load(builder, here)))
        return context.get_dummy_value()

    return types.void(*[types.intp] * 3), write


@vector_code
def fill_row(typing: Any, base: Any, target: Any, number: Any) -> Any:
    """A row with one number in every lane."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        base_address, target_row, value = arguments
        _store(builder, _row(builder, base_address, target_row), _everywhere(builder, value))
        return context.get_dummy_value()

    return types.void(*[types.intp] * 3), write


@vector_code
def flip_row(typing: Any, base: Any, target: Any) -> Any:
    """Every bit of a row the other way round."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        there = _row(builder, *arguments)
        _store(builder, there, builder.not_(_load(builder, there)))
        return context.get_dummy_value()

    return types.void(*[types.intp] * 2), write


@vector_code
def load_number(typing: Any, address: Any) -> Any:
    """The eight bytes at any address, as one number."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], _NUMBER.as_pointer())
        return builder.load(place, align=1)

    return types.int64(types.intp), write


@vector_code
def put_number(typing: Any, base: Any, row: Any, lane: Any, number: Any) -> Any:
    """A number into one lane of a row."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        base_address, target_row, at, value = arguments
        row = builder.bitcast(_row(builder, base_address, target_row), _NUMBER.as_pointer())
        builder.store(value, builder.gep(row, [at]), align=_ALIGNED)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 4), write


@vector_code
def get_number(typing: Any, base: Any, row: Any, lane: Any) -> Any:
    """The number in one lane of a row."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        base_address, source_row, at = arguments
        row = builder.bitcast(_row(builder, base_address, source_row), _NUMBER.as_pointer())
        return builder.load(builder.gep(row, [at]), align=_ALIGNED)

    return types.int64(*[types.intp] * 3), write
