"""Warnings about environment variables that look like settings and have no effect, such as mistyped names."""

import re
from pathlib import Path

import pytest

from kit.settings import setting_names
from kit.unknown_settings import OTHER_NAMES, describe_unknown_settings

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("EPOCH_PROT", "EPOCH_PORT"),
        ("EPOCH_DB_URL", "EPOCH_DATABASE_URL"),
        ("EPOCH_DATABASE_REPLICA", "EPOCH_DATABASE_REPLICA_URL"),
        ("EPOCH_SECRET", "EPOCH_SECRET_KEY"),
        ("epoch_workers", "EPOCH_WORKERS"),
        ("TWILIO_ACOUNT_SID", "TWILIO_ACCOUNT_SID"),
        ("TWILIO_API_KEY", "TWILIO_API_KEY_SID"),
    ],
)
def test_a_mistyped_name_is_told_with_the_nearest_one_and_without_its_value(name: str, nearest: str) -> None:
    told = describe_unknown_settings({name: "s3cret-word", "HOME": "/root"})
    assert told == [f"{name} is no setting of this version and has no effect; did you mean {nearest}?"]


def test_a_name_that_is_like_no_other_is_told_alone() -> None:
    told = describe_unknown_settings({"EPOCH_LOG_LEVEL": "debug"})
    assert told == ["EPOCH_LOG_LEVEL is no setting of this version and has no effect"]


def test_a_blank_in_a_name_is_shown() -> None:
    told = describe_unknown_settings({"EPOCH_PORT ": "1"})
    assert told == ["'EPOCH_PORT ' is no setting of this version and has no effect; did you mean EPOCH_PORT?"]


def test_variables_of_the_carriers_own_tools_are_not_told() -> None:
    set_ones = {"TWILIO_API_KEY_SID": "SK" + "2" * 32}
    assert describe_unknown_settings({"TWILIO_PHONE_NUMBER": "1", "TWILIO_API_KEY": "2", **set_ones}) == []


def test_every_variable_that_the_product_and_its_tools_read_is_known() -> None:
    folders = ("deploy", "tools", "packages", "src")
    texts = (
        path.read_text()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".yaml", ".service", ".md", ".mjs", ".tpl"} and "node_modules" not in path.parts
    )
    named = {name for text in texts for name in re.findall(r"\bEPOCH_[A-Z]+(?:_[A-Z]+)*\b(?!_)", text)}
    # An id of HTML, and the placeholder in phone.js.
    assert named - {"EPOCH_WIDGET", "EPOCH_API_BASE"} == {
        name for name in setting_names() | OTHER_NAMES if name.startswith("EPOCH_")
    }
    assert describe_unknown_settings(dict.fromkeys(setting_names() | OTHER_NAMES, "1")) == []
