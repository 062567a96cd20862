"""Parse the expression language of specifications: a checked subset of Python expressions.

    parse("AESER == 'Y' and present(ae_raw.IT.AESTDAT)", kind="condition").columns
    -> ("AESER", "ae_raw.IT.AESTDAT")

Only `ast` reads the text and nothing is ever run; what is not on the white list is refused with its position and what
to write instead.  In a text literal a backslash is an ordinary character, so regular expressions are written plainly.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import NoReturn

from spectrail.errors import Place, SpecError, UnknownNameError, nearest_hint
from spectrail.expressions import nodes
from spectrail.expressions.functions import FUNCTIONS, LITERAL_KINDS, Argument, Function
from spectrail.expressions.nodes import Expression, Kind
from spectrail.expressions.patterns import compile_pattern

MOST_CHARACTERS = 4000
MOST_NODES = 1000
DEEPEST = 40
MOST_PARTS = 8

NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
TEXT = re.compile(r"[rR]?(?:\"([^\"\n]*)\"|'([^'\n]*)')")
BRACKETS = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|[(\[{]|[)\]}]")

COMPARISONS: dict[type[ast.cmpop], nodes.Comparison] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
CLEAR_MESSAGES = ("unterminated", "unmatched", "closing", "'('", "'['", "leading zeros")
"""Beginnings of Python's messages that help; the others speak of Python's own grammar."""
HINTS: dict[type[ast.AST], tuple[str, str]] = {
    ast.Lambda: ("lambda", "only the functions of the language can be called"),
    ast.ListComp: ("a comprehension", "an expression works on whole columns; no loop is needed"),
    ast.SetComp: ("a comprehension", "an expression works on whole columns; no loop is needed"),
    ast.DictComp: ("a comprehension", "an expression works on whole columns; no loop is needed"),
    ast.GeneratorExp: ("a comprehension", "an expression works on whole columns; no loop is needed"),
    ast.JoinedStr: ("an f-string", "join texts with concat(a, b)"),
    ast.Subscript: ("an index", "take parts of text with substr(x, start, length) or extract(x, pattern)"),
    ast.NamedExpr: ("an assignment", "compare with =="),
    ast.Dict: ("a dictionary", "map values with a codelist or with `a if condition else b`"),
    ast.Set: ("a set", "write a list: [a, b]"),
    ast.List: ("a list", "a list stands only after in or not in"),
    ast.Tuple: ("a list", "a list stands only after in or not in"),
    ast.Starred: ("*", "name each argument"),
    ast.Await: ("await", "only the functions of the language can be called"),
    ast.Yield: ("yield", "only the functions of the language can be called"),
}
OPERATORS: dict[type[ast.operator], str] = {
    ast.Mod: "there is no %; use a - b * floor(a / b)",
    ast.Pow: "there is no power; multiply",
    ast.FloorDiv: "write floor(a / b)",
    ast.BitAnd: "write and",
    ast.BitOr: "write or",
    ast.BitXor: "write or",
}
ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


def parse(text: str, *, kind: Kind = "any", place: Place | None = None) -> Expression:
    """Return the checked expression of a text.

    `kind` says what it must give: `condition` for a `when`, `number`, `text`, or `any`, which allows all. Raises
    SpecError with the position in the text and a hint; `place` is where the specification says it.
    """
    try:
        return _parse(text, kind)
    except _Fault as fault:
        if fault.unknown_function:
            raise UnknownNameError("function", fault.unknown_function, FUNCTIONS, place=place) from None
        raise SpecError(fault.message(text), place=place, hint=fault.hint) from None


class _Fault(Exception):
    """What is wrong at which character of the text (from 0)."""

    def __init__(self, what: str, at: int, hint: str, unknown_function: str = "") -> None:
        super().__init__(what)
        self.what, self.at, self.hint, self.unknown_function = what, at, hint, unknown_function

    def message(self, text: str) -> str:
        """Return what is wrong with the position and the text around it."""
        low, high = max(self.at - 30, 0), self.at + 30
        shown = ("..." if low else "") + text[low:high] + ("..." if high < len(text) else "")
        return f"expression, character {self.at + 1}: {self.what} in {shown!r}"


@lru_cache(maxsize=4096)
def _parse(text: str, kind: Kind) -> Expression:
    reader = _Reader(text)
    tree = reader.node(reader.read(), 0)
    given = kind_of(tree)
    if kind == "condition" and given != "condition":
        raise _Fault("this is not a condition", reader.start, "compare it (X == 'Y') or write present(X)")
    if kind in ("number", "text") and given == "condition":
        raise _Fault(f"this is a condition, not a {kind}", reader.start, "write 'Y' if condition else 'N'")
    if kind == "number" and given == "text":
        raise _Fault("this is a text, not a number", reader.start, "write number(...)")
    return Expression(text.strip(), tree, tuple(reader.columns), given)


def kind_of(node: nodes.Node) -> Kind:
    """Return what a part of an expression gives."""
    if isinstance(node, (nodes.Compare, nodes.Membership, nodes.Logical, nodes.Not)):
        return "condition"
    if isinstance(node, (nodes.NumberLiteral, nodes.Arithmetic, nodes.Negative)):
        return "number"
    if isinstance(node, nodes.TextLiteral):
        return "text"
    if isinstance(node, nodes.Call):
        return FUNCTIONS[node.function].result
    if isinstance(node, nodes.Conditional):
        kinds = {kind_of(one) for one in (node.then, node.otherwise) if not isinstance(one, nodes.NullLiteral)}
        if len(kinds) == 1:
            return kinds.pop()
        return "text" if "text" in kinds else "any"
    return "any"


@dataclass
class _Reader:
    """Reads one text: its bytes, the columns found, the number of nodes."""

    text: str

    def __post_init__(self) -> None:
        self.start = len(self.text) - len(self.text.lstrip())
        self.bytes = self.text.strip().encode("utf-8", "surrogatepass")
        self.columns: dict[str, None] = {}
        self.count = 0

    def read(self) -> ast.expr:
        """Return Python's tree of the text; nothing is compiled or run."""
        body = self.text.strip()
        if not body:
            raise _Fault("there is no expression", 0, "leave the cell empty or write a condition such as X == 'Y'")
        if len(body) > MOST_CHARACTERS:
            raise _Fault(f"it is longer than {MOST_CHARACTERS} characters", 0, "split it over several steps")
        self._check_brackets(body)
        # a backslash is an ordinary character and a line break a space: both are put out of Python's sight
        hidden = re.sub(r"[\r\n\t\f\v]", " ", body).replace("\\", "?")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = ast.parse(hidden, mode="eval").body
        except SyntaxError as error:
            at = (error.offset or 1) - 1
            what = error.msg if error.msg.startswith(CLEAR_MESSAGES) else "this cannot be read"
            raise _Fault(what, self.start + min(max(at, 0), len(body) - 1), _syntax_hint(body)) from None
        except (ValueError, MemoryError, RecursionError):
            raise _Fault("it cannot be read", self.start, "split it over several steps") from None
        end = len(self.bytes[: tree.end_col_offset or 0].decode("utf-8", "replace"))
        if "#" in body[end:]:
            raise _Fault("a comment", self.start + end, "expressions have no comments; use the comment of the step")
        return tree

    def _check_brackets(self, body: str) -> None:
        depth = 0
        for match in BRACKETS.finditer(body):
            depth += (match.group() in "([{") - (match.group() in ")]}")
            if depth > DEEPEST:
                raise _Fault(
                    "brackets are nested too deep", self.start + match.start(), "split it over several steps"
                )

    def at(self, node: ast.expr) -> int:
        """Return the position of a node in the text."""
        return self.start + len(self.bytes[: node.col_offset].decode("utf-8", "replace"))

    def source(self, node: ast.expr) -> str:
        """Return the text of a node as it was written."""
        return self.bytes[node.col_offset : node.end_col_offset].decode("utf-8", "surrogatepass")

    def refuse(self, node: ast.expr, what: str, hint: str) -> NoReturn:
        """Raise for a node that the language does not have."""
        raise _Fault(what, self.at(node), hint)

    def node(self, tree: ast.expr, depth: int) -> nodes.Node:
        """Return the checked node of a Python node."""
        self.count += 1
        if depth > DEEPEST or self.count > MOST_NODES:
            self.refuse(tree, "it is too long or nested too deep", "split it over several steps")
        match tree:
            case ast.Constant():
                return self.literal(tree)
            case ast.Name() | ast.Attribute():
                return self.column(tree)
            case ast.Compare():
                return self.comparison(tree, depth + 1)
            case ast.BoolOp():
                operands = tuple(self.condition(one, depth + 1) for one in tree.values)
                return nodes.Logical("and" if isinstance(tree.op, ast.And) else "or", operands)
            case ast.UnaryOp(op=ast.Not()):
                return nodes.Not(self.condition(tree.operand, depth + 1))
            case ast.UnaryOp(op=ast.USub()):
                return nodes.Negative(self.number(tree.operand, depth + 1))
            case ast.BinOp():
                return self.arithmetic(tree, depth + 1)
            case ast.IfExp():
                return self.conditional(tree, depth + 1)
            case ast.Call():
                return self.call(tree, depth + 1)
        what, hint = HINTS.get(type(tree), (type(tree).__name__, "see the list of what expressions may hold"))
        return self.refuse(tree, f"{what} is not part of the language", hint)

    def literal(self, tree: ast.Constant) -> nodes.Node:
        """Return a text, number or None."""
        source = self.source(tree)
        if tree.value is None:
            return nodes.NullLiteral()
        if isinstance(tree.value, str):
            found = TEXT.fullmatch(source)
            if found is None:
                self.refuse(tree, "this text literal is not one plain text in quotes", "write 'text' or \"text\"")
            return nodes.TextLiteral(found.group(1) if found.group(1) is not None else found.group(2))
        if isinstance(tree.value, (int, float)) and NUMBER.fullmatch(source) and abs(tree.value) < 1e300:
            return nodes.NumberLiteral(source)
        if isinstance(tree.value, bool):
            self.refuse(tree, f"{source} is not part of the language", "write a condition such as X == 'Y'")
        return self.refuse(tree, f"{source} is not a decimal number", "write numbers as 1, 1.10 or 1E-4")

    def column(self, tree: ast.expr) -> nodes.Column:
        """Return the column that a name or dotted name means."""
        inner = tree
        while isinstance(inner, ast.Attribute):
            inner = inner.value
        if not isinstance(inner, ast.Name):
            self.refuse(
                tree, "an attribute is not part of the language", "a dotted name must be a column: ae_raw.AETERM"
            )
        parts = [part.strip() for part in self.source(tree).split(".")]
        if any(part.startswith("__") for part in parts):
            self.refuse(tree, "a name that starts with two underscores", 'write col("...") if it is a column')
        if len(parts) > MOST_PARTS:
            self.refuse(tree, f"a name of more than {MOST_PARTS} parts", "names are like table.group.item")
        return self._column(".".join(parts))

    def _column(self, name: str) -> nodes.Column:
        self.columns.setdefault(name)
        return nodes.Column(name)

    def condition(self, tree: ast.expr, depth: int) -> nodes.Node:
        """Return a node that is a condition."""
        node = self.node(tree, depth)
        if kind_of(node) != "condition":
            self.refuse(tree, f"{self.source(tree)} is not a condition", "compare it (X == 'Y') or write present(X)")
        return node

    def operand(self, tree: ast.expr, depth: int) -> nodes.Node:
        """Return a node that is not a condition."""
        node = self.node(tree, depth)
        if kind_of(node) == "condition":
            self.refuse(tree, f"{self.source(tree)} is a condition, not a value", "join conditions with and, or, not")
        return node

    def number(self, tree: ast.expr, depth: int) -> nodes.Node:
        """Return a node that may be a number."""
        node = self.operand(tree, depth)
        if isinstance(node, nodes.TextLiteral):
            self.refuse(tree, "a text cannot be calculated with", "join texts with concat(a, b)")
        return node

    def comparison(self, tree: ast.Compare, depth: int) -> nodes.Node:
        """Return a comparison, `in`, or a chain (`1 < x <= 5`) as several joined by and."""
        trees = [tree.left, *tree.comparators]
        if len(tree.ops) > 1 and any(isinstance(op, (ast.In, ast.NotIn)) for op in tree.ops):
            self.refuse(tree, "in cannot be chained", "join conditions with and")
        found = []
        for left, op, right in zip(trees, tree.ops, trees[1:], strict=False):
            if isinstance(op, (ast.In, ast.NotIn)):
                return self.membership(left, right, negated=isinstance(op, ast.NotIn), depth=depth)
            if type(op) not in COMPARISONS:
                self.refuse(
                    tree, "is is not part of the language", "write missing(X) or present(X), or compare with =="
                )
            found.append(
                nodes.Compare(COMPARISONS[type(op)], self.compared(left, depth), self.compared(right, depth))
            )
        return found[0] if len(found) == 1 else nodes.Logical("and", tuple(found))

    def compared(self, tree: ast.expr, depth: int) -> nodes.Node:
        """Return a side of a comparison: a value, neither None nor the empty text."""
        node = self.operand(tree, depth)
        if isinstance(node, nodes.NullLiteral) or (isinstance(node, nodes.TextLiteral) and not node.value.strip()):
            self.refuse(tree, "a comparison with nothing is never true", "write missing(X) or present(X)")
        return node

    def membership(self, left: ast.expr, right: ast.expr, *, negated: bool, depth: int) -> nodes.Node:
        """Return `in` a list of literals."""
        if not isinstance(right, (ast.List, ast.Tuple)) or not right.elts:
            self.refuse(right, "after in there must be a list", "write X in ['A', 'B'], or contains(X, 'part')")
        items = tuple(self.compared(one, depth) for one in right.elts)
        for item, one in zip(items, right.elts, strict=True):
            inner = item.operand if isinstance(item, nodes.Negative) else item
            if not isinstance(inner, (nodes.TextLiteral, nodes.NumberLiteral)):
                self.refuse(
                    one, f"{self.source(one)} is not a literal", "a list holds texts in quotes and numbers only"
                )
        return nodes.Membership(self.compared(left, depth), items, negated)

    def arithmetic(self, tree: ast.BinOp, depth: int) -> nodes.Node:
        """Return + - * /."""
        if type(tree.op) not in ARITHMETIC:
            hint = OPERATORS.get(type(tree.op), "operators are + - * /")
            self.refuse(tree, "this operator is not part of the language", hint)
        left, right = self.number(tree.left, depth), self.number(tree.right, depth)
        return nodes.Arithmetic(ARITHMETIC[type(tree.op)], left, right)  # type: ignore[arg-type]

    def conditional(self, tree: ast.IfExp, depth: int) -> nodes.Node:
        """Return `a if condition else b`; both sides are values or both are conditions."""
        condition = self.condition(tree.test, depth)
        then, otherwise = self.node(tree.body, depth), self.node(tree.orelse, depth)
        if (kind_of(then) == "condition") != (kind_of(otherwise) == "condition"):
            self.refuse(tree, "one side is a condition, the other a value", "give both sides the same kind")
        return nodes.Conditional(condition, then, otherwise)

    def call(self, tree: ast.Call, depth: int) -> nodes.Node:
        """Return a call of a registered function, or the column of `col("name")`."""
        if not isinstance(tree.func, ast.Name):
            self.refuse(tree, "only functions of the language can be called", nearest_hint("", FUNCTIONS, most=50))
        name = self.source(tree.func)
        if tree.keywords:
            self.refuse(tree, "arguments are given by position", f"write {name}(a, b)")
        if name == "col":
            return self.named_column(tree)
        if name not in FUNCTIONS:
            raise _Fault("unknown function", self.at(tree), "", unknown_function=name)
        function = FUNCTIONS[name]
        if len(tree.args) < function.least or (function.most is not None and len(tree.args) > function.most):
            self.refuse(tree, f"{name} does not take {len(tree.args)} arguments", f"write {function.signature}")
        arguments = tuple(
            self.argument(one, function.argument(position), function, depth) for position, one in enumerate(tree.args)
        )
        self.check(tree, function, arguments)
        return nodes.Call(name, arguments)

    def named_column(self, tree: ast.Call) -> nodes.Column:
        """Return the column that `col("name")` means."""
        node = self.node(tree.args[0], 0) if len(tree.args) == 1 else None
        if not isinstance(node, nodes.TextLiteral) or not node.value.strip():
            self.refuse(tree, "col takes the name of a column in quotes", 'write col("name with spaces")')
        return self._column(node.value)

    def argument(self, tree: ast.expr, wanted: Argument, function: Function, depth: int) -> nodes.Node:
        """Return an argument of the kind that a function wants."""
        node = self.operand(tree, depth)
        if wanted.kind == "literal integer":
            inner = node.operand if isinstance(node, nodes.Negative) else node
            if not isinstance(inner, nodes.NumberLiteral) or not inner.text.isdigit() or len(inner.text) > 9:
                self.refuse(tree, f"{wanted.name} must be a whole number", f"write {function.signature}")
        elif wanted.kind in LITERAL_KINDS and not isinstance(node, nodes.TextLiteral):
            self.refuse(tree, f"{wanted.name} must be a text in quotes", f"write {function.signature}")
        elif wanted.kind == "number" and isinstance(node, nodes.TextLiteral):
            self.refuse(tree, f"{wanted.name} must be a number", f"write {function.signature}")
        if wanted.kind == "pattern" and isinstance(node, nodes.TextLiteral):
            try:
                compile_pattern(node.value)
            except ValueError as error:
                self.refuse(tree, str(error), "RE2 has no look-ahead and no back-references")
        return node

    def check(self, tree: ast.Call, function: Function, arguments: tuple[nodes.Node, ...]) -> None:
        """Run the check a function has for its literal arguments."""
        if function.check is None:
            return
        try:
            function.check([_plain(argument) for argument in arguments])
        except ValueError as error:
            self.refuse(tree, str(error), f"write {function.signature}")


def _plain(node: nodes.Node) -> str | int | None:
    if isinstance(node, nodes.TextLiteral):
        return node.value
    if isinstance(node, nodes.Negative) and isinstance(node.operand, nodes.NumberLiteral):
        return -int(node.operand.value)
    return int(node.value) if isinstance(node, nodes.NumberLiteral) else None


def _syntax_hint(text: str) -> str:
    bare = re.sub(TEXT, "", text)
    if re.search(r"\b(AND|OR|NOT|IN)\b", bare):
        return "write and, or, not, in with small letters"
    if re.search(r"(?<![=!<>])=(?!=)", bare):
        return "compare with =="
    if "<>" in bare:
        return "write !="
    if "&&" in bare or "||" in bare:
        return "write and, or"
    return 'expressions look like: AESER == "Y" and present(AESTDTC); col("...") for names with other characters'
