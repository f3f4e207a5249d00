"""What a lane says of its own storage is plain; what was found in it stands in the log."""

from pathlib import Path

import pytest
from gate_world import open_journal

from tongxing.gate.journal import Journal
from tongxing.kernel.reasons import LANGUAGES, Refusal


def test_a_damaged_journal_is_told_plainly_and_the_log_says_what_was_found(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    open_journal(tmp_path).close()
    file = tmp_path / "j.db"
    file.write_bytes(file.read_bytes()[:4_096] + b"\xff" * 8_192)
    refused = Journal.open(file, "SITE-1", 2)
    assert isinstance(refused, Refusal)
    assert refused.code in {"JOURNAL_CORRUPT", "JOURNAL_UNAVAILABLE"}
    detail = str(refused.values["detail"])
    assert detail and detail in caplog.text
    for language in LANGUAGES:
        assert detail not in refused.message(language)
    assert not any(letter.isascii() for letter in refused.message("zh"))
