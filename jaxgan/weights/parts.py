"""Parts of a file that may be a network each: its containers, and what shares a prefix there."""

import re
from collections.abc import Iterable, Mapping

import numpy as np

_DEEPEST = 4
"""How many words a prefix has at most, as `generator.module._orig_mod.` has three."""

_LONGEST = 80
"""How much of a name a message shows."""

_AVERAGED = {"ema", "average", "averaged", "avg", "shadow", "swa"}
"""Words of names that trainers give to averaged weights."""


def parts_of(
    containers: Mapping[str, Mapping[str, np.ndarray]],
) -> dict[str, dict[str, np.ndarray]]:
    """Every group of tensors in a file that may be a network, without what comes before its keys.

    PyTorch puts `module.` before the keys of a network on several GPUs and `_orig_mod.` before
    those of a compiled one; Lightning, and who saves a module of several networks, an attribute's
    name, as `netG.`; averages lie in containers such as `params_ema`.

    Args:
        containers: tensors by their keys, by the container's name, as of `read_weights`.

    Returns:
        By the part's name, as in `state_dict`, `state_dict/netG.` or, for all of a flat file, "":
        its tensors by what is left of their keys. The work grows with the file alone.

    >>> file = {"state_dict": {"netG.model.1.weight": np.ones(2), "netD.model.0.bias": np.ones(1)}}
    >>> parts_of(file)["state_dict/netG."]
    {'model.1.weight': array([1., 1.])}
    """
    parts: dict[str, dict[str, np.ndarray]] = {}
    for container, tensors in containers.items():
        for key, tensor in tensors.items():
            words = key.split(".", _DEEPEST + 1)
            for cut in range(min(len(words), _DEEPEST + 1)):
                prefix = "".join(f"{word}." for word in words[:cut])
                name = "/".join(part for part in (container, prefix) if part)
                parts.setdefault(name, {})[".".join(words[cut:])] = tensor
    return parts


def chosen_parts(names: Iterable[str], wanted: str | None) -> list[str]:
    """Which of several parts are meant: those of the name that is wanted, else the averaged ones.

    Args:
        names: of parts that would do.
        wanted: a part's name, or some words of it; None where a person names none.

    Returns:
        What is left of the names: one, where that decides; none where no part has the name that is
        wanted.

    >>> chosen_parts(["params", "params_ema"], None)
    ['params_ema']
    >>> chosen_parts(["state_dict/netG_A.", "state_dict/netG_B."], "netG_A")
    ['state_dict/netG_A.']
    """
    if wanted is not None:
        named = _words(wanted)
        return [name for name in names if named in _words(name)]
    names = list(names)
    averaged = [name for name in names if _AVERAGED & set(re.split(r"[^a-z]+", name.lower()))]
    return averaged or names


def short_name(name: str) -> str:
    r"""A key of a file, or a part's name, for a message: a file may have made it of anything.

    >>> short_name("netG."), short_name("two\nlines")
    ('netG.', "'two\\nlines'...")
    """
    return name if len(name) <= _LONGEST and name.isprintable() else f"{name[:_LONGEST]!r}..."


def _words(name: str) -> str:
    """A part's name with a stroke around each of its words."""
    return f"/{name.replace('.', '/').strip('/')}/"
