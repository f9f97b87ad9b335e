"""The explorer: a page in which a generator itself runs, as ONNX in WebAssembly.

`explorer.html` is the page and `explorer.js` what it does; here they get what is theirs: networks
and runtime, gzipped, and numbers, all in base64, so that the page is one file.
"""

import base64
import gzip
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, NamedTuple

import numpy as np


class Runtime(NamedTuple):
    """The files of onnxruntime-web that a page needs, for WebAssembly alone.

    Attributes:
        main: ort.wasm.min.mjs.
        loader: ort-wasm-simd-threaded.mjs.
        wasm: ort-wasm-simd-threaded.wasm.
    """

    main: bytes
    loader: bytes
    wasm: bytes


class Direction(NamedTuple):
    """Where a slider goes.

    Attributes:
        group: the heading that it stands under.
        name: what it says.
        vector: `[D]` floats, as long as a latent, or as a w where there are styles.
        unit: what one step of the slider multiplies the vector by; it goes from -3 to 3.
    """

    group: str
    name: str
    vector: np.ndarray
    unit: float


class Choice(NamedTuple):
    """Numbers of the latent of which one is 1 and the others are 0.

    Attributes:
        name: what it says.
        first: their place in the latent.
        size: how many there are.
    """

    name: str
    first: int
    size: int


@dataclass(frozen=True)
class FromLatents:
    """What a page of a generator from latents holds besides networks.

    Its network `make` takes `latent` `[1, Z]`, or `w` `[1, L, W]` where there is `style_mean`: then
    its network `map` gives w of `latent`. Both may take `label` `[1]` int32 too, or `[1, A]`.

    Attributes:
        latents: of the seeds 0, 1, 2, ..., `[S, Z]` floats.
        labels: their names, where images are made to labels; or those of each attribute.
        choices: of the latent.
        style_mean: the mean of w, `[W]`, which truncation draws to.
        directions: sliders, in their groups' order.
    """

    latents: np.ndarray
    labels: Sequence[str] | Mapping[str, Sequence[str]] | None = None
    choices: Sequence[Choice] = ()
    style_mean: np.ndarray | None = None
    directions: Sequence[Direction] = ()


@dataclass(frozen=True)
class FromPictures:
    """What a page of a translator holds besides its network, `make`, which takes `picture`.

    Attributes:
        channels: of the pictures that it takes.
        examples: some of them, `[N, H, W, C]` floats in [-1, 1].
    """

    channels: int
    examples: np.ndarray


class Explored(NamedTuple):
    """What every page says.

    Attributes:
        title: its name.
        about: what the generator is, in a line.
        licence: of what it was trained on; "" where nothing is to be said.
        image_size: height and width of images.
    """

    title: str
    about: str
    licence: str
    image_size: tuple[int, int]


def explorer_page(
    explored: Explored,
    given: FromLatents | FromPictures,
    networks: Mapping[str, bytes],
    runtime: Runtime,
) -> str:
    """The page, which opens from a file and asks nobody for anything.

    Args:
        explored: what it says.
        given: what images are made of.
        networks: in ONNX, by name: `make`, and `map` where there are styles. Images are
            `[1, H, W, C]` float32 in [-1, 1].
        runtime: that they run in.

    Returns:
        HTML.
    """
    data = {
        "title": explored.title,
        "about": explored.about,
        "licence": explored.licence,
        "size": explored.image_size,
        "runtime": {name: _zipped(file) for name, file in runtime._asdict().items()},
        "networks": {name: _zipped(network) for name, network in networks.items()},
        **(_of_latents(given) if isinstance(given, FromLatents) else _of_pictures(given)),
    }
    folder = resources.files("jaxgan.report")
    page, script = ((folder / f"explorer.{kind}").read_text("utf-8") for kind in ("html", "js"))
    page = page.replace("{{title}}", html.escape(explored.title)).replace("{{script}}", script)
    # Last, as its letters are anybody's; nothing in it may end the element.
    return page.replace("{{data}}", json.dumps(data).replace("<", "\\u003c"))


def _of_latents(given: FromLatents) -> dict[str, Any]:
    count, size = given.latents.shape
    labels = given.labels
    return {
        "kind": "latents",
        "latent": size,
        "seeds": count,
        "latents": _floats(given.latents),
        "labels": dict(labels) if isinstance(labels, Mapping) else labels and list(labels),
        "choices": [choice._asdict() for choice in given.choices],
        "styles": None if given.style_mean is None else {"mean": _floats(given.style_mean)},
        "directions": [
            direction._asdict() | {"vector": _floats(direction.vector)}
            for direction in given.directions
        ],
    }


def _of_pictures(given: FromPictures) -> dict[str, Any]:
    return {
        "kind": "pictures",
        "channels": given.channels,
        "examples": [_floats(example) for example in given.examples],
        "directions": [],
    }


def _floats(array: np.ndarray) -> str:
    return base64.b64encode(np.asarray(array, "<f4").tobytes()).decode()


def _zipped(file: bytes) -> str:
    return base64.b64encode(gzip.compress(file, mtime=0)).decode()
