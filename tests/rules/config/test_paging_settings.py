"""`[paging]` and the secrets of its services."""

import pytest

from bot.config import check, examine, load

pytestmark = pytest.mark.usefixtures("empty_folder")

PAGING = """
[paging.email]
host = "smtp.example.test"
user = "dogwatch"
from = "Dogwatch <dogwatch@example.test>"

[paging.pagerduty]
services = ["eu-west"]

[paging.webhook.services]
bridge = "https://bridge.example.test/pages"
"""


def write_paging(tmp_path, text=PAGING):
    path = tmp_path / "dogwatch.toml"
    path.write_text(text)
    return path


def test_a_variable_may_end_in_a_name_of_the_file(tmp_path):
    key = tmp_path / "key"
    key.write_text("the integration key\n")
    environ = {"DOGWATCH_PAGERDUTY_KEY_EU_WEST_FILE": str(key), "DOGWATCH_APPRISE_SMS": "twilio://sid:token@1/{to}"}

    settings = load(environ, config_path=write_paging(tmp_path))

    assert settings.pagerduty_key("eu-west") == "the integration key"
    assert settings.apprise_address("sms") == "twilio://sid:token@1/{to}"
    assert settings.opsgenie_key("eu-west") is None
    assert "the integration key" in settings.secret_values()


def test_what_a_means_lacks_is_a_warning_with_the_name_of_the_variable(tmp_path):
    """A file may be checked where the secrets are not set."""
    report = examine({"DOGWATCH_OPSGENIE_KEY_OLD": "x"}, config_path=write_paging(tmp_path))

    assert report.problems == ()
    said = "\n".join(map(str, report.warnings))
    for words in (
        "Set DOGWATCH_SMTP_PASSWORD",
        "Set DOGWATCH_PAGERDUTY_KEY_EU_WEST",
        "Set DOGWATCH_WEBHOOK_SECRET",
        "DOGWATCH_OPSGENIE_KEY_OLD is set",
    ):
        assert words in said
    assert "There is no such variable" not in said


@pytest.mark.parametrize(
    ("text", "environ", "said"),
    [
        ('[paging.ntfy]\nurl = "http://ntfy.example.test"\n', {}, "Use https://."),
        ("", {"DOGWATCH_NTFY_TOKEN": "tk_abc"}, "DOGWATCH_NTFY_TOKEN is set, but its server is not."),
        ('[paging.ntfy]\nurl = "ntfy.example.test"\n', {}, "This is not a web address."),
        (
            '[paging.ntfy]\nurl = "https://ntfy.sh"\n',
            {"DOGWATCH_NTFY_TOKEN": "tk\nabc"},
            "This is not an access token.",
        ),
    ],
)
def test_what_is_wrong_with_ntfy_is_named(tmp_path, text, environ, said):
    report = examine(environ, config_path=write_paging(tmp_path, text))

    [found] = [*report.problems, *report.warnings]
    assert said in str(found)


@pytest.mark.parametrize(("host", "doubts"), [("localhost", 0), ("127.0.0.1", 0), ("bridge.example.test", 2)])
def test_what_goes_unsealed_over_a_network_is_a_warning_and_on_this_machine_is_none(tmp_path, host, doubts):
    path = tmp_path / "open.toml"
    path.write_text(
        f'[paging.email]\nhost = "{host}"\nfrom = "a@b.test"\nuser = "a"\nsecurity = "none"\n'
        f'[paging.webhook.services]\nbridge = "http://{host}/pages"\n'
    )
    environ = {"DOGWATCH_SMTP_PASSWORD": "secret", "DOGWATCH_WEBHOOK_SECRET": "sixteen-characters"}

    report = examine(environ, config_path=path)

    assert report.problems == ()
    assert len(report.warnings) == doubts


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[paging.email]\nhost = "smtp.example.test"', "E-mail needs a sender"),
        ('[paging.email]\nhost = "smtp.example.test:587"', "The port has a separate key"),
        ('[paging.email]\nfrom = "Dogwatch <nobody>"', "not an e-mail address"),
        ('[paging.email]\nfrom = "Dogwatch <a@b.test>\\nBcc: c@d.test"', "not an e-mail address"),
        ('[paging.email]\ndomains = ["@example.test"]', "the part after the @"),
        ('[paging.pagerduty]\nservices = ["EU West"]', "lower-case letters"),
        ('[paging.pagerduty]\nurl = "events.pagerduty.com"', "https://"),
        ('[paging.webhook.services]\nbridge = "ftp://bridge"', "https://"),
    ],
)
def test_a_wrong_means_is_refused_with_its_remedy(tmp_path, lines, said):
    found = check(write_paging(tmp_path, lines))

    assert len(found) == 1, found
    assert said in str(found[0])


def test_no_secret_is_shown_with_a_mistake(tmp_path):
    report = examine({"DOGWATCH_WEBHOOK_SECRET": "too short"}, config_path=write_paging(tmp_path))

    [problem] = report.problems
    assert (problem.key, problem.value) == ("DOGWATCH_WEBHOOK_SECRET", None)
