"""`feed` and its companions in `[vendors.NAME]`, and the services that need vendors."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.config import examine, load
from bot.config.problems import ConfigurationError
from bot.services.vendors.lookup import services_needing

FEED = "[vendors.host]\nfeed = 'https://status.example.test'\n"
LANGUAGES = "[vendors.host]\nfeed = {{{}}}\n"
NEEDED = FEED + "[services.shop]\nvendors = ['host']\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "dogwatch.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ("[services.s]\nvendors = ['hots']\n" + FEED, "services.s.vendors[0]", "Did you mean `host`?"),
        ("[vendors.host]\nfeed = 'http://status.example.test'\n", "vendors.host.feed", "allow_http = true"),
        ("[vendors.host]\nfeed = 'ftp://status.example.test'\n", "vendors.host.feed", "not a web address"),
        (LANGUAGES.format("xx = 'https://a.test'"), "vendors.host.feed", "xx is not a supported language"),
        (LANGUAGES.format("fr = 'a.test'"), "vendors.host.feed", "The address of fr is not a web address"),
        (LANGUAGES.format("fr = 'http://a.test'"), "vendors.host.feed", "allow_http = true"),
        (LANGUAGES.format("fr = 'https://a.test', en = 'https://a.test'"), "vendors.host.feed", "the same address"),
        (LANGUAGES.format(""), "vendors.host.feed", "at least one entry"),
        (FEED + "kind = 'statuspages'\n", "vendors.host.kind", "Did you mean `statuspage`?"),
        (FEED + "least_impact = 'huge'\n", "vendors.host.least_impact", "critical"),
        (FEED + "every = '10s'\n", "vendors.host.every", "This is not a length"),
        (NEEDED + "[[routes]]\nvendors = ['hots']\n", "routes[0].vendors[0]", "Did you mean `host`?"),
        (FEED + "[[routes]]\nvendors = ['host']\n", "routes[0].vendors[0]", 'vendors = ["host"] to [services.NAME]'),
        (
            NEEDED + "[services.other]\n[[routes]]\nvendors = ['host']\nservice = 'other'\n",
            "routes[0].vendors[0]",
            "[services.other]",
        ),
        (NEEDED + "[[routes]]\nvendors = ['host']\naction = 'attach'\n", "routes[0]", "opens or ignores"),
        (NEEDED + "[[routes]]\nvendors = ['host']\ngroup_by = ['a']\n", "routes[0]", "`group_by` is for alerts"),
        (NEEDED + "[[routes]]\nvendors = ['host']\nresolve_after = '5m'\n", "routes[0]", "is for alerts"),
        (NEEDED + "[[routes]]\nvendors = ['host']\nmatch = ['severity=\"x\"']\n", "routes[0]", "no label severity"),
    ],
)
def test_mistakes_are_named_with_their_key(tmp_path: Path, text: str, key: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load({}, config_path=written(tmp_path, text))

    [problem] = raised.value.problems
    assert problem.key == key
    assert says in problem.message


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[vendors.host]\ncomponents = ['a']\n", "has no effect without `feed`"),
        (FEED, "No service needs this vendor"),
        (
            NEEDED + "[[routes]]\n[[routes]]\nvendors = ['*']\n[[routes]]\nvendors = ['host']\n",
            "routes[1] matches the same incidents first",
        ),
    ],
)
def test_what_has_no_effect_is_a_warning(tmp_path: Path, text: str, says: str) -> None:
    report = examine({}, config_path=written(tmp_path, text))

    assert report.problems == ()
    assert [each for each in report.warnings if says in each.message]


def test_a_watched_page_needs_its_address_alone(tmp_path: Path) -> None:
    settings = load({}, config_path=written(tmp_path, FEED + "[services.s]\nvendors = ['host']\n"))

    assert settings.watched_vendors["host"].interval == timedelta(minutes=5)
    assert services_needing(settings, "host") == ("s",)
