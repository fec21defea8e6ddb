"""Fonts of images: the host's or the operator's, and words that the font has no letters for."""

from functools import cache

from anyascii import anyascii
from PIL import ImageFont

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

GLYPH_SIZE = 23


@cache
def load_font(font_file: str | None, size: int) -> Font:
    """
    A font by path, or by a name that the host knows. None: DejaVu Sans.

    A font that is missing is replaced by Pillow's own, which has ASCII letters only.
    """
    try:
        return ImageFont.truetype(font_file or "DejaVuSans.ttf", size)
    except OSError:
        return ImageFont.load_default(size)


def substitute_missing_glyphs(text: str, font_file: str | None = None) -> str:
    """Transliterate words with letters that the font lacks."""
    text = " ".join(text.split())
    return " ".join(
        word if all(_has_glyph(font_file, letter) for letter in set(word)) else anyascii(word)
        for word in text.split(" ")
    )


@cache
def _has_glyph(font_file: str | None, letter: str) -> bool:
    return _draw_glyph(font_file, letter) != _missing_glyph(font_file)


@cache
def _missing_glyph(font_file: str | None) -> bytes:
    """A noncharacter, drawn like every missing letter."""
    return _draw_glyph(font_file, "\uffff")


def _draw_glyph(font_file: str | None, letter: str) -> bytes:
    return bytes(load_font(font_file, GLYPH_SIZE).getmask(letter))
