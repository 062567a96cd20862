"""The expression language: what it accepts, what it refuses and how it says so."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specs.expressions import MOST_CHARACTERS, parse
from spectrail.errors import Place, SpecError, SpectrailError, UnknownNameError
from spectrail.expressions import FUNCTIONS, Expression
from spectrail.expressions.nodes import (
    Arithmetic,
    Call,
    Column,
    Compare,
    Conditional,
    Logical,
    Membership,
    Negative,
    Not,
    NullLiteral,
    NumberLiteral,
    TextLiteral,
)


def test_an_expression_is_text_tree_columns_and_kind():
    """Columns are listed once, in order of appearance."""
    expected = Expression(
        text="AESER == 'Y' and not missing(ae_raw.IT.AESTDAT)",
        tree=Logical(
            "and",
            (
                Compare("==", Column("AESER"), TextLiteral("Y")),
                Not(Call("missing", (Column("ae_raw.IT.AESTDAT"),))),
            ),
        ),
        columns=("AESER", "ae_raw.IT.AESTDAT"),
        kind="condition",
    )
    assert expected == parse("  AESER == 'Y' and not missing(ae_raw.IT.AESTDAT)\n")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("1.10", NumberLiteral("1.10")),
        ("1E-4", NumberLiteral("1E-4")),
        ("-007.50", Negative(NumberLiteral("007.50"))),
        ("None", NullLiteral()),
        ("'a'", TextLiteral("a")),
        ('"it\'s"', TextLiteral("it's")),
        (r"'\d+\b'", TextLiteral(r"\d+\b")),
        (r"r'\N{x}\'", TextLiteral("\\N{x}\\")),
        ("'阳性'", TextLiteral("阳性")),
        ('col("Date of visit")', Column("Date of visit")),
        ("变量 . µ", Column("变量.µ")),
        ("a\n + b", Arithmetic("+", Column("a"), Column("b"))),
        (
            "'Y' if A > 1 else None",
            Conditional(Compare(">", Column("A"), NumberLiteral("1")), TextLiteral("Y"), NullLiteral()),
        ),
        ("A in ('x', -1)", Membership(Column("A"), (TextLiteral("x"), Negative(NumberLiteral("1"))), False)),
        ("A not in ['x']", Membership(Column("A"), (TextLiteral("x"),), True)),
        (
            "1 < A <= 5",
            Logical(
                "and", (Compare("<", NumberLiteral("1"), Column("A")), Compare("<=", Column("A"), NumberLiteral("5")))
            ),
        ),
        ("substr(A, 2)", Call("substr", (Column("A"), NumberLiteral("2")))),
    ],
)
def test_what_is_accepted(text, tree):
    """Numbers keep their text, backslashes are ordinary, names are taken as they are written."""
    assert tree == parse(text).tree


def test_leading_zeros_are_refused_as_python_does():
    """`007` as a number is refused; as text it is fine."""
    with pytest.raises(SpecError, match="character 6: leading zeros"):
        parse("A == 007")


HOSTILE = [
    "__import__('os').system('rm -rf /')",
    "().__class__.__bases__[0].__subclasses__()",
    "(1).__class__",
    "'a'.upper()",
    "AETERM.upper()",
    "a.__class__",
    "__builtins__",
    "eval('1')",
    "exec('1')",
    "open('/etc/passwd')",
    "getattr(A, 'x')",
    "globals()",
    "lambda: 1",
    "(lambda x: x)(1)",
    "[x for x in A]",
    "{x for x in A}",
    "{x: 1 for x in A}",
    "any(x for x in A)",
    "f'{A}'",
    "f'a'",
    "b'a'",
    "'a' 'b'",
    "'''a'''",
    "A[0]",
    "A['x']",
    "(x := 1)",
    "*A",
    "upper(*A)",
    "upper(**A)",
    "upper(x=A)",
    "await A",
    "yield A",
    "{'a': 1}",
    "{1, 2}",
    "[1, 2]",
    "1, 2",
    "A is None",
    "A is not None",
    "A == None",
    "A != ''",
    "A == ' '",
    "A in ['']",
    "A in B",
    "A in 'x'",
    "A in [B]",
    "A in []",
    "1 in [1] == 2",
    "A and B == 1",
    "not A",
    "A ** 2",
    "A % 2",
    "A // 2",
    "A & B",
    "A | B",
    "A ^ B",
    "A @ B",
    "A << 1",
    "~A",
    "+A",
    "'a' + 1",
    "-'a'",
    "(A == 1) + 1",
    "(A == 1) == (B == 1)",
    "upper(A == 1)",
    "(A == 1) if B == 1 else 2",
    "1 if A else 2",
    "True",
    "...",
    "0x10",
    "1_000",
    "1j",
    "1e999",
    "'a",
    "A ==",
    "A = 1",
    "A == 1; B",
    "import os",
    "A == 1 # B == 2",
    "A \\ B",
    "A == 1) or (B == 1",
    "upper()",
    "upper(A, B)",
    "col(A)",
    "col('')",
    "col()",
    "A == '\x00'\x00",
    "matches(A, B)",
    "matches(A, '(')",
    "matches(A, 'a)|(b')",
    "matches(A, '(?=x)')",
    r"matches(A, '(a)\1')",
    "extract(A, 'x')",
    "extract(A, '(x)', 2)",
    "extract(A, '(x)', B)",
    r"replace(A, '(x)', '\2')",
    r"replace(A, '(x)', '\')",
    "substr(A, 0)",
    "substr(A, 1.5)",
    "substr(A, 1, -2)",
    "round(A, 99)",
    "round('a')",
    "starts_with(A, B)",
    "",
    "   ",
    "(" * 100 + "A" + ")" * 100,
    "not " * 3000 + "A == 1",
    "-" * 3000 + "1",
    "A" + " + A" * 900,
    "A == 1" + " or A == 1" * 500,
    "a." * 1500 + "b",
    "9" * 5000,
    "A" * (MOST_CHARACTERS + 1),
    "\ud800 == 1",
]


@pytest.mark.parametrize("text", HOSTILE, ids=[f"{i}-{text[:20]!r}" for i, text in enumerate(HOSTILE)])
def test_what_is_refused(text):
    """Everything outside the white list is a specification error with a hint; nothing is run."""
    with pytest.raises((SpecError, UnknownNameError)) as caught:
        parse(text)
    assert caught.value.hint
    assert len(str(caught.value)) < 1500


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "A == 1 and B.upper() == 'X'",
            "spec.yaml, line 7: expression, character 12: only functions of the language can be called "
            "in \"A == 1 and B.upper() == 'X'\"\n  -> known: ",
        ),
        (
            "阳性 == 1 and B is None",
            "spec.yaml, line 7: expression, character 13: is is not part of the language "
            "in '阳性 == 1 and B is None'\n  -> write missing(X) or present(X), or compare with ==",
        ),
        (
            "A = 1",
            "spec.yaml, line 7: expression, character 3: this cannot be read in 'A = 1'\n  -> compare with ==",
        ),
        ("upcase(A)", "spec.yaml, line 7: unknown function 'upcase'\n  -> known: "),
        ("uper(A) == 'X'", "spec.yaml, line 7: unknown function 'uper'\n  -> did you mean upper"),
        ("A == 1 AND B == 2", "-> write and, or, not, in with small letters"),
        ("A <> 1", "-> write !="),
        ("A == None", "a comparison with nothing is never true in 'A == None'\n  -> write missing(X) or present(X)"),
        ("substr(A)", "substr does not take 1 arguments in 'substr(A)'\n  -> write substr(x, start, [length])"),
    ],
)
def test_errors_say_where_and_what_to_write(text, message):
    """The place of the specification, the character (not the byte) and a remedy."""
    with pytest.raises(SpectrailError) as caught:
        parse(text, place=Place(file="spec.yaml", line=7))
    assert message in str(caught.value)


def test_the_kind_that_is_asked_for_is_checked():
    """A `when` needs a condition; a value must not be one."""
    assert parse("A == 1", kind="condition").kind == "condition"
    assert parse("coalesce(A, 1)", kind="number").kind == "any"
    with pytest.raises(SpecError, match=r"this is not a condition .*\n  -> compare it \(X == 'Y'\) or write present"):
        parse("AESER", kind="condition")
    with pytest.raises(SpecError, match="this is a condition, not a text"):
        parse("A == 1", kind="text")
    with pytest.raises(SpecError, match="this is a text, not a number"):
        parse("upper(A)", kind="number")


def test_conditionals_give_the_kind_of_their_sides():
    """Two numbers a number, a text and anything a text, None counts for nothing."""
    assert parse("1 if A == 1 else None").kind == "number"
    assert parse("'x' if A == 1 else 1").kind == "text"
    assert parse("B if A == 1 else 1").kind == "any"
    assert parse("B == 1 if A == 1 else C == 1").kind == "condition"


PIECES = st.sampled_from(
    [
        "A",
        "b.c",
        "'x'",
        "1.5",
        "==",
        "!=",
        "<",
        " in ",
        "[",
        "]",
        "(",
        ")",
        ",",
        " and ",
        " not ",
        " if ",
        " else ",
        "+",
        "-",
        "*",
        "/",
        "\\",
        "'",
        '"',
        "#",
        "None",
        "lambda",
        ":",
        "{",
        "}",
        "\n",
        "é",
        *FUNCTIONS,
    ]
)


@settings(deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join) | st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text):
    """Whatever the text, the answer is an Expression or an error of the toolkit."""
    try:
        found = parse(text)
    except (SpecError, UnknownNameError):
        return
    assert found == parse(found.text)
