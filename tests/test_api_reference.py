"""The API reference is whole, and what it lacks is named."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import api_reference

ROOT = Path(__file__).parents[1]


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """Writes a package of one module, and builds its reference."""
    monkeypatch.syspath_prepend(tmp_path)

    def build(name, module, init):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f'"""A package."""\n\n{init}\n')
        (tmp_path / name / "inside.py").write_text(module)
        (page,) = api_reference.build(tmp_path / "pages", name)
        return page.read_text()

    return build


WHOLE = '''"""The module, where $a_real = 1$."""

half = 1 / 2
"""Half of one: $x̂ ← x^10 / 2$."""


def gain(x: float) -> float:
    """Twice a number.

    $$‖y‖ = 2 x, \\\\quad y ~ N(0, I)$$

    Args:
        x: any number, as `$HOME` and `x^2` are code.

    >>> gain(0.5 ** 2)
    0.5
    """
    return 2 * x


def _hidden():
    pass
'''
NAMES = "from {0}.inside import gain as gain\nfrom {0}.inside import half as half"


def test_names_formulas_and_examples_stand_on_the_page(planted):
    page = planted("whole", WHOLE, NAMES.format("whole"))
    for name in ("gain", "half"):
        assert f'<section id="{name}">' in page
    assert "The module, where" in page
    assert page.count("<math") == 3
    assert page.count('display="block"') == 1
    assert "<msub><mi>a</mi><mrow><mtext>real</mtext></mrow></msub>" in page
    assert "<mn>10</mn>" in page
    assert "$HOME" in page
    assert "x^2" in page
    assert ">>> gain(0.5 ** 2)" in html.unescape(re.sub("<[^>]+>", "", page))
    assert "_hidden" not in page


@pytest.mark.parametrize(
    ("name", "old", "new", "sentence"),
    [
        ("bare", '"""Half of one: $x̂ ← x^10 / 2$."""', "", r"bare\.half has no docstring"),
        ("plain", "$a_real = 1$", "‖a‖ = 1", "a formula of plain is not between dollars: .*‖a‖"),
        ("power", "Twice a number.", "x^3, to be exact.", r"a formula of power\.gain is not"),
        ("open", "$a_real = 1$", "$a_real = 1", "a formula of open is not between dollars"),
    ],
)
def test_what_is_missing_is_named(planted, tmp_path, name, old, new, sentence):
    assert old in WHOLE
    with pytest.raises(api_reference.IncompleteError, match=sentence):
        planted(name, WHOLE.replace(old, new), NAMES.format(name))
    assert not (tmp_path / "pages").exists()


def test_a_warning_is_an_error(planted):
    module = WHOLE.replace("x: float", 'x: "Nowhere"')
    with pytest.raises(UserWarning, match="Nowhere"):
        planted("warning", module, NAMES.format("warning"))


@pytest.mark.slow
def test_every_public_name_of_the_library_has_its_place(tmp_path):
    command = [sys.executable, "-W", "error", "-m", "tests.api_reference", tmp_path]
    run = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    assert run.stderr == ""
    names = 0
    for package in (ROOT / "jaxgan").rglob("__init__.py"):
        place = package.parent.relative_to(ROOT)
        page = (tmp_path / place.with_suffix(".html")).read_text()
        for name in re.findall(r"^from .* import \w+ as (\w+)$", package.read_text(), re.M):
            section = page.partition(f'<section id="{name}">')[2].partition("</section>")[0]
            assert '<div class="docstring">' in section, f"{place}: {name}"
            names += 1
        assert "<script src=" not in page.replace("search.js", "")
    assert names > 200
    for room in ("losses", "penalties", "layers", "games", "updates"):
        assert (tmp_path / f"jaxgan/{room}.html").read_text().count("<math") >= 5
    assert (tmp_path / "index.html").exists()
