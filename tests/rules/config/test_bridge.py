"""The link of an incident's call."""

import pytest

from bot.config import examine
from bot.domain.errors import UserError
from bot.domain.incidents.bridge import build_bridge_url, check_template

pytestmark = pytest.mark.usefixtures("empty_folder")


@pytest.mark.parametrize(
    ("template", "is_private", "url"),
    [
        (None, False, None),
        ("https://meet.jit.si/{reference}-{random}", False, "https://meet.jit.si/inc-7-0f6a"),
        ("https://meet.jit.si/{reference}-{random}", True, "https://meet.jit.si/inc-7-0f6a"),
        ("https://{reference}.calls.example/a?b={random}", False, "https://inc-7.calls.example/a?b=0f6a"),
        ("https://meet.jit.si/{reference}", False, "https://meet.jit.si/inc-7"),
        ("https://meet.jit.si/{reference}", True, None),
        ("https://example.zoom.us/my/incidents", True, None),
    ],
)
def test_the_link_of_one_incident(template, is_private, url):
    assert build_bridge_url(template, "INC-7", "0f6a", is_private=is_private) == url


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("https://meet.jit.si/{incident}", "`{incident}` is not a placeholder. Use {reference} and {random}."),
        ("https://meet.jit.si/{reference", "`{` is not a placeholder."),
        ("http://meet.jit.si/{random}", "Begin the address of a call with https://."),
        ("meet.jit.si/{random}", "This is not a web address."),
        ("https://meet.jit.si/a room", "This is not a web address."),
        ("https://", "This is not a web address."),
        (f"https://meet.jit.si/{'x' * 500}", "This is not a web address."),
    ],
)
def test_a_template_that_makes_no_link_is_refused(template, said):
    with pytest.raises(UserError) as caught:
        check_template(template)

    assert said in caught.value.message


def test_a_call_that_private_incidents_lack_is_a_warning(tmp_path):
    path = tmp_path / "dogwatch.toml"
    path.write_text('[incidents]\nbridge = "https://example.zoom.us/my/incidents"\n')

    report = examine({}, config_path=path)

    assert report.problems == ()
    assert any("private incidents get no call" in str(each) for each in report.warnings)
