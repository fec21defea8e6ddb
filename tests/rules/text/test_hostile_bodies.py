"""Bodies that are made to be slow: read in time and memory that grow with their length, at most."""

import json
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from bot.slack.blocks.limits import formatted_line, quoted
from bot.sources import SOURCES, AlertRequest, Malformed, decode
from bot.sources.mail.form import decode_text
from bot.sources.mail.html_text import extract_text

NOW = datetime(2026, 11, 18, 14, 6, tzinfo=UTC)
LENGTH = 60_000


def test_the_places_of_a_nested_body_take_no_memory() -> None:
    """Each of 30,000 texts is behind 400 keys of 60 letters."""
    depth = 400
    body = ('{"' + "k" * 60 + '":') * depth + "[" + '"\\\\u0000",' * 30_000 + '"\\u0000"]' + "}" * depth

    tracemalloc.start()
    try:
        with pytest.raises(Malformed, match=r"k\[30000\]: The text contains a NUL"):
            decode(body.encode())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 20 * 1024 * 1024


def amazon_ses(*, subject: str = "Disk full", content: str = "x") -> bytes:
    headers = {"from": ["monitor@example.com"], "subject": subject}
    mail = {"notificationType": "Received", "mail": {"commonHeaders": headers}, "content": content}
    return json.dumps({"Type": "Notification", "MessageId": "1", "Message": json.dumps(mail)}).encode()


@pytest.mark.parametrize(
    ("source", "body"),
    [
        pytest.param("datadog", json.dumps({"title": "[Warn on x" * (LENGTH // 10)}).encode(), id="datadog"),
        pytest.param("sns", amazon_ses(subject="=?a?q?x" * (LENGTH // 7)), id="subject"),
        pytest.param(
            "sns", amazon_ses(content=f'Content-Type: text/plain; a="{";" * LENGTH}\n\nx'), id="type of a part"
        ),
        pytest.param("mailgun", urlencode({"body-html": "<head>" * 6_000 + "</p>" * 15_000}).encode(), id="html"),
    ],
)
def test_texts_that_never_end_take_no_time(source: str, body: bytes) -> None:
    started = time.process_time()

    with suppress(Malformed):
        SOURCES[source].parse_body(body, NOW)

    assert time.process_time() - started < 0.3


def test_a_form_with_headers_that_never_end_takes_no_time() -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="data"; a="' + b";" * LENGTH
    request = AlertRequest({"Content-Type": "multipart/form-data; boundary=x"}, head + b"\r\n\r\n{}\r\n--x--\r\n")
    started = time.process_time()

    with pytest.raises(Malformed):
        SOURCES["uptime-kuma"].read(request)

    assert time.process_time() - started < 0.3


@pytest.mark.parametrize("show", [quoted, formatted_line], ids=["lines", "line"])
def test_a_text_of_megabytes_is_cut_before_it_is_parsed(show: Callable[[str], str]) -> None:
    """It is shown on the event loop."""
    text = "<@U1> *a* `" * 450_000
    started = time.process_time()

    shown = show(text)

    assert "…" in shown[-2:]
    assert time.process_time() - started < 0.3


@pytest.mark.parametrize("charset", ["punycode", "Punycode", "idna"])
def test_a_text_is_in_no_encoding_of_host_names(charset: str) -> None:
    assert decode_text(b"Disk full-", charset) == "Disk full-"


def test_text_after_hidden_elements_within_each_other_is_shown() -> None:
    assert extract_text("<head><title>a</title><style>b</style></head><template>c</template>d") == "d"


@pytest.mark.parametrize("sender", ["(" * 500, "(" * 500 + ")" * 500 + " a@example.com"])
def test_comments_within_comments_are_no_sender(sender: str) -> None:
    batch = SOURCES["postmark"].parse_body(json.dumps({"From": sender, "Subject": "Disk full"}).encode(), NOW)

    assert batch.events[0].labels["from"].startswith("(((")
