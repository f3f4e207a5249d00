"""From an expression to the statements of a loop: what a row comes to, in whole numbers.

An expression is a chain of projections and left joins over one table, row by row. Every number has
a value and, where it may be empty, a flag that says so; a truth is two flags, that it is true and
that it is false, so that an unknown one is neither. Only what is asked for is written down, and
what hangs on a condition is worked out under that condition.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import ibis.expr.operations as ops
import ibis.expr.types as ir

from tongxing.clearing.engines.compiled.lookups import LookUp
from tongxing.clearing.engines.compiled.statements import Statements, Unfit


@dataclass(frozen=True)
class _Base:
    """A column of the table of rows."""

    name: str


@dataclass(frozen=True)
class _Cell:
    """A column of a joined table."""

    lookup: int
    name: str


class Rows(NamedTuple):
    """The table of rows: its name, the columns that may be empty and still be right, those that
    are the same for all rows of a loop, and those that are not there, with what stands for them."""

    name: str
    may_be_empty: frozenset[str]
    fixed: frozenset[str]
    absent: Mapping[str, int | bool | None]


class Program(Statements):
    """Loops over a block of rows, `i` in the columns and `b` in the block, one after the other
    (`stages`), and what they need: `columns` of the table (their arrays are called ``c_<name>``,
    and ``n_<name>`` the flags of those that may be empty), and `lookups`, whose arrays are
    numbered. `load` reads the right side of a join. A cast to a narrower type is not checked.

    Each look-up is a loop of its own: so the processor waits for the memory of many rows at once.
    What several loops need is worked out in each, which costs less than to keep it.
    """

    def __init__(self, rows: Rows, load: Callable[[ir.Table, str], LookUp]) -> None:
        super().__init__()
        self.columns: dict[str, None] = {}
        self.lookups: list[LookUp] = []
        self._rows, self._load = rows, load
        self._links: dict[ops.Relation, int] = {}

    def outputs(self, values: Iterable[ops.Value]) -> list[tuple[str, str]]:
        """For each value over the rows: what it is called, and the flag that it is empty ("" for
        never). Raises Unfit."""
        return [(self._value(value), self._empty(value)) for value in values]

    def condition(self, table: ir.Table, name: str) -> str:
        """What says that a truth value of a table over the rows is true. Raises Unfit."""
        return self._true(ops.Field(table.op(), name))

    def _value(self, node: ops.Value) -> str:
        """The name or the digits of a number; a truth is 1 or 0."""
        node = self._resolved(node)
        if isinstance(node, ops.Literal):
            return "0" if node.value is None else str(int(node.value))
        return self._once(("value", node), lambda: self._value_of(node))

    def _value_of(self, node: Any) -> str:
        if isinstance(node, _Base):
            return f"np.int64(c_{node.name}{'' if node.name in self._rows.fixed else '[i]'})"
        if isinstance(node, _Cell):
            return self._cell(node)
        if isinstance(node, ops.Cast):
            _must(node.to.is_integer(), node)
            return self._value(node.arg)
        if node.dtype.is_boolean():
            return f"np.int64({self._true(node)})"
        if isinstance(node, ops.Coalesce):
            return self._chosen(node, [*node.arg])
        if isinstance(node, (ops.IfElse, ops.SearchedCase)):
            return self._branched(node)
        sign = _SIGNS.get(type(node))
        _must(sign is not None, node)
        if sign in ("%", "//"):  # by nothing there is no number
            _must(isinstance(node.right, ops.Literal) and (node.right.value or 0) > 0, node)
        one, other = self._value(node.left), self._value(node.right)
        return f"rest({one}, {other})" if sign == "%" else f"{one} {sign} {other}"

    def _empty(self, node: ops.Value) -> str:
        """The flag that there is no value; "" where there always is one."""
        node = self._resolved(node)
        if isinstance(node, ops.Literal):
            return "True" if node.value is None else ""
        return self._once(("empty", node), lambda: self._empty_of(node))

    def _empty_of(self, node: Any) -> str:
        if isinstance(node, _Base):
            return f"n_{node.name}[i]" if node.name in self._rows.may_be_empty else ""
        if isinstance(node, _Cell):
            return self._no_cell(node)
        if isinstance(node, ops.Cast):
            return self._empty(node.arg)
        if node.dtype.is_boolean():
            if not self._may_be_unknown(node):
                return ""
            return f"not ({self._true(node)} | {self._false(node)})"
        if isinstance(node, (ops.Coalesce, ops.IfElse, ops.SearchedCase)):
            self._value(node)
            return self._known_as(("flag", node)) or ""
        _must(type(node) in _SIGNS, node)
        return self._any([self._empty(node.left), self._empty(node.right)])

    def _true(self, node: ops.Value) -> str:
        node = self._resolved(node)
        if isinstance(node, ops.Literal):
            return str(bool(node.value))
        return self._once(("true", node), lambda: self._true_of(node))

    def _true_of(self, node: Any) -> str:
        if isinstance(node, (_Base, _Cell)):
            return self._unless(self._empty(node), f"{self._value(node)} != 0")
        if isinstance(node, ops.And):
            return f"{self._true(node.left)} & {self._true(node.right)}"
        if isinstance(node, ops.Or):
            return f"{self._true(node.left)} | {self._true(node.right)}"
        if isinstance(node, ops.Not):
            return self._false(node.arg)
        if isinstance(node, ops.IsNull):
            return self._empty(node.arg) or "False"
        if isinstance(node, ops.NotNull):
            found = self._empty(node.arg)
            return f"not {found}" if found else "True"
        if isinstance(node, ops.Coalesce):
            _must(len(node.arg) == 2, node)
            return self._first_truth(*node.arg)
        return self._unless(self._comparison_empty(node), self._comparison(node))

    def _false(self, node: ops.Value) -> str:
        node = self._resolved(node)
        if isinstance(node, ops.Literal):
            return str(node.value is not None and not node.value)
        return self._once(("false", node), lambda: self._false_of(node))

    def _false_of(self, node: Any) -> str:
        if not self._may_be_unknown(node):
            return f"not {self._true(node)}"
        if isinstance(node, (_Base, _Cell)):
            return self._unless(self._empty(node), f"{self._value(node)} == 0")
        if isinstance(node, ops.And):
            return f"{self._false(node.left)} | {self._false(node.right)}"
        if isinstance(node, ops.Or):
            return f"{self._false(node.left)} & {self._false(node.right)}"
        if isinstance(node, ops.Not):
            return self._true(node.arg)
        _must(not isinstance(node, ops.Coalesce), node)
        return self._unless(self._comparison_empty(node), f"not ({self._comparison(node)})")

    def _first_truth(self, first: ops.Value, other: ops.Value) -> str:
        """A truth, or the other where it is neither."""
        if not self._may_be_unknown(first) or self._true(other) == "False":
            return self._true(first)
        if self._true(other) == "True":
            return f"not {self._false(first)}"
        return f"{self._true(first)} | ((not {self._false(first)}) & {self._true(other)})"

    def _comparison(self, node: Any) -> str:
        if isinstance(node, ops.Between):
            bounds = (node.lower_bound, node.upper_bound)
            _must(all(isinstance(bound, ops.Literal) for bound in bounds), node)
            arg = self._value(node.arg)
            least, most = (self._value(bound) for bound in bounds)
            return f"({arg} >= {least}) & ({arg} <= {most})"
        sign = _COMPARED.get(type(node))
        _must(sign is not None, node)
        return f"{self._value(node.left)} {sign} {self._value(node.right)}"

    def _comparison_empty(self, node: Any) -> str:
        return self._any([self._empty(arg) for arg in node.args if isinstance(arg, ops.Value)])

    def _may_be_unknown(self, node: Any) -> bool:
        """Whether a truth may be neither true nor false."""
        node = self._resolved(node)
        if isinstance(node, (_Base, _Cell)):
            return bool(self._empty(node))
        if isinstance(node, ops.Literal):
            return node.value is None
        if isinstance(node, (ops.And, ops.Or)):
            return self._may_be_unknown(node.left) or self._may_be_unknown(node.right)
        if isinstance(node, ops.Not):
            return self._may_be_unknown(node.arg)
        if isinstance(node, (ops.IsNull, ops.NotNull)):
            return False
        if isinstance(node, ops.Coalesce):
            return all(self._may_be_unknown(arg) for arg in node.arg)
        return bool(self._comparison_empty(node))

    def _branched(self, node: Any) -> str:
        """A value under conditions, the first of which that is true decides."""
        if isinstance(node, ops.IfElse):
            cases = [(node.bool_expr, node.true_expr)]
            default = node.false_null_expr
        else:
            cases = list(zip(node.cases, node.results, strict=True))
            default = node.default
        if all(self._is_near(one) for one in (*(result for _, result in cases), default)):
            return self._picked(node, cases, default)
        name, flag = self._new(), self._new()
        self.line(f"{name}, {flag} = 0, False")
        empties: list[str] = []

        def settle(left: Sequence[tuple[Any, Any]]) -> None:
            if not left:
                empties.append(self._set(name, flag, default))
                return
            (case, result), *others = left
            with self.under(f"if {self._true(case)}:"):
                empties.append(self._set(name, flag, result))
            with self.under("else:"):
                settle(others)

        settle(cases)
        self._known[-1]["flag", node] = flag if any(empties) else ""
        return name

    def _is_near(self, node: ops.Value) -> bool:
        """Whether a value is there, or little trouble: then it costs less to have it at hand than
        to ask first whether it is needed."""
        node = self._resolved(node)
        if isinstance(node, ops.Cast):
            return self._is_near(node.arg)
        return isinstance(node, (_Base, _Cell, ops.Literal)) or bool(
            self._known_as(("value", node))
        )

    def _picked(self, node: Any, cases: Sequence[tuple[Any, Any]], default: ops.Value) -> str:
        """The same without a jump."""
        value, empty = self._value(default), self._empty(default)
        for case, result in reversed(cases):
            is_so, other = self._true(case), self._empty(result)
            value = self._named(f"{self._value(result)} if {is_so} else {value}")
            if empty or other:
                empty = self._named(f"{other or False} if {is_so} else {empty or False}")
        self._known[-1]["flag", node] = empty
        return value

    def _chosen(self, node: Any, args: list[ops.Value]) -> str:
        """The first value that there is."""
        if all(self._is_near(arg) for arg in args):
            value, empty = self._value(args[-1]), self._empty(args[-1])
            for arg in reversed(args[:-1]):
                is_missing = self._empty(arg)
                if not is_missing:
                    value, empty = self._value(arg), ""
                    continue
                value = self._named(f"{value} if {is_missing} else {self._value(arg)}")
                empty = self._named(f"{empty} & {is_missing}") if empty else ""
            self._known[-1]["flag", node] = empty
            return value
        name, flag = self._new(), self._new()
        self.line(f"{name}, {flag} = 0, True")
        always = False

        def settle(left: Sequence[ops.Value]) -> None:
            nonlocal always
            if not left:
                return
            empty = self._empty(left[0])
            if not empty:
                always = True
                self._set(name, flag, left[0])
                return
            with self.under(f"if not {empty}:"):
                self._set(name, flag, left[0])
                self.line(f"{flag} = False")
            if left[1:]:
                with self.under("else:"):
                    settle(left[1:])

        settle(args)
        self._known[-1]["flag", node] = "" if always else flag
        return name

    def _set(self, name: str, flag: str, node: ops.Value) -> str:
        value, empty = self._value(node), self._empty(node)
        self.line(f"{name} = {value}")
        self.line(f"{flag} = {empty or 'False'}")
        return empty

    def _cell(self, cell: _Cell) -> str:
        place = self.lookups[cell.lookup].place(cell.name)
        found = self._found(cell.lookup)
        return f"t{cell.lookup}_cells[{found}, {place}]"

    def _no_cell(self, cell: _Cell) -> str:
        lookup, found = self.lookups[cell.lookup], self._found(cell.lookup)
        if not lookup.has_gaps(cell.name):
            return f"{found} == 0"
        return f"t{cell.lookup}_cells[{found}, {lookup.gap_place(cell.name)}] != 0"

    def _found(self, number: int) -> str:
        """The row of a joined table, 0 for none: the cells of that one are all zero."""
        return self._once(("found", number), lambda: f"np.uint64(found[{number}, b])")

    def _resolved(self, node: Any) -> Any:
        """What a field stands for, through projections and joins: a whole number or a truth."""
        if isinstance(node, ops.Value):
            kind = node.dtype
            _must(kind.is_integer() or kind.is_boolean() or kind.is_null(), node)
        while isinstance(node, ops.Field):
            relation, name = node.rel, node.name
            if isinstance(relation, ops.UnboundTable):
                _must(relation.name == self._rows.name, relation)
                if name in self._rows.absent:
                    return ops.Literal(self._rows.absent[name], node.dtype)
                self.columns[name] = None
                return _Base(name)
            if isinstance(relation, (ops.DropColumns, ops.SelfReference)):
                node = ops.Field(relation.parent, name)
            elif isinstance(relation, ops.JoinReference):
                if relation in self._links:
                    return _Cell(self._links[relation], name)
                node = ops.Field(relation.parent, name)
            elif isinstance(relation, ops.JoinChain):
                self._join(relation)
                node = relation.values[name]
            else:
                _must(isinstance(relation, ops.Project), relation)
                node = relation.values[name]
        return node.arg if isinstance(node, ops.Alias) else node

    def _join(self, chain: ops.JoinChain) -> None:
        """Each table that is joined becomes a look-up by its one key."""
        for link in chain.rest:
            if link.table in self._links:
                continue
            _must(link.how == "left" and len(link.predicates) == 1, chain)
            (equal,) = link.predicates
            _must(isinstance(equal, ops.Equals), equal)
            left, right = equal.left, equal.right
            if isinstance(left, ops.Field) and left.rel == link.table:
                left, right = right, left
            _must(isinstance(right, ops.Field) and right.rel == link.table, equal)
            self._look_up(self._load(link.table.parent.to_expr(), right.name), left)
            self._links[link.table] = len(self.lookups) - 1

    def _look_up(self, lookup: LookUp, left: ops.Value) -> None:
        with self.stage():
            key, empty = self._value(left), self._empty(left)
            number = len(self.lookups)
            self.lookups.append(lookup)
            table = f"t{number}"
            with self.under(f"if {key} != {table}_last:"):
                self.line(f"{table}_last = {key}")
                self.line(f"{table}_row = {looking_up(table, key)}")
            self.line(f"found[{number}, b] = {f'0 if {empty} else ' if empty else ''}{table}_row")

    @staticmethod
    def _any(flags: Sequence[str]) -> str:
        return " | ".join(dict.fromkeys(flag for flag in flags if flag))

    @staticmethod
    def _unless(flag: str, text: str) -> str:
        return f"(not ({flag})) & ({text})" if flag else text


def looking_up(table: str, key: str) -> str:
    """The row of a key in a look-up whose arrays begin with that name."""
    return f"row_of({table}_tags, {table}_rows, {table}_keys, {table}_shift, {key})"


def _must(is_so: bool, node: Any) -> None:
    if not is_so:
        raise Unfit(type(node).__name__)


_SIGNS: dict[type, str] = {
    ops.Add: "+", ops.Subtract: "-", ops.Multiply: "*", ops.FloorDivide: "//", ops.Modulus: "%",
    ops.BitwiseAnd: "&", ops.BitwiseOr: "|", ops.BitwiseXor: "^",
    ops.BitwiseRightShift: ">>", ops.BitwiseLeftShift: "<<",
}  # fmt: skip
_COMPARED: dict[type, str] = {
    ops.Equals: "==", ops.NotEquals: "!=", ops.Less: "<", ops.LessEqual: "<=",
    ops.Greater: ">", ops.GreaterEqual: ">=",
}  # fmt: skip
