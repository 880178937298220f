"""The hypotheses of which measuring chooses: expressions of sizes for a length, an offset, and what a call admits.

Letters are those of ``catalogue.SYMBOLS``, and n, k, s and d. ``rules.names`` adds x, full and drop.
"""

from __future__ import annotations

from typing import Final

LENGTHS: Final = {
    True: (
        *("o", "n * s", "full", "min(n * s, full)", "n * s + max(x - s, 0)"),
        *("full - 2 * p", "full - 2 * p + a", "full - b - e"),
        *("full - b - e + a", "n * s + a", "full + a", "full - 2 * (x // 2) + a", "full - 2 * (k // 2) + a"),
        *("(n - 1) * s + x + b + e - 2 * (x - 1)", "(n - 1) * s + x - 2 * p + a", "max(full - 2 * p + a, 0)"),
        *("max(full - b - e, 0)", "max(n * s + a, 0)", "n * s + max(x - s, 0) + a", "(n - 1) * s + k + a"),
        *("(n - 1) * s + 1 + b + e - (x - 1)", "max((n - 1) * s + 1 + b + e - (x - 1), 0)", "n * s + max(k - s, 0)"),
        *("(n - 1) * s + k - 2 * p", "(n - 1) * s + k - 2 * (k // 2) + a", "full - 2 * max((x - s) // 2, 0) + a"),
    ),
    False: (
        *("ceil(n / s)", "(n - x) // s + 1", "max((n - x) // s + 1, 0)", "ceil((n - x + 1) / s)"),
        *("(n + 2 * p - x) // s + 1", "(n + b + e - x) // s + 1", "max((n + b + e - x) // s + 1, 0)"),
        *("ceil((n + 2 * p - x) / s) + 1", "ceil((n + 2 * p - x) / s) + 1 - drop", "ceil((n + b + e - x) / s) + 1"),
        *("ceil((n + b + e - x) / s) + 1 - drop", "ceil(n / s) - max(ceil((x - n) / s), 0)"),
        *("trunc((n + b + e - x) / s) + 1", "trunc((n - x) / s) + 1", "(ceil(n / s) * s - s + k - x) // s + 1"),
        *("trunc((ceil(n / s) * s - s + k - x) / s) + 1", "max(trunc((ceil(n / s) * s - s + k - x) / s) + 1, 0)"),
        *("n", "ceil((n - k + 1) / s)", "(n + 2 * p - k) // s + 1"),
    ),
}
"""Whether the image is the result -> the candidates for its length, the simplest first.

``full`` is (n - 1) * s + x, where x is (k - 1) * d + 1. ``drop`` is 1 if the last window of a ceil_mode begins behind
the image and its padding in front, else 0.
"""
OFFSETS: Final = {
    True: (
        *("0", "p", "b", "max(full - o, 0) // 2", "ceil(max(full - o, 0) / 2)", "max(x - s, 0) // 2"),
        *("ceil(max(x - s, 0) / 2)", "x - 1 - b", "x // 2", "k // 2", "p * d", "ceil((full - n * s) / 2)"),
        *("max(x - s - a, 0) // 2", "max(2 * (x // 2) - a, 0) // 2", "max(full - n * s - a, 0) // 2"),
        *("min(max(x - s, 0), (x - 1) // 2)", "max(k - s, 0) // 2", "ceil(max(k - s, 0) / 2)", "(x - 1) // 2"),
        *("(full - n * s) // 2", "ceil((x - s) / 2)", "(x - s) // 2", "x - 1 - min(x - 1, ceil((x + s - 2) / 2))"),
        *("x - 1 - (x - 1 if s > x - 1 else ceil((x + s - 2) / 2))", "(x + s - 2) // 2 - (s - 1)"),
        *("max(full - n * s, 0) // 2 if a == 0 else 0", "(full - o) // 2", "(full + a - n * s) // 2"),
        *("(k - 1 - (k - 1 if s > k - 1 else ceil((k + s - 2) / 2))) + x - k", "max((x - s) // 2, 0)"),
    ),
    False: (
        *(
            "0",
            "p",
            "b",
            "max((ceil(n / s) - 1) * s + x - n, 0) // 2",
            "ceil(max((ceil(n / s) - 1) * s + x - n, 0) / 2)",
        ),
        *("(x - 1) // 2", "x // 2", "((ceil(n / s) - 1) * s + x - n) // 2", "max(x - s, 0) // 2", "p * d"),
        *("trunc((ceil(n / s) * s - s + k - n) / 2)", "trunc((ceil(n / s) * s - s + k - n + 1) / 2)"),
        *("trunc((ceil(n / s) * s - s + x - n) / 2)", "trunc((ceil(n / s) * s - s + x - n + 1) / 2)"),
        *("-max(n - (ceil(n / s) - 1) * s - x, 0) // 2", "-(max(s - x, 0) // 2)", "(k - 1) // 2"),
    ),
}
"""Whether the image is the result -> the candidates for the window's offset, the simplest first."""
ADMITTED: Final = (
    *("true", "n >= x", "n + 2 * p >= x", "n + b + e >= x", "a < s", "a < max(s, d)", "ceil(o / s) == n"),
    *(
        "ceil((o - x + 1) / s) == n",
        "trunc((o - x) / s) + 1 == n",
        "s == 1",
        "s == 1 or d == 1",
        "d == 1",
        "p <= k // 2",
        "2 * p <= k",
        "2 * p <= x",
    ),
    *("n + 2 * p >= x and 2 * p <= k and n >= k", "2 * p <= k and length >= 1 and n >= k"),
    *("n + 2 * p >= x and 2 * p <= k", "n + 2 * p >= x and 2 * p <= x", "2 * p <= k and length >= 1", "length >= 1"),
    *("length >= 0", "n >= x and (s == 1 or d == 1)", "a < s and length >= 1", "a < max(s, d) and length >= 1"),
    *("a < max(s, d) and length >= 0", "s == 1 or d == 1 and n >= x", "full <= o + 2 * p and o + 2 * p < full + s"),
    *("full <= o + 2 * p and o + 2 * p < full + max(s, d)", "(o + b + e - x) // s + 1 == n and o + b + e >= x"),
    *("n + 2 * p >= x and n >= 1", "p <= k // 2 and length >= 1", "s <= k", "a < s or a == 0", "b < x and e < x"),
    *("b < k and e < k", "length >= 1 and b < k and e < k", "n + b + e >= x and b < k and e < k"),
    *("p < k", "p < x", "abs(o - n * s) < s", "o >= 1 and abs(o - (full - 2 * p)) < s", "a <= s", "s == 1 or n >= x"),
    *("d == 1 and a < s", "(s == 1 or d == 1) and a < s", "o > 0 and (o - x) // s + 1 == n and o >= x"),
    *("o <= full", "o < full + s", "b < k and e < k and length >= 1", "b < x and e < x and length >= 1"),
    *("n >= x and d == 1", "a < s and d == 1", "b < k and e < k and length >= 0", "length >= 1 and o <= full"),
    *("ceil(length / s) == n", "a < s and ceil(length / s) == n", "(s == 1 or d == 1) and ceil(length / s) == n"),
    "(s == 1 or d == 1) and a < s and ceil(length / s) == n",
)
"""The candidates for the sizes that a call admits."""


ALWAYS: Final = "true"
"""The condition that is true of all sizes."""
SPLITS: Final = (
    ("d == 1", "d > 1"),
    ("s <= x", "s > x"),
    ("s <= k", "s > k"),
    ("a == 0", "a > 0"),
    ("k > 1", "k == 1"),
)
"""Conditions that part the sizes in two, where no rule fits all of them."""
