"""Durations and shares of the time: whatever a setting may hold is written so that it reads back as it was."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from gancli.base.units import duration_text, seconds_of, share_of, share_text
from gancli.config.settings import Duration, Every

LENGTHS = st.floats(min_value=0, exclude_min=True, allow_infinity=False)
SHARES = st.floats(min_value=0, exclude_min=True, max_value=1, exclude_max=True)


@given(LENGTHS)
def test_every_duration_reads_back(seconds: float) -> None:
    assert seconds_of(duration_text(seconds)) == seconds


@given(SHARES)
def test_every_share_reads_back(share: float) -> None:
    assert share_of(share_text(share)) == share


@given(st.builds(Every, seconds=LENGTHS) | st.builds(Every, share=SHARES) | st.builds(Every, steps=st.integers(0)))
def test_every_cadence_reads_back(every: Every) -> None:
    assert Every.model_validate(str(every)) == every


@pytest.mark.parametrize(
    ("seconds", "text"), [(90, "90s"), (600, "10m"), (5400, "90m"), (7200, "2h"), (86400, "1d"), (0.25, "0.25s")]
)
def test_durations_are_written_short(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(("share", "text"), [(0.02, "2%"), (0.07, "7%"), (0.125, "12.5%"), (1e-7, "0.00001%")])
def test_shares_are_written_short(share: float, text: str) -> None:
    assert share_text(share) == text


@pytest.mark.parametrize("value", [math.inf, math.nan, "1e999s", "inf", "-1s", "", "s"])
def test_a_duration_is_a_finite_number(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Duration).validate_python(value)
