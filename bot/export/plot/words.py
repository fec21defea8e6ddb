"""Words of a picture: spans of time, names and escalations in one language."""

from datetime import datetime

from bot.domain.drafting.escalations import RecordText
from bot.domain.drafting.localized_times import TimeFormatter
from bot.domain.languages import get_language
from bot.domain.record.model import Record
from bot.domain.terms import Precision
from bot.domain.text.durations import duration_between
from bot.export.plot.model import Period

EXACT = Precision.EXACT


class PlotWords(RecordText):
    """The record's words for a picture. Times have their date if the period spans several days."""

    def __init__(self, record: Record, period: Period, language: str) -> None:
        zone = record.incident.zone
        times = TimeFormatter(get_language(language), zone, period.start, (period.start, period.end))
        super().__init__(record, get_language(language), times)
        self.period = period
        self._has_days = not times.is_same_day(period.start, period.end)

    def word(self, key: str) -> str:
        return self.language.words[key]

    def time(self, at: datetime, precision: Precision = EXACT) -> str:
        return self.times.format_with_day(at, precision) if self._has_days else self.times.format_short(at, precision)

    def span(
        self,
        start: datetime | None,
        end: datetime | None,
        start_precision: Precision = EXACT,
        end_precision: Precision = EXACT,
    ) -> str:
        """`12:00 to 14:00, 2h 0m`; it says so if one of the two is not recorded."""
        first = self.time(start, start_precision) if start else ""
        last = self.time(end, end_precision) if end else ""
        if not start or not end:
            key = "plot_no_end" if start else "plot_no_start" if end else "plot_no_time"
            return self.format_message(key, start=first, end=last)
        if end < start:
            return self.format_message("from_to_unclear", start=first, end=last)
        length = self.language.format_duration(duration_between(start, end))
        return f"{self.format_message('plot_span', start=first, end=last)}, {length}"

    def duration(self, start: datetime, end: datetime) -> str:
        return self.language.format_duration(duration_between(start, end)) if end >= start else ""

    def list_texts(self, texts: list[str], shown: int) -> str:
        """The first texts, and how many more there are."""
        more = len(texts) - shown
        kept = [*texts[:shown], *([self.language.format_count("and_more", more)] if more > 0 else [])]
        return self.word("semicolon").join(kept)
