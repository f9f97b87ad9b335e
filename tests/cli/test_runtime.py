"""The runtime of ONNX in a browser: where it is found, and what is said where it is not."""

import hashlib
import stat
import sys

import pytest

from jaxgan.cli import runtime
from jaxgan.training import RunError

CONTENTS = {name: f"this is {name}".encode() for name in runtime.FILES}


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    digests = {name: hashlib.sha256(file).hexdigest() for name, file in CONTENTS.items()}
    monkeypatch.setattr(runtime, "FILES", digests)


def npm(tmp_path, monkeypatch, script):
    """The only program that is found: a script in Python."""
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "npm"
    program.write_text(f"#!{sys.executable}\n{script}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder))


PACKS = """
import io, sys, tarfile
_, pack, package, flag, place = sys.argv
assert (pack, flag) == ("pack", "--pack-destination"), sys.argv
with tarfile.open(f"{place}/a.tgz", "w:gz") as archive:
    for name, text in %r.items():
        info = tarfile.TarInfo("package/dist/" + name)
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
"""


def test_npm_fetches_it_once(tmp_path, monkeypatch, capsys):
    npm(tmp_path, monkeypatch, PACKS % CONTENTS)
    assert runtime.find_runtime(None) == tuple(CONTENTS.values())
    assert "once" in capsys.readouterr().out
    npm(tmp_path, monkeypatch, "raise SystemExit(1)")
    assert runtime.find_runtime(None) == tuple(CONTENTS.values())
    assert capsys.readouterr().out == ""
    (kept,) = (tmp_path / "cache" / "jaxgan").iterdir()
    (kept / "ort.wasm.min.mjs").write_text("damaged")
    npm(tmp_path, monkeypatch, PACKS % CONTENTS)
    assert runtime.find_runtime(None) == tuple(CONTENTS.values())


def test_what_is_not_the_package(tmp_path, monkeypatch):
    npm(tmp_path, monkeypatch, PACKS % (CONTENTS | {"ort.wasm.min.mjs": b"another"}))
    with pytest.raises(RunError, match=r"ort\.wasm\.min\.mjs of onnxruntime-web .* is not"):
        runtime.find_runtime(None)
    npm(tmp_path, monkeypatch, PACKS % {})
    with pytest.raises(RunError, match=r"ort\.wasm\.min\.mjs of onnxruntime-web .* is not"):
        runtime.find_runtime(None)
    assert not (tmp_path / "cache").exists()


def test_without_npm_or_network(tmp_path, monkeypatch):
    npm(tmp_path, monkeypatch, "import sys; sys.exit('ENOTFOUND\\nand more')")
    with pytest.raises(RunError, match=r"\(ENOTFOUND\): try again with a network"):
        runtime.find_runtime(None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunError, match=r"install Node\.js, or give --runtime"):
        runtime.find_runtime(None)


def test_a_folder_of_ones_own(tmp_path):
    with pytest.raises(RunError, match="has not the files ort"):
        runtime.find_runtime(tmp_path)
    dist = tmp_path / "node_modules" / "onnxruntime-web" / "dist"
    dist.mkdir(parents=True)
    for name, file in CONTENTS.items():
        (dist / name).write_bytes(file)
    for folder in (tmp_path, dist, dist.parent):
        assert runtime.find_runtime(folder) == tuple(CONTENTS.values())
