"""Numbers modulo P as four 64-bit limbs, lowest first, multiplied in Montgomery's form.

A number a stands as a·2²⁵⁶ mod P and is always below P. The operations are written as LLVM code on
wide integers, which every processor's backend turns into its own multiply and carry instructions.
P is -1 modulo 2⁶⁴, and (P+1)/2⁶⁴ = 2¹⁹² - 2¹⁶⁰ - 2³² + 1, so reducing takes no multiplication.
"""

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tongxing.media.crypto.curve import P

LIMBS = 4
_LIMB_BITS = 64
_LIMB = ir.IntType(_LIMB_BITS)
_DOUBLE = ir.IntType(2 * _LIMB_BITS)
_WHOLE = ir.IntType(LIMBS * _LIMB_BITS)
_WIDER = ir.IntType((LIMBS + 1) * _LIMB_BITS)

_NUMBER = types.UniTuple(types.uint64, LIMBS)

Field = tuple[int, int, int, int]
"""A number as compiled functions hand it to one another."""


def _operation(body: Callable[[Any, Any, Any], Any]) -> Callable[[Field, Field], Field]:
    """A compiled operation on two numbers; `body` writes its code on wide integers."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Sequence[Any]) -> Any:
        left, right = (_joined(builder, argument) for argument in arguments)
        return _split(builder, body(builder, left, right))

    def typed(typing_context: Any, left: Any, right: Any) -> Any:
        return _NUMBER(_NUMBER, _NUMBER), generate

    found: Callable[[Field, Field], Field] = intrinsic(typed)
    return found


def _joined(builder: Any, limbs: Any) -> Any:
    whole = builder.zext(builder.extract_value(limbs, 0), _WHOLE)
    for index in range(1, LIMBS):
        limb = builder.zext(builder.extract_value(limbs, index), _WHOLE)
        whole = builder.or_(whole, builder.shl(limb, _WHOLE(index * _LIMB_BITS)))
    return whole


def _split(builder: Any, whole: Any) -> Any:
    limbs = ir.Constant(ir.ArrayType(_LIMB, LIMBS), ir.Undefined)
    for index in range(LIMBS):
        limb = builder.trunc(builder.lshr(whole, _WHOLE(index * _LIMB_BITS)), _LIMB)
        limbs = builder.insert_value(limbs, limb, index)
    return limbs


def _reduced(builder: Any, wide: Any) -> Any:
    """A number below 2P, in more bits than needed, as one below P."""
    lower = builder.sub(wide, wide.type(P))
    below = builder.icmp_unsigned("<", wide, wide.type(P))
    return builder.trunc(builder.select(below, wide, lower), _WHOLE)


def _sum(builder: Any, left: Any, right: Any) -> Any:
    wide = builder.add(builder.zext(left, _WIDER), builder.zext(right, _WIDER))
    return _reduced(builder, wide)


def _difference(builder: Any, left: Any, right: Any) -> Any:
    found = builder.sub(left, right)
    below = builder.icmp_unsigned("<", left, right)
    return builder.select(below, builder.add(found, _WHOLE(P)), found)


def _product(builder: Any, left: Any, right: Any) -> Any:
    """One call: written into all its places, it would double the size and the compile time."""
    name = "tongxing_sm2_product"
    function = builder.module.globals.get(name)
    if function is None:
        shape = ir.FunctionType(_WHOLE, (_WHOLE, _WHOLE))
        function = ir.Function(builder.module, shape, name)
        function.linkage = "linkonce_odr"
        function.attributes.add("noinline")
        inner = ir.IRBuilder(function.append_basic_block())
        inner.ret(_reduced(inner, _montgomery(inner, *function.args)))
    return builder.call(function, (left, right))


def _montgomery(builder: Any, left: Any, right: Any) -> Any:
    """left · right / 2²⁵⁶ modulo P, below 2P: a row of products, then one limb off, four times."""
    wide = _WIDER(0)
    for by in _doubles(builder, right):
        carry = _DOUBLE(0)
        row = _WIDER(0)
        for index, limb in enumerate(_doubles(builder, left)):
            place = _WIDER(index * _LIMB_BITS)
            have = builder.zext(builder.trunc(builder.lshr(wide, place), _LIMB), _DOUBLE)
            part = builder.add(builder.add(builder.mul(limb, by), have), carry)
            low = builder.zext(builder.trunc(part, _LIMB), _WIDER)
            row = builder.or_(row, builder.shl(low, place))
            carry = builder.lshr(part, _DOUBLE(_LIMB_BITS))
        above = _WIDER(LIMBS * _LIMB_BITS)
        top = builder.add(builder.zext(carry, _WIDER), builder.lshr(wide, above))
        wide = _one_limb_off(builder, builder.or_(row, builder.shl(top, above)))
    return wide


def _doubles(builder: Any, whole: Any) -> list[Any]:
    """The limbs of a number, each with room for a product."""
    return [
        builder.zext(builder.trunc(builder.lshr(whole, _WHOLE(index * _LIMB_BITS)), _LIMB), _DOUBLE)
        for index in range(LIMBS)
    ]


def _one_limb_off(builder: Any, wide: Any) -> Any:
    """(wide + m·P) / 2⁶⁴, where the lowest limb, m, makes the sum divisible.

    That is wide / 2⁶⁴ without its rest, minus d, plus 2¹⁶⁰·d, with d = 2³²·m - m.
    """
    low = builder.zext(builder.trunc(wide, _LIMB), _DOUBLE)
    part = builder.sub(builder.shl(low, _DOUBLE(32)), low)
    high = builder.sub(builder.lshr(wide, _WIDER(_LIMB_BITS)), builder.zext(part, _WIDER))
    upper = builder.zext(builder.shl(part, _DOUBLE(32)), _WIDER)
    return builder.add(high, builder.shl(upper, _WIDER(128)))


add = _operation(_sum)
"""a + b"""
subtract = _operation(_difference)
"""a - b"""
multiply = _operation(_product)
"""a · b"""
