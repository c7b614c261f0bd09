"""Times in the layouts of Go; what each gives was written by Go's own package time."""

from __future__ import annotations

import pytest

from catalog_forge.gotext.time import Time


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("Mon Jan _2 15:04:05 MST 2006", "Sun Sep  9 01:46:40 UTC 2001"),
        ("Monday, January 2, 06 3:4:5 PM pm", "Sunday, September 9, 01 1:46:40 AM am"),
        ("Month January Janus Mondo", "Month September Janus Mondo"),
        ("2006-01-02T15:04:05Z07:00 -07:00 Z0700 -0700 Z07 -07", "2001-09-09T01:46:40Z +00:00 Z +0000 Z +00"),
        ("Z070000 -070000 Z07:00:00 -07:00:00", "Z +000000 Z +00:00:00"),
        ("002 __2 _2006 _2", "252 252 _2001  9"),
        ("05.000 05,000 05.999 05.0000000000 05.00x 05.001", "40.000 40,000 40 40.000000000 40.00x 40.009"),
        ("150405 20061 0 00 7", "014640 20019 0 00 7"),
        ("", ""),
    ],
)
def test_a_layout_is_read_as_go_reads_it(layout: str, text: str) -> None:
    assert Time.at(1_000_000_000).format(layout) == text
