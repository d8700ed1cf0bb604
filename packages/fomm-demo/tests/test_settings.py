from __future__ import annotations

import pytest

from fomm_core.errors import ConfigError
from fomm_demo.settings import Account, Limits, read_accounts


def test_accounts_are_read_with_comments_and_colons(tmp_path):
    path = tmp_path / "accounts"
    path.write_text("# who may enter\nann:secret\n\nbob:with:colons \n")

    assert read_accounts(path) == (Account("ann", "secret"), Account("bob", "with:colons "))


def test_a_byte_order_mark_belongs_to_no_name(tmp_path):
    path = tmp_path / "auth-bom.txt"
    path.write_bytes(b"\xef\xbb\xbfann:secret\r\nbob:other\r\n")

    assert read_accounts(path) == (Account("ann", "secret"), Account("bob", "other"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ann secret\n", "accounts:1: expected name:password"),
        ("ann:\n", "accounts:1: expected name:password"),
        ("# nobody\n", "found none"),
        ("ann:a\nann:b\n", "each name once"),
    ],
)
def test_files_of_another_form_are_refused_without_showing_them(tmp_path, text, message):
    path = tmp_path / "accounts"
    path.write_text(text)

    with pytest.raises(ConfigError, match=message) as error:
        read_accounts(path)
    assert "secret" not in str(error.value)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="found none to read"):
        read_accounts(tmp_path / "nothing")


def test_a_password_does_not_get_into_logs():
    assert "secret" not in repr(Account("ann", "secret"))


def test_limits_are_given_in_the_units_of_those_who_use_them():
    limits = Limits(upload_mb=3, seconds=10)

    assert (limits.upload_bytes, limits.frames) == (3_000_000, 600)
