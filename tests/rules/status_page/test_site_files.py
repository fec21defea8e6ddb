"""The files of the page by encoding: what is made, and which one a client gets."""

import gzip

import brotli
import pytest

from bot.web.status.site_file import SiteFile, rank_encodings


@pytest.mark.parametrize(
    ("accepted", "ranked"),
    [
        ("", ["identity"]),
        ("gzip, deflate, br, zstd", ["br", "gzip", "identity"]),
        ("gzip", ["gzip", "identity"]),
        ("GZIP; Q=1.0 , br ;q=0.2", ["gzip", "br", "identity"]),
        ("br;q=0, *", ["gzip", "identity"]),
        ("*;q=0.1", ["br", "gzip", "identity"]),
        ("identity;q=0.5, gzip;q=0.4, br", ["br", "identity"]),
        ("gzip;q=often, br;q=nan, identity;q=0", ["identity"]),
    ],
)
def test_the_best_encoding_is_what_the_client_wants_most(accepted: str, ranked: list[str]) -> None:
    assert [*rank_encodings(accepted)] == ranked


def test_each_encoding_holds_the_same_file_and_none_that_is_no_smaller_is_kept() -> None:
    page = SiteFile("en/index.html", b"<p>All systems operational</p>" * 50)

    assert brotli.decompress(page.packed["br"]) == gzip.decompress(page.packed["gzip"]) == page.body
    assert len(page.packed["br"]) < len(page.packed["gzip"]) < len(page.body)
    assert SiteFile("en/index.html", b"<p>").packed == {}
    assert SiteFile("logo.png", page.body).packed == {}
