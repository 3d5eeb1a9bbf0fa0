"""Docstrings and formulas as the site needs them."""

import pytest


def test_a_docstring_gets_its_headings_code_and_a_line_for_each_argument():
    pytest.importorskip("griffe")
    from docs_build.docstring_sections import rewritten

    text = """Adds.

Args:
    a, b: int, the numbers,
        both.
    c: float.

Input shape: `(n,)`.
Output shape:
    That of the input.

Example:

    >>> add(1, 2)
    3

Reference: Peano, 1889."""
    assert (
        rewritten(text)
        == """Adds.

Args:
    a: int, the numbers,
        both.
    b: int, the numbers,
        both.
    c: float.

**Input shape**

`(n,)`.

**Output shape**

That of the input.

**Example**

```pycon
>>> add(1, 2)
3
```

**Reference**

Peano, 1889."""
    )


def test_names_of_formulas_are_upright_and_commands_stay():
    pytest.importorskip("latex2mathml")
    from docs_build.formulas import fence, upright

    assert upright(r"\frac{w_{head}}{n} \text{ alone} + W_{ij}") == (
        r"\frac{w_{\mathrm{head}}}{n} \text{ alone} + W_{ij}"
    )
    assert fence("x^2\n\ny", "formula", "formula", {}, None).count("<math") == 2
