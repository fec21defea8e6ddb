"""Kept files: the type is what the content is, whatever the name says; the token goes to Slack alone."""

import struct
import zlib
from pathlib import Path

import pytest

from bot.config import check
from bot.domain.timeline.kept_files import MediaType, detect_media_type
from bot.runtime.kept_files import FileFolder
from bot.slack.api.download import ForeignAddress, require_slack_address


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = b"".join(
    (
        b"\x89PNG\r\n\x1a\n",
        png_chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
        png_chunk(b"IDAT", zlib.compress(b"\0\0")),
        png_chunk(b"IEND", b""),
    )
)
"""One black pixel."""
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
WEBP = b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00/\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"\x00" * 9 + b"\xff\xd9"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PNG, MediaType.PNG),
        (GIF, MediaType.GIF),
        (JPEG, MediaType.JPEG),
        (WEBP, MediaType.WEBP),
        (PDF, MediaType.PDF),
        ("pool exhausted: 40 von 40 belegt, größer\n".encode(), MediaType.TEXT),
        (b"\xef\xbb\xbfwith a byte order mark", MediaType.TEXT),
        (b"\x1b[31mred\x1b[0m a < b\n", MediaType.TEXT),
        (b"#!/bin/sh\nrm -rf /\n", MediaType.TEXT),
        (b"", None),
        (PNG[:-4], None),
        (PNG[:16], None),
        (b"\x89PNG\r\n\x1a\n<script>alert(1)</script>", None),
        (b"GIF89a<script>alert(1)</script>", None),
        (b"\xff\xd8\xff<html>", None),
        (b"%PDF-1.7\n<html>", None),
        (b"RIFF\xff\xff\xff\x7fWEBP", None),
        (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', None),
        (b'<?xml version="1.0"?><svg/>', None),
        (b"\n  <!DOCTYPE html><title>x</title>", None),
        (b"\xef\xbb\xbf<html>", None),
        (b"<!-- x --><script>", None),
        (b"MZ\x90\x00\x03", None),
        (b"\x7fELF\x02\x01\x01", None),
        (b"PK\x03\x04", None),
        ("UTF-16".encode("utf-16"), None),
    ],
)
def test_the_content_decides_the_type(content: bytes, expected: MediaType | None) -> None:
    assert detect_media_type(content) is expected


def test_a_chunk_that_is_longer_than_the_file_ends_the_reading() -> None:
    chunk = struct.pack(">I", 0xFFFFFFFF) + b"IHDR" + struct.pack(">I", zlib.crc32(b"IHDR"))

    assert detect_media_type(b"\x89PNG\r\n\x1a\n" + chunk) is None


@pytest.mark.parametrize(
    ("url", "is_slack"),
    [
        ("https://files.slack.com/files-pri/T1-F1/a.png", True),
        ("https://files.slack-gov.com/files-pri/T1-F1/a.png", True),
        ("http://127.0.0.1:4000/files-pri/T1-F1/a.png", True),
        ("http://127.0.0.1:4001/files-pri/T1-F1/a.png", False),
        ("http://files.slack.com/a.png", False),
        ("https://files.slack.com:8443/a.png", False),
        ("https://files.slack.com.example.com/a.png", False),
        ("https://example.com/?files.slack.com", False),
        ("https://notslack.com/a.png", False),
        ("file:///etc/passwd", False),
        ("https://[", False),
        ("https://files.slack.com:x/a.png", False),
    ],
)
def test_the_token_is_sent_to_slack_alone(url: str, *, is_slack: bool) -> None:
    api = "http://127.0.0.1:4000/api/"
    if is_slack:
        require_slack_address(url, api)
        return
    with pytest.raises(ForeignAddress):
        require_slack_address(url, api)


def test_contents_are_named_by_digest_and_no_other_user_reads_them(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path / "kept")

    digest = folder.save(7, PNG)

    [path] = (tmp_path / "kept" / "7").iterdir()
    assert path.name == digest
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert folder.read(7, digest) == PNG
    assert folder.read(8, digest) is None
    assert folder.read(7, "../7/" + digest) is None
    path.write_bytes(PDF)
    assert folder.read(7, digest) is None, "another content than the one that was checked"


def test_what_no_row_names_is_deleted(tmp_path: Path) -> None:
    folder = FileFolder(tmp_path)
    kept, orphan, other = folder.save(7, PNG), folder.save(7, GIF), folder.save(8, GIF)

    assert folder.delete_others(7, {kept}) == 1

    assert (folder.read(7, kept), folder.read(7, orphan), folder.read(8, other)) == (PNG, None, GIF)
    assert folder.delete_others(7, ()) == 1
    assert not (tmp_path / "7").exists()
    assert folder.delete_others(9, ()) == 0


def test_a_missing_folder_is_refused_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "dogwatch.toml"
    path.write_text('[files]\nfolder = "kept"\n')

    assert any(f"There is no folder {tmp_path / 'kept'}" in each.message for each in check(path))

    (tmp_path / "kept").mkdir()
    assert not any("kept" in each.message for each in check(path))
