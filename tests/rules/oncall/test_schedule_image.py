"""Schedule images and their alt text."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from PIL import Image

from bot.export.image import schedule_image
from bot.export.image.fonts import substitute_missing_glyphs
from bot.export.image.schedule_image import COLOURS, GAP, render_image
from bot.export.schedule_text import MAX_ALT_TEXT, Bar, Roster, describe_roster, render_alt_text

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 21, 16, 20, tzinfo=UTC)
NO_FONT = "there-is-no-such-font.ttf"


def at(day: int, hour: int = 0, zone: ZoneInfo = PARIS) -> datetime:
    """Local time, days after the first one of the image."""
    return datetime(2026, 11, 21 + day, hour, tzinfo=zone) if day < 10 else at(day - 9, hour, zone) + timedelta(days=9)


DBA = Bar(at(-1, 9), at(2, 9), "U0DBA", "Database administrator")
SUPPORT = Bar(at(3, 9), at(16, 9), "U0SUPPORT", "Support", is_changed=True)
GAP_OF_A_DAY = (at(2, 9), at(3, 9))
ROSTER = Roster("On call for payments", PARIS, NOW, [DBA, SUPPORT], [GAP_OF_A_DAY])


def open_image(roster: Roster) -> Image.Image:
    return Image.open(BytesIO(render_image(roster))).convert("RGB")


def share_of(colour: str, image: Image.Image) -> float:
    """Share of the image with roughly this colour: the palette is limited."""
    red, green, blue = (int(colour[place : place + 2], 16) for place in (1, 3, 5))
    counted = image.getcolors(256) or []
    near = [count for count, (r, g, b) in counted if abs(r - red) + abs(g - green) + abs(b - blue) < 24]
    return sum(near) / (image.width * image.height)


def test_text_of_a_roster():
    assert describe_roster(ROSTER) == [
        "Sat 21 Nov 00:00 to Mon 23 Nov 09:00: Database administrator",
        "Mon 23 Nov 09:00 to Tue 24 Nov 09:00: nobody",
        "Tue 24 Nov 09:00 to Sat 5 Dec 00:00: Support (changed)",
    ]
    assert render_alt_text(ROSTER).startswith("On call for payments, the next 14 days. Sat 21 Nov 00:00 to")
    assert describe_roster(ROSTER, most=1)[-1] == "and 2 more"


def test_past_shifts_are_left_out():
    over = Bar(at(0, 0), at(0, 9), "U0DEVELOPER", "Developer")

    assert describe_roster(Roster("x", PARIS, NOW, [over, DBA])) == describe_roster(Roster("x", PARIS, NOW, [DBA]))


def test_alt_text_has_slacks_limit():
    many = [
        Bar(at(0, 0) + timedelta(hours=each), at(0, 1) + timedelta(hours=each), "U", "N" * 60) for each in range(99)
    ]

    assert len(render_alt_text(Roster("x", PARIS, NOW, many))) == MAX_ALT_TEXT


def test_colours_of_people_and_gaps():
    image = open_image(ROSTER)

    assert image.width == schedule_image.WIDTH
    assert share_of(COLOURS[0], image) > 0.05
    assert share_of(COLOURS[1], image) > 0.3
    assert share_of(GAP, image) > 0.01
    assert share_of(GAP, open_image(Roster("x", PARIS, NOW, [DBA]))) < 0.001


def test_two_people_at_once_take_more_room():
    both = Roster("x", PARIS, NOW, [DBA, Bar(at(0, 9), at(1, 9), "U0SUPPORT", "Support", layer=1)])

    assert open_image(both).height > open_image(ROSTER).height


@pytest.mark.parametrize(("day", "hours"), [((2026, 10, 25), 25), ((2026, 3, 29), 23), ((2026, 11, 21), 24)])
def test_a_day_across_a_clock_change(day, hours):
    roster = Roster("x", PARIS, datetime(*day, 12, tzinfo=PARIS), [])

    begins, ends = roster.day(0)

    assert ends - begins == timedelta(hours=hours)
    assert (begins.astimezone(PARIS).hour, ends.astimezone(PARIS).hour) == (0, 0)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Zoë Łukasiewicz", "Zoe Lukasiewicz"),
        ("Nguyễn Văn", "Nguyen Van"),
        ("Иван", "Ivan"),
        ("Support", "Support"),
        ("a\nb", "a b"),
        ("", ""),
    ],
)
def test_names_without_a_font_are_transliterated(name, plain):
    assert substitute_missing_glyphs(name, NO_FONT) == plain


WORDS = st.text(max_size=60)
MOMENTS = st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 20), timezones=st.just(UTC))  # noqa: DTZ001
BARS = st.builds(
    lambda begins, hours, name, layer: Bar(begins, begins + timedelta(hours=hours), name, name, layer > 1, layer),
    MOMENTS,
    st.floats(0.01, 400),
    WORDS,
    st.integers(0, 2),
)


@given(st.lists(BARS, max_size=8), WORDS, st.sampled_from(("Europe/Paris", "Asia/Kathmandu", "Pacific/Apia")))
@hypothesis_settings(max_examples=8, deadline=None)
def test_any_roster_has_an_image_and_a_text(bars, title, zone):
    """With any names and overlaps."""
    roster = Roster(title, ZoneInfo(zone), NOW, bars, [(each.starts_at, each.ends_at) for each in bars[:2]])

    assert render_image(roster).startswith(b"\x89PNG")
    assert len(render_alt_text(roster)) <= MAX_ALT_TEXT
