"""Lines that grow, and what is left of them when one is damaged."""

import json

import numpy as np
import pytest

from jaxgan.training import write_array, write_whole
from jaxgan.training.lines import Lines, append_whole
from tests.training.conftest import contents, no_room

DAMAGED = {
    "cut": b'{"step": 2, "te',
    "empty": b"",
    "no text": b'{"step": 2, "terms": {"a\xff": 1}}',
    "zeros": bytes(20),
    "no object": b"[1, 2]",
    "no step": b'{"terms": {}}',
    "a step that is no integer": b'{"step": "2", "terms": {}}',
    "a step that is a truth": b'{"step": true, "terms": {}}',
    "a step below 0": b'{"step": -2, "terms": {}}',
    "no terms": b'{"step": 2}',
    "too deep": b"[" * 100_000,
    "too long a number": b'{"step": ' + b"1" * 10_000 + b"}",
    "two in one": b'{"step": 2, "terms": {}}{"step": 3, "terms": {}}',
}


def line(step):
    return {"step": step, "terms": {"loss": step / 3}}


@pytest.fixture
def lines(tmp_path):
    return Lines(tmp_path / "metrics.jsonl", "terms")


def fill(lines, *raw):
    lines.path.write_bytes(b"".join(part + b"\n" for part in raw))


def encoded(step):
    return json.dumps(line(step)).encode()


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_line_costs_no_other(lines, damaged):
    fill(lines, encoded(1), damaged, encoded(3), encoded(4))
    before = contents(lines.path.parent)
    assert lines.read() == [line(1), line(3), line(4)]
    assert contents(lines.path.parent) == before  # who only reads writes nothing
    note = lines.rewind(3)
    assert note == f"1 line of {lines.path} could not be read and went to metrics.damaged.jsonl"
    assert lines.path.read_bytes() == encoded(1) + b"\n" + encoded(3) + b"\n"
    assert (lines.path.parent / "metrics.damaged.jsonl").read_bytes() == damaged + b"\n"
    assert lines.rewind(3) is None
    assert lines.read() == [line(1), line(3)]


def test_a_file_of_a_person_is_no_draft(tmp_path):
    mine = tmp_path / "fig.part"
    mine.write_text("mine")
    write_whole(tmp_path / "fig.json", "{}")
    assert mine.read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fig.json", "fig.part"]


def test_damaged_lines_gather(lines):
    for number in range(2):
        fill(lines, encoded(1), b"{", b"}" * (number + 1))
        assert lines.rewind(1).startswith("2 lines of ")
    aside = lines.path.parent / "metrics.damaged.jsonl"
    assert aside.read_bytes() == b"{\n}\n{\n}}\n"


def test_a_line_cut_short_is_not_glued_to_the_next(lines):
    lines.append(line(1))
    with lines.path.open("ab") as file:
        file.write(encoded(2)[:10])
    lines.append(line(3))
    assert lines.read() == [line(1), line(3)]


def test_a_last_line_without_its_end_is_whole(lines):
    lines.path.write_bytes(encoded(1) + b"\n" + encoded(2))
    lines.append(line(3))
    assert lines.read() == [line(1), line(2), line(3)]


def test_nothing_is_written_where_nothing_is_forgotten(lines):
    assert lines.rewind(5) is None
    assert not lines.path.exists()
    lines.append(line(5))
    before = contents(lines.path.parent)
    lines.rewind(5)
    assert contents(lines.path.parent) == before
    lines.rewind(0)
    assert lines.read() == []


def test_lines_written_twice_are_read_once(lines):
    again = {"step": 2, "terms": {"loss": -1.0}}
    for each in (line(1), line(2), line(3), again):
        lines.append(each)
    assert lines.read() == [line(1), again, line(3)]


def test_a_full_disk_leaves_whole_lines(lines):
    lines.append(line(1))
    before = contents(lines.path.parent)
    size = lines.path.stat().st_size
    with no_room(size + 5), pytest.raises(OSError, match=r"File too large: '.*metrics.jsonl'"):
        lines.append(line(2))
    assert {path: data for path, (_, data) in contents(lines.path.parent).items()} == {
        path: data for path, (_, data) in before.items()
    }
    lines.append(line(2))
    with no_room():
        lines.rewind(1)  # needs no room
    assert lines.read() == [line(1)]


def test_a_full_disk_leaves_no_file_that_was_not_there(tmp_path):
    with no_room(3):
        with pytest.raises(OSError, match="new"):
            append_whole(tmp_path / "new", b"12345")
        with pytest.raises(OSError, match=r"whole.json"):
            write_whole(tmp_path / "whole.json", "12345")
    assert list(tmp_path.iterdir()) == []
    write_whole(tmp_path / "whole.json", "ä")
    with no_room(3), pytest.raises(OSError, match=r"whole.json"):
        write_whole(tmp_path / "whole.json", "12345")
    assert contents(tmp_path)[tmp_path / "whole.json"][1] == "ä".encode()
    assert len(list(tmp_path.iterdir())) == 1


def test_an_array_is_whole_or_not_there(tmp_path):
    path, array = tmp_path / "a.npy", np.arange(6, dtype=np.float32).reshape(2, 3)
    write_array(path, array)
    found = np.load(path)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == np.float32
    with no_room(100), pytest.raises(OSError, match=r"File too large: '.*a.npy'"):
        write_array(path, np.zeros(1000))
    np.testing.assert_array_equal(np.load(path), array)
    assert list(tmp_path.iterdir()) == [path]
