"""What keeps the bot safe by its shape: how secrets are compared, who fetches what, what is never changed."""

import ast
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SOURCES = [*ROOT.glob("bot/**/*.py"), *ROOT.glob("commands/*.py")]
OURS = [path for path in SOURCES if "sandbox" not in path.parts]
SECRET = re.compile(r"secret|token|password|signature|digest|hmac|credential|page_key|_key\b", re.IGNORECASE)
FETCH = re.compile(
    r"ClientSession\(|AsyncWebClient\(|urlopen|http\.client|requests\.(?:get|post)|WebClient\(|create_connection"
)
FETCHERS = {
    "bot/slack/api/client.py": "Slack's API, whose address the operator gives, and where Slack wants a file",
    "bot/slack/socket_mode/pool.py": "the address that `apps.connections.open` answers",
    "bot/engine/heartbeat.py": "DOGWATCH_HEARTBEAT_URL",
    "bot/engine/fetch/http_fetch.py": "calendars and `feed`s of the operator, graphs on hosts that they list",
    "bot/cli/commands/outbox.py": "the bot that runs beside the command: this machine",
    "bot/web/webhooks/sns_client.py": "sns.REGION.amazonaws.com, for signed messages of topics that the operator lists",
    "bot/web/auth/openid.py": "the Slack of SLACK_API_URL, to sign people in, and the addresses that it names for that",
    "bot/notifiers/delivery.py": "the services of [paging], whose addresses the operator gives or allows",
    "bot/notifiers/subscribers/webhook.py": "webhooks that readers confirmed by mail, in public networks alone",
    "bot/doctor/network.py": "this machine's bot, DOGWATCH_PUBLIC_URL, the heartbeat's host: by command only",
    "bot/simulation/player.py": "the webhook of a bot that is tried out",
    "bot/local/process.py": "the bot that `dogwatch sandbox` has started",
    "bot/local/tour.py": "the same",
}
"""Every file that opens a connection by itself, and to what: no address that a message or alert chooses."""


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def mentions_secret(node: ast.expr) -> bool:
    return any(
        SECRET.search(found)
        for each in ast.walk(node)
        for found in (getattr(each, "id", None), getattr(each, "attr", None))
        if isinstance(found, str)
    )


def equalities() -> Iterator[tuple[str, int, str]]:
    """Every `==`, `!=` and `in` of two values, of which one is called like a secret and the other is no literal."""
    for path in OURS:
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Compare) or isinstance(node.comparators[0], ast.Constant):
                continue
            if isinstance(node.ops[0], ast.Eq | ast.NotEq) and any(
                mentions_secret(each) for each in (node.left, *node.comparators)
            ):
                yield name_of(path), node.lineno, ast.unparse(node)


def test_no_secret_is_compared_by_a_comparison_that_stops_early() -> None:
    """`==` ends at the first letter that differs, which can be measured."""
    harmless = {
        "len(parts) != 4",
        "text == each.text",  # what a file holds against what it held: nobody else has a say in it
        "Page.bundle_key == bundle_key",  # in SQL, of pages that go out together
        "(idempotency.find_answer(session, key) or {}).get('told') != submission.digest",  # a form that came twice
        "Subscriber.address_key == wanted.address_key",  # in SQL, of an address that its owner has confirmed
    }
    found = [each for each in equalities() if each[2] not in harmless and "len(" not in each[2]]

    assert found == []


def test_the_comparisons_are_of_digests_of_one_length() -> None:
    proof = (ROOT / "bot/sources/authentication.py").read_text()
    matching = next(
        each for each in ast.parse(proof).body if isinstance(each, ast.FunctionDef) and each.name == "match_index"
    )
    code = ast.unparse(matching)

    assert "hmac.compare_digest(digest, hashlib.sha256(each).digest())" in code
    assert "for each in valid]" in code, "all of them are compared, whichever fits"
    assert proof.count("compare_digest") == 1
    for path in ("bot/web/webhooks/slack.py", "bot/web/webhooks/alerts.py"):
        assert "compare_digest" not in (ROOT / path).read_text(), "they use `match_index`"
    assert "compare_digest" in (ROOT / "bot/config/crypto.py").read_text()


def test_nothing_is_fetched_but_what_the_operator_and_slack_name() -> None:
    found = {name_of(path) for path in OURS if FETCH.search(path.read_text())}

    assert found <= set(FETCHERS)


@pytest.mark.parametrize("path", ["bot/engine/heartbeat.py", "bot/notifiers/http.py", "bot/slack/api/client.py"])
def test_what_is_fetched_by_ourselves_follows_no_redirect(path: str) -> None:
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"get", "post"}:
            owner = ast.unparse(node.func.value)
            if "session" in owner:
                assert "allow_redirects=False" in ast.unparse(node), owner


def test_audit_rows_are_only_added() -> None:
    """One place takes words out of them: those that were redacted, and people who were erased."""
    changing = re.compile(r"(?:update|delete)\((?:table_of\()?AuditRow")
    writers = {name_of(path) for path in SOURCES if changing.search(path.read_text())}
    readers = {name_of(path) for path in SOURCES if "AuditRow" in path.read_text()}

    assert writers == set()
    assert readers <= {"bot/store/shared/audit.py", "bot/store/upkeep/text_locations.py", "bot/store/__init__.py"}


SCRIPT = '<script src="{{ root }}/script.js?v={{ script }}" defer>'
LIBRARY = "4cbd535caf7663a51eda9bce6595371c384fc430d54b8d414e29a61167f19f96"
"""Idiomorph 0.8.0, `dist/idiomorph.min.js`: docs/adr/0018-live-pages.md."""


def test_the_library_of_the_pages_is_the_released_one() -> None:
    library = (ROOT / "templates/web/scripts/idiomorph.min.js").read_bytes()

    assert hashlib.sha256(library).hexdigest() == LIBRARY
    assert {each.name for each in ROOT.glob("templates/web/scripts/*.js")} == {
        "autosave.js",
        "blocks.js",
        "idiomorph.min.js",
        "live.js",
    }


def test_templates_turn_escaping_off_nowhere() -> None:
    for path in ROOT.glob("templates/web/**/*.j2"):
        text = path.read_text()
        assert "|safe" not in text.replace(" ", ""), path
        assert "autoescapefalse" not in text.replace(" ", ""), path
        assert set(re.findall(r"<script[^>]*>", text)) <= {SCRIPT}, f"{path}: the policy allows one file"
        assert not re.search(r"<style|\s(?:style|on\w+)=", text), (
            f"{path}: the policy forbids inline styles and scripts"
        )


def test_cookies_are_set_in_one_place() -> None:
    """Its attributes are those of tests/flows/web_pages/sign_in/test_sign_in.py."""
    found = [name_of(path) for path in OURS if ".set_cookie(" in path.read_text()]

    assert found == ["bot/web/auth/page_sessions.py"]


def test_nothing_is_run_by_a_shell_and_nothing_is_unpickled_but_our_own() -> None:
    shell = re.compile(r"shell=True|os\.system|os\.popen|(?<![.\w])(?:eval|exec)\(")
    pickled = re.compile(r"pickle\.loads?\(|yaml\.(?:unsafe_load|full_load)|yaml\.(?:Unsafe|Full)?Loader\b|marshal\.")

    assert [name_of(path) for path in SOURCES if shell.search(path.read_text())] == []
    assert [name_of(path) for path in SOURCES if pickled.search(path.read_text())] == [
        "bot/engine/vendors/worker.py",
        "bot/engine/vendors/worker_process.py",
        "bot/templating/subprocess_render.py",
    ]


def test_the_threat_model_names_tests_that_are_there() -> None:
    text = (ROOT / "docs/operate/security.md").read_text()
    named = set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text))
    assert len(named) >= 10

    for path, test in named:
        assert (ROOT / path).is_file(), path
        assert not test or f"def {test}(" in (ROOT / path).read_text(), test
