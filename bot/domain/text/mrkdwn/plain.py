"""Texts of Slack as plain text on one line, without the marks of formatting."""

from collections.abc import Sequence

from bot.domain.text.mrkdwn.parser import Span, Styled, parse_one_line


def render_plain_line(text: str) -> str:
    return _read_spans(parse_one_line(text))


def _read_spans(spans: Sequence[Span]) -> str:
    return "".join(_read_spans(span.spans) if isinstance(span, Styled) else span.text for span in spans)
