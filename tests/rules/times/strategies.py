"""Random zones and instants, and results to compare."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.domain.errors import UserError
from bot.domain.times.zones import zone_names

ZONES = st.sampled_from(sorted(zone_names().values())).map(ZoneInfo)
INSTANTS = st.integers(631_152_000, 2_145_916_800).map(lambda second: datetime.fromtimestamp(second, UTC))  # 1990-2037


def result_or_refusal(read):
    """Call `read`; return its result, or the UserError that it raises."""
    try:
        return read()
    except UserError as problem:
        return problem
