"""The picture of an incident as a PNG: it shows what the SVG shows, on a light background."""

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from bot.domain.drafting.overview.people_roles import RoleNames
from bot.domain.languages import get_language
from bot.domain.record.model import Record
from bot.domain.record.samples import full_record
from bot.domain.terms import LANGUAGES
from bot.export.image.plot_image import MAX_ALT_TEXT, render_plot_image
from bot.export.image.svg_image import PIXELS, SvgImage
from bot.export.plot.drawing import WIDE
from bot.export.plot.figure import render_plot
from bot.export.plot.style import LIGHT
from bot.export.plot.text_width import text_width
from tests.rules.export.test_plot import drawings, figure_of, outage
from tests.support.records.strategies import records

NO_FONT = "there-is-no-such-font.ttf"


def open_image(record: Record, font: str | None = None) -> Image.Image:
    return Image.open(BytesIO(render_plot_image(record, font_file=font).content)).convert("RGB")


def has_colour(image: Image.Image, name: str) -> bool:
    """Whether the colour is there, within what a palette of 256 changes."""
    wanted = ImageColor.getrgb(LIGHT[name])
    found = image.getcolors(1 << 20) or []
    return any(max(abs(one - other) for one, other in zip(wanted, each, strict=True)) < 12 for _, each in found)


@given(records(), st.sampled_from(LANGUAGES))
def test_any_record_has_an_image_with_words(record, language):
    made = render_plot_image(record, language)

    image = Image.open(BytesIO(made.content))
    assert image.format == "PNG"
    assert image.width > WIDE.total * PIXELS
    assert 0 < len(made.alt_text) <= MAX_ALT_TEXT
    assert made.alt_text.startswith(record.incident.reference)


@pytest.mark.parametrize("count", [5, 500])
def test_sparse_and_dense_incidents_keep_all_colours_on_a_light_background(count):
    record = outage(timedelta(hours=9), count)

    image = open_image(record)

    assert image.getpixel((0, 0)) > (250, 250, 250)
    assert {name for name in LIGHT if not has_colour(image, name)} == (set() if record.alerts else {"alert"})


def test_drawn_labels_are_no_wider_than_the_places_chosen_for_them():
    """So that labels that do not overlap in the SVG do not overlap here."""
    drawing = drawings(figure_of(outage(timedelta(hours=9), 500)))[0]
    image = SvgImage(10, 10, 0, None)

    wider = [
        (each.text, size)
        for each in drawing.iter("{http://www.w3.org/2000/svg}text")
        if image.width(each.text or "", size := float(each.get("font-size", "0"))) > text_width(each.text or "", size)
    ]

    assert wider == []


@pytest.mark.parametrize("font", [None, NO_FONT])
def test_a_title_in_any_script_is_drawn(font):
    record = full_record()
    titled = replace(
        record, incident=replace(record.incident, titles={"": "Zahlungen fallen aus, 支払い, 🚒 " + "x" * 300})
    )

    assert open_image(titled, font).size == open_image(record, font).size


def test_roles_stand_for_people_where_drafts_name_nobody():
    record = outage(timedelta(hours=2), 5)
    named = next(name for name in record.people.values() if name in render_plot(record))

    anonymous = replace(record, people=RoleNames(record.roles, get_language("en")))

    assert named not in render_plot_image(anonymous).alt_text
    assert named not in render_plot(anonymous)
