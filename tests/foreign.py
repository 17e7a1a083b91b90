"""Rows that the table, and so the compiled engine, has never heard of."""

from autograd_lite.ops import Op, SequenceOp

COLUMNS = {"symbol": "?", "latex": "?", "domain": [(-1.0, 1.0)], "doc": "A row for tests."}


def product_row(name="product", before=lambda: None):
    """x * y; `before` is called before each evaluation."""

    def forward(x, y):
        before()
        return x * y

    return Op(name, forward=forward, partials=[lambda o, x, y: y, lambda o, x, y: x], **COLUMNS)


def weighted_row():
    """x + 2 y + 3 z + 4 w: more arguments than a compiled row of fixed arity may have."""
    return Op(
        "weighted",
        forward=lambda x, y, z, w: x + 2.0 * y + 3.0 * z + 4.0 * w,
        partials=[
            lambda out, x, y, z, w: 1.0,
            lambda out, x, y, z, w: 2.0,
            lambda out, x, y, z, w: 3.0,
            lambda out, x, y, z, w: 4.0,
        ],
        **COLUMNS,
    )


def total_row():
    """The sum of a sequence, plus a scalar."""

    def forward(xs, start):
        for x in xs:
            start = start + x
        return start

    return SequenceOp(
        "total",
        scalars={"start": 0.0},
        forward=forward,
        partials=[lambda out, xs, start: [1.0] * len(xs), lambda out, xs, start: 1.0],
        **COLUMNS,
    )
