"""Signatures: the standard's own example, and the snippets of the documentation against what we send."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from db.clock import SystemClock
from web.webhooks import signing

ROOT = Path(__file__).parents[3]
BODY = '{"type":"interview.ready","data":{"name":"Zoë 🙂"}}'


def now() -> int:
    """The present moment: the snippets refuse what is older than five minutes, and other tests may have taken longer."""
    return int(SystemClock().utc_now().timestamp())


def snippet(language: str) -> str:
    text = (ROOT / "docs" / "webhooks.md").read_text(encoding="utf-8")
    found = re.search(rf"```{language}\n(.*?)```", text, re.DOTALL)
    assert found
    return found[1]


def test_it_is_the_standards_own_example() -> None:
    # The example of the Standard Webhooks specification and of its libraries' tests.
    signed = signing.signature(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        '{"test": 2432232314}',
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_are_long_and_their_own() -> None:
    secrets = {signing.new_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert all(re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret) for secret in secrets)


def test_what_is_no_secret_signs_nothing() -> None:
    with pytest.raises(signing.BadSecret):
        signing.signature("whsec_not base64", "msg_1", now(), BODY)


def cases() -> list[tuple[str, dict[str, str], str, bool]]:
    secret, other = signing.new_secret(), signing.new_secret()
    sent = signing.headers([secret], "msg_1", now(), BODY)
    return [
        (secret, sent, BODY, True),
        (other, sent, BODY, False),
        (other, signing.headers([other, secret], "msg_1", now(), BODY), BODY, True),
        (secret, signing.headers([other, secret], "msg_1", now(), BODY), BODY, True),
        (secret, sent, BODY.replace("ready", "reddy"), False),
        (secret, sent | {"webhook-id": "msg_2"}, BODY, False),
        (secret, sent | {"webhook-signature": "v1,"}, BODY, False),
        (secret, signing.headers([secret], "msg_1", now() - 600, BODY), BODY, False),
    ]


def test_the_python_snippet_tells_genuine_from_not() -> None:
    scope: dict[str, Any] = {}
    exec(snippet("python"), scope)
    for secret, headers, body, genuine in cases():
        assert scope["is_genuine"](secret, headers, body.encode()) is genuine


def test_the_javascript_snippet_tells_genuine_from_not(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node")
    (tmp_path / "check.mjs").write_text(snippet("javascript"), encoding="utf-8")
    script = """
        import { isGenuine } from "./check.mjs";
        let text = "";
        for await (const piece of process.stdin.setEncoding("utf8")) text += piece;
        console.log(JSON.stringify(JSON.parse(text).map(([secret, headers, body]) => isGenuine(secret, headers, body))));
    """
    (tmp_path / "main.mjs").write_text(script, encoding="utf-8")
    tried = cases()
    given = json.dumps([case[:3] for case in tried])
    ran = subprocess.run([node, "main.mjs"], cwd=tmp_path, input=given, capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == [genuine for *_, genuine in tried]
