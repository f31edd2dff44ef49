"""A name becomes the same pseudonym everywhere, and nobody without the key can tell whose it is."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from analyzer.errors import InputError
from analyzer.sessions.pseudonym import Pseudonymiser, default_key_file, load_key

KEY = bytes(range(32))


@pytest.fixture
def hasher() -> Pseudonymiser:
    return Pseudonymiser(KEY)


class TestPseudonyms:
    def test_a_viewer_is_v_and_128_bits(self, hasher):
        assert re.fullmatch(r"v_[0-9a-f]{32}", hasher.viewer("alpha", "Robin"))

    def test_a_household_is_h_and_128_bits(self, hasher):
        assert re.fullmatch(r"h_[0-9a-f]{32}", hasher.household("alpha"))

    def test_it_is_hmac_sha_256_of_kind_and_parts_each_with_its_length(self, hasher):
        message = b"".join(len(p).to_bytes(8, "big") + p for p in (b"viewer", b"alpha", b"Robin"))
        expected = hmac.new(KEY, message, hashlib.sha256).hexdigest()[:32]
        assert hasher.viewer("alpha", "Robin") == f"v_{expected}"

    def test_moving_a_letter_between_account_and_profile_gives_another_viewer(self, hasher):
        assert hasher.viewer("ab", "c") != hasher.viewer("a", "bc")

    def test_a_viewer_and_a_household_of_one_name_share_no_digits(self, hasher):
        column = pa.array(["alpha"])
        viewer = hasher.column(column, "viewer").to_pylist()[0]
        assert viewer[2:] != hasher.household("alpha")[2:]

    def test_another_key_gives_another_pseudonym(self, hasher):
        assert hasher.household("alpha") != Pseudonymiser(bytes(32)).household("alpha")

    def test_composed_and_decomposed_accents_are_one_profile(self, hasher):
        assert hasher.viewer("alpha", "Zo\u00eb") == hasher.viewer("alpha", "Zoe\u0308")

    def test_the_key_is_not_shown(self, hasher):
        assert repr(hasher) == "Pseudonymiser()"

    def test_a_short_key_is_refused(self):
        with pytest.raises(InputError, match="shorter than 32 bytes"):
            Pseudonymiser(b"short")


class TestColumns:
    def test_a_column_is_hashed_value_by_value_and_null_stays_null(self, hasher):
        hashed = hasher.column(pa.array(["a", None, "b", "a"]), "household")
        a, b = hasher.household("a"), hasher.household("b")
        assert hashed.to_pylist() == [a, None, b, a]
        assert hashed.type == pa.dictionary(pa.int32(), pa.string())

    def test_a_blank_id_is_no_viewer(self, hasher):
        assert hasher.column(pa.array(["", "  ", "a"]), "viewer").null_count == 2

    def test_whole_numbers_hash_like_their_digits(self, hasher):
        assert hasher.column(pa.array([12]), "household").to_pylist() == [hasher.household("12")]
        assert hasher.column(pa.array([12.0, None]), "household").to_pylist()[0] == hasher.household("12")

    def test_dictionaries_and_text_give_the_same(self, hasher):
        text = pa.array(["b", "a", "b"])
        assert (
            hasher.column(text.dictionary_encode(), "viewer").to_pylist() == hasher.column(text, "viewer").to_pylist()
        )

    def test_two_spellings_of_one_name_share_one_entry(self, hasher):
        hashed = hasher.column(pa.array(["Zo\u00eb", "Zoe\u0308"]), "viewer")
        assert len(hashed.dictionary) == 1

    def test_a_column_without_ids_stays_empty(self, hasher):
        assert hasher.column(pa.nulls(2), "viewer").to_pylist() == [None, None]


class TestKeyFile:
    def test_the_key_is_made_on_first_use_and_kept(self, tmp_path):
        path = tmp_path / "keys" / "pseudonym.key"
        key = load_key(path)
        assert len(key) == 32
        assert load_key(path) == key
        assert bytes.fromhex(path.read_text()) == key

    def test_only_its_owner_can_read_it(self, tmp_path):
        path = tmp_path / "new" / "folder" / "pseudonym.key"
        load_key(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700

    def test_no_draft_is_left_behind(self, tmp_path):
        load_key(tmp_path / "pseudonym.key")
        assert [p.name for p in tmp_path.iterdir()] == ["pseudonym.key"]

    def test_processes_that_start_together_share_one_key(self, tmp_path):
        path = tmp_path / "keys" / "pseudonym.key"
        code = (
            "import sys; from pathlib import Path; from analyzer.sessions.pseudonym import load_key;"
            "sys.stdin.readline(); print(load_key(Path(sys.argv[1])).hex())"
        )
        pipe = subprocess.PIPE
        started = [
            subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=pipe, stdout=pipe, text=True)
            for _ in range(4)
        ]
        for process in started:
            process.stdin.write("\n")
            process.stdin.flush()
        keys = {process.communicate(timeout=60)[0].strip() for process in started}
        assert keys == {load_key(path).hex()}

    def test_whoever_comes_second_takes_the_first_ones_key(self, tmp_path, monkeypatch):
        path = tmp_path / "pseudonym.key"
        link = os.link

        def beaten(draft: Path, target: Path) -> None:
            monkeypatch.setattr(os, "link", link)
            other = load_key(path)
            assert len(other) == 32
            link(draft, target)

        monkeypatch.setattr(os, "link", beaten)
        key = load_key(path)
        assert key == bytes.fromhex(path.read_text())
        assert [p.name for p in tmp_path.iterdir()] == ["pseudonym.key"]

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
    def test_a_key_open_to_others_is_refused(self, tmp_path, mode):
        path = tmp_path / "pseudonym.key"
        load_key(path)
        path.chmod(mode)
        with pytest.raises(InputError, match="open to other users") as caught:
            load_key(path)
        assert "chmod 600" in caught.value.remedy

    @pytest.mark.parametrize("content", ["", "\n", "ab" * 31, "not a key " * 10, "\u00e9" * 64])
    def test_a_file_without_a_key_is_refused_and_not_quoted(self, tmp_path, content):
        path = tmp_path / "pseudonym.key"
        path.write_text(content, encoding="utf-8")
        path.chmod(0o600)
        with pytest.raises(InputError, match="holds no pseudonym key") as caught:
            load_key(path)
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None
        assert not content.strip() or content.strip() not in str(caught.value)

    def test_a_folder_that_cannot_be_made_asks_for_another_file(self, tmp_path):
        (tmp_path / "taken").write_text("a file, no folder")
        with pytest.raises(InputError) as caught:
            load_key(tmp_path / "taken" / "pseudonym.key")
        assert "--key-file" in caught.value.remedy

    def test_a_folder_in_the_keys_place_asks_for_another_file(self, tmp_path):
        tmp_path.chmod(0o700)
        with pytest.raises(InputError) as caught:
            load_key(tmp_path)
        assert "--key-file" in caught.value.remedy


class TestDefaultPlace:
    def test_the_named_file_comes_first(self, monkeypatch):
        monkeypatch.setenv("ANALYZER_KEY_FILE", "/somewhere/a.key")
        assert default_key_file() == Path("/somewhere/a.key")

    def test_then_the_configuration_folder(self, monkeypatch):
        monkeypatch.delenv("ANALYZER_KEY_FILE", raising=False)
        monkeypatch.setenv("XDG_CONFIG_HOME", "/config")
        assert default_key_file() == Path("/config/analyzer/pseudonym.key")

    def test_then_the_home_folder(self, monkeypatch):
        monkeypatch.setenv("ANALYZER_KEY_FILE", "")
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        monkeypatch.setenv("HOME", "/home/robin")
        assert default_key_file() == Path("/home/robin/.config/analyzer/pseudonym.key")

    def test_load_key_uses_it(self, tmp_path, monkeypatch):
        monkeypatch.setenv("ANALYZER_KEY_FILE", str(tmp_path / "k"))
        assert load_key() == load_key(tmp_path / "k")
