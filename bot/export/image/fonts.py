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
    return " ".join(word if _has_glyphs(font_file, word) else anyascii(word) for word in text.split(" "))


@cache
def _has_glyphs(font_file: str | None, word: str) -> bool:
    font = load_font(font_file, GLYPH_SIZE)
    placeholder = bytes(font.getmask("\uffff"))  # a noncharacter, drawn like every missing letter
    return all(bytes(font.getmask(letter)) != placeholder for letter in word)
