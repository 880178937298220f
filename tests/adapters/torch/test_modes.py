"""What PyTorch's modes are not asked, which needs no PyTorch to say."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.base import NotSupported
from adapters.torch.modes import refuse_format
from tests.reports.making import make


@pytest.mark.parametrize(
    ("operator", "fields", "reason"),
    [
        ("conv", {"image": [6], "kernel": [3]}, "none for one"),
        ("avg_unpool", {"image": [6, 6]}, "so it can't be last"),
    ],
)
def test_channels_last_is_not_asked_what_has_no_such_format(operator: str, fields: dict[str, Any], reason: str) -> None:
    case = make(operator, **fields)
    with pytest.raises(NotSupported, match=reason):
        refuse_format(case, "channels_last")
    refuse_format(case, "eager")
