"""The API reference, made from the docstrings: `python -m tests.api_reference FOLDER`.

A page a package: what its `__init__` exports, under the docstrings of the modules that it comes
from. Formulas stand between dollars in the docstrings, as they are read in an editor:

    $s_real - s_fake$          within a sentence
    $$(‖∇s(x̂)‖ - 1)^2$$       on a line of its own

They are set as MathML, which browsers show without a script and without a network. Words of two
letters or more are upright; the rest is LaTeX's.
"""

import argparse
import ast
import importlib
import pkgutil
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import flax.linen as nn
import pdoc
import pdoc.doc
import pdoc.render
import pdoc.render_helpers
from latex2mathml.converter import convert

SIGNS = {
    **{"‖": r"\Vert ", "∇": r"\nabla ", "~": r"\,\sim\,", "←": r"\leftarrow ", "→": r"\to "},
    **{"≥": r"\ge ", "≤": r"\le ", "∈": r"\in ", "Σ": r"\sum ", "…": r"\dots ", "·": r"\cdot "},
}
"""What LaTeX has a command for, and a reader of the docstring a sign."""

FLAX = ("parent", "name", "scope")
"""What every module of Flax has."""

_FORMULA = re.compile(r"(?P<code>`[^`]*`)|\$\$(?P<block>[^$]+)\$\$|\$(?P<inline>[^$\n]+)\$")
_SIGNS_OF_FORMULAS = re.compile(r"[‖∇√]|<-|\b(sqrt|softplus|exp|log)\(|(?<!2)\^|[~∈] [NU]\(")


class IncompleteError(Exception):
    """What is missing in the reference, one sentence a line."""


def to_latex(formula: str) -> str:
    r"""Spell a formula as LaTeX has it.

    >>> print(to_latex("E log softplus(-s_real) ≥ x̂^10"))
    E\,\text{log}\,\text{softplus}(-s_{\text{real}}) \ge  \hat{x}^{10}
    """
    formula = re.sub("(\\w)\u0302", r"\\hat{\1}", formula)
    formula = re.sub(r"([_^])(\d{2,}|[A-Za-z]{2,})", r"\1{\2}", formula)
    formula = re.sub(r"(?<![\\A-Za-z])[A-Za-z]{2,}", r"\\text{\g<0>}", formula)
    # A word does not touch the letters at its sides.
    formula = re.sub(r"(?<=[\w)}|‖]) (?=\\text)|(?<=[A-Za-z]{2}}) (?=[\w\\|‖])", r"\\,", formula)
    return re.sub("|".join(SIGNS), lambda sign: SIGNS[sign[0]], formula)


def set_formulas(docstring: str) -> str:
    """Put MathML where formulas stand, but not in code."""

    def set_one(match: re.Match[str]) -> str:
        if match["code"]:
            return match[0]
        if match["block"]:
            return f"\n\n<p>{convert(to_latex(match['block']), display='block')}</p>\n\n"
        return convert(to_latex(match["inline"]))

    return _FORMULA.sub(set_one, docstring)


def exported(package: str) -> dict[str, str]:
    """The public names of a package, and the module that each comes from."""
    tree = ast.parse(Path(str(importlib.import_module(package).__file__)).read_text())
    names = {
        alias.asname: str(node.module)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    return {name: exported(home).get(name, home) for name, home in names.items()}


def packages(root: str) -> list[str]:
    """A package and all below it."""
    module = importlib.import_module(root)
    below = pkgutil.walk_packages(module.__path__, f"{root}.")
    return [root, *(info.name for info in below if info.ispkg)]


def described(package: str, below: Sequence[str]) -> pdoc.doc.Module:
    """The page of a package: its own docstring, its modules', and its public names."""
    names = exported(package)
    module = importlib.import_module(package)
    module.__all__ = [*names, *(name.rpartition(".")[2] for name in below)]
    page = pdoc.doc.Module(module)
    page.submodules = [pdoc.doc.Module(importlib.import_module(name)) for name in below]
    homes = {home: pdoc.doc.Module(importlib.import_module(home)) for home in names.values()}
    for name, home in names.items():
        if not page.members[name].docstring:  # of a constant: beneath it, where it is defined
            page.members[name].docstring = homes[home].members[name].docstring
    for member in page.members.values():
        if isinstance(member, pdoc.doc.Class):
            tidy(member)
    told = [f"## {home.rpartition('.')[2]}\n\n{doc.docstring}" for home, doc in homes.items()]
    page.docstring = "\n\n".join([page.docstring, *told])
    return page


def tidy(doc: pdoc.doc.Class) -> None:
    """Show of a class what it says of itself: its constructor, and members with docstrings.

    Fields are told of in the class's own docstring, under Attributes.
    """
    fields = getattr(doc.obj, "__dataclass_fields__", {})
    for name, member in list(doc.members.items()):
        told = member.docstring and not member.docstring.startswith("Alias for field number")
        is_default = name in fields and isinstance(member, pdoc.doc.Function)
        if name != "__init__" and (name in FLAX or is_default or not told):
            del doc.members[name]
    if (call := doc.members.get("__call__")) is not None:
        call.docstring += "\n\n@public"  # pdoc's word for a name that it would leave out
    made = doc.members.get("__init__")
    if made is not None and made.docstring.startswith("Create new instance"):
        made.docstring = ""  # of a named tuple: the signature says it
    if made is not None and issubclass(doc.obj, nn.Module):
        own = [value for name, value in made.signature.parameters.items() if name not in FLAX]
        made.signature = made.signature.replace(parameters=own)


def docstrings(page: pdoc.doc.Namespace) -> Iterator[tuple[str, str]]:
    """Every docstring of a page, with the name that it belongs to."""
    yield page.fullname, page.docstring
    for member in page.members.values():
        if isinstance(member, pdoc.doc.Class):
            yield from docstrings(member)
        elif not member.name.startswith("_") or "@public" in member.docstring:
            yield member.fullname, member.docstring


def faults(pages: Mapping[str, pdoc.doc.Module]) -> list[str]:
    """What a reader would miss: names without a docstring, formulas that are not set."""
    found = []
    for package, page in pages.items():
        for name in exported(package):
            if not page.members[name].docstring.strip():
                found.append(f"{package}.{name} has no docstring")
        for name, docstring in docstrings(page):
            without_examples = re.sub(r"^ *(>>>|\.\.\.).*$", "", docstring, flags=re.MULTILINE)
            prose = _FORMULA.sub("", without_examples)
            for line in prose.splitlines():
                if _SIGNS_OF_FORMULAS.search(line) or "$" in line:
                    found.append(f"a formula of {name} is not between dollars: {line.strip()}")
    return found


def build(folder: Path, root: str = "jaxgan") -> list[Path]:
    """Write the reference.

    Args:
        folder: Where its pages go; made where it is not there.
        root: The package.

    Returns:
        The pages.

    Raises:
        IncompleteError: where a name has no docstring or a formula is not set as one.
        Warning: any that pdoc has.
    """
    pdoc.render.configure(docformat="google", show_source=False)
    pdoc.render.env.filters["to_html"] = lambda docstring: pdoc.render_helpers.to_html(
        set_formulas(docstring)
    )
    names = packages(root)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pages = {
            name: described(name, [other for other in names if other.rpartition(".")[0] == name])
            for name in names
        }
        if missing := faults(pages):
            raise IncompleteError("\n".join(missing))
        texts = {
            f"{name.replace('.', '/')}.html": _without_private(pdoc.render.html_module(page, pages))
            for name, page in pages.items()
        }
        others = {
            "index.html": pdoc.render.html_index(pages),
            "search.js": pdoc.render.search_index(pages),
        }
    for name, text in (texts | others).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return [folder / name for name in texts]


def _without_private(html: str) -> str:
    """Give `jax.Array` its name, which signatures show with that of the module it is hidden in."""
    dot = '</span><span class="o">.</span><span class="n">'
    return html.replace(f"jaxlib{dot}_jax{dot}", "").replace("jax.jaxlib._jax.", "jax.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the API reference as HTML.")
    parser.add_argument("folder", type=Path, help="where its pages go")
    folder = parser.parse_args().folder
    print(f"{len(build(folder))} pages: open {folder / 'index.html'}")
