"""The verbs that use what was trained, here or elsewhere, and their flags."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import tyro

from jaxgan.cli.arithmetic import arithmetic_verb
from jaxgan.cli.blend import blend_verb
from jaxgan.cli.compare import compare_verb
from jaxgan.cli.evaluate import evaluate_verb
from jaxgan.cli.explore import latents_explorer, pictures_explorer
from jaxgan.cli.export import export_verbs
from jaxgan.cli.fitting import Fit
from jaxgan.cli.imports import import_files, import_run
from jaxgan.cli.interpolate import interpolate_verb
from jaxgan.cli.mixing import mixing_verbs
from jaxgan.cli.networks import networks_verb
from jaxgan.cli.preset import PresetFlag
from jaxgan.cli.project import project_verb
from jaxgan.cli.report import report_verb
from jaxgan.cli.sample import Asked, sample_run
from jaxgan.cli.training import Directory
from jaxgan.cli.translate import translate_run
from jaxgan.cli.traverse import traverse_verb
from jaxgan.data import Size, ValueRange
from jaxgan.training import (
    UNMOVED,
    Blends,
    Evaluates,
    Experiment,
    Generates,
    Imports,
    ImportsNetworks,
    Moved,
    Styled,
    Translates,
)


def using_verbs(
    default: Experiment, name: str, *, preset_flag: PresetFlag, named: set[str]
) -> dict[str, Callable[..., int]]:
    """`sample`, and of the other verbs that use a run those that the experiment can do.

    Args:
        default: the values of fields that have no flag.
        name: of the experiment.
        preset_flag: what `--preset` takes.
        named: fields whose flags a person gave.
    """
    kind: Any = type(default)

    def sample(
        directory: Directory,
        moved: Annotated[Moved, tyro.conf.arg(name="")] = UNMOVED,
        *,
        count: int | None = None,
        label: str | None = None,
        truncation: float | None = None,
        truncation_cutoff: int | None = None,
        step: int | None = None,
        seed: int | None = None,
        seeds: str | None = None,
        latents: Path | None = None,
        output: Path | None = None,
    ) -> int:
        """Draw pictures from a run's checkpoint, and write what they are made of beside them.

        Args:
            directory: The run's.
            moved: Where the data are now.
            count: How many pictures of one seed; 100 where nothing is said.
            label: Of all the pictures, in a run of a conditional GAN: a class by its number, from
                0, or by its name; or labels of several attributes, as in glasses=yes,beard=no.
                Attributes that are not named are as in the first picture of all.
            truncation: Of images that are made of styles, psi: 1 leaves them, less draws them
                towards the mean image (as in 0.7), which 0 is.
            truncation_cutoff: How many layers are truncated, the first ones; all where none is
                said.
            step: Of the checkpoint; the newest where none is said.
            seed: Of the latents: the same seed gives the same pictures, however many; 0 where
                nothing is said.
            seeds: Instead of --count and --seed, a picture of each, as in 0-99 or 0,3,7-9: named
                after its seed, and the same whichever others are drawn.
            latents: Instead, a file of NumPy's, such as latents.npy beside pictures of sample: of
                latents [N, Z], with the labels of labels.npy beside it or --label; or of styles
                [N, L, W], [N, 1, W], or [N, W] where W is not Z.
            output: A new folder for them; DIRECTORY/generated/seed_SEED where none is named, or
                seeds_SEEDS, seed_SEED_label_LABEL, and so on.
        """
        return sample_run(
            *(directory, kind, name),
            asked=Asked(count, seed, seeds, latents, label, truncation, truncation_cutoff),
            moved=moved,
            step=step,
            output=output,
        )

    def translate(
        directory: Directory,
        pictures: Annotated[
            tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="PICTURES")
        ],
        *,
        output: Path,
        step: int | None = None,
        side: str | None = None,
        fit: Fit | None = None,
        image_size: Size | None = None,
        value_range: Annotated[ValueRange | None, tyro.conf.arg(name="range")] = None,
        skip_unreadable: bool = False,
        batch_size: int = 8,
        seed: int = 0,
    ) -> int:
        """Translate pictures of any size with a checkpoint of a run; one PNG each, and sheet.png.

        Pictures keep their size. All are decoded first, and nothing is written where one cannot
        be, unless --skip-unreadable is given. What fails later is named at the end, beside what is
        done.

        Args:
            directory: The run's.
            pictures: Files, folders with all that is in them, or quoted patterns, as in "a/**/*".
                What is hidden is passed over in folders and patterns.
            output: A new folder for the translations, which keep the names of their sources.
            step: Of the checkpoint; the newest where none is named.
            side: What the pictures are, as a or b; the first that the run translates from where
                none is named.
            fit: How pictures come to a size that the network takes. pad: they keep their size, with
                mirror images around them that are cut off again. round: resized to the nearest
                size. run: prepared as the run's own pictures. stretch, crop: all of a picture, or
                the centre of it, resized to --image-size. round and stretch are what the authors'
                code does (--preprocess none; and by default). Default: pad; run where there is an
                --image-size, or the network takes one size alone.
            image_size: Pixels on a side, or height and width, as in 96 128 (behind PICTURES): with
                run, stretch and crop the size of all (the run's where none is named), with pad and
                round what pictures have room in, so that they keep their shape.
            value_range: Values of black and white in pictures that have more than 8 bits or are
                floats, such as 0 4095; the run's where none are named, or else the file format's.
            skip_unreadable: Leave out the pictures that cannot be decoded; each is named.
            batch_size: How many pictures of one size are translated at once; fewer where they are
                large.
            seed: Of the generator's own noise, where it has any.
        """
        return translate_run(
            *(directory, kind, name),
            pictures=pictures,
            output=output,
            step=step,
            side=side,
            fit=fit,
            image_size=image_size,
            value_range=value_range,
            skip_unreadable=skip_unreadable,
            batch_size=batch_size,
            seed=seed,
        )

    def import_(
        file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE")],
        experiment: Annotated[kind, tyro.conf.arg(name="")] = default,
        *,
        preset: preset_flag.kind = preset_flag.default,
        directory: Path | None = None,
        other: Path | None = None,
        discriminator: Path | None = None,
        other_discriminator: Path | None = None,
        container: tuple[str, ...] = (),
    ) -> int:
        """Make a run of networks that PyTorch has trained; then translate with it.

        Files are state_dicts, checkpoints that hold some, or safetensors. What they tell of the
        networks (architecture, widths, channels, norm, ...) needs no flags.

        Args:
            file: The generator from a to b, as in latest_net_G.pth or latest_net_G_A.pth.
            experiment: What the networks belong to.
            preset: The defaults of all other flags, as of train.
            directory: Where the run is written; runs/NAME-NUMBER where none is named.
            other: The generator from b to a, where the experiment has one: latest_net_G_B.pth.
            discriminator: That of what FILE makes: latest_net_D.pth or latest_net_D_A.pth.
            other_discriminator: That of what --other makes: latest_net_D_B.pth.
            container: Which part of a file is meant where it holds several networks, as in
                params_ema or state_dict/netG. One for all files, or one for each, in the order
                above.
        """
        del preset  # it has chosen the defaults
        return import_run(
            experiment,
            name,
            files=import_files(file, other, discriminator, other_discriminator, container),
            named=named,
            directory=directory,
        )

    verbs: dict[str, Callable[..., int]] = {"sample": sample, **export_verbs(kind, name)}
    verbs["report"] = report_verb(name)
    if isinstance(default, Generates):
        verbs["interpolate"] = interpolate_verb(kind, name)
        verbs["arithmetic"] = arithmetic_verb(kind, name)
        verbs["traverse"] = traverse_verb(kind, name)
        verbs["project"] = project_verb(kind, name)
        verbs["explore"] = latents_explorer(kind, name)
    if isinstance(default, Styled):
        verbs |= mixing_verbs(kind, name)
    if isinstance(default, Blends):
        verbs["blend"] = blend_verb(kind, name)
    if isinstance(default, Evaluates | Generates):
        verbs["evaluate"] = evaluate_verb(kind, name)
        verbs["compare"] = compare_verb()
    if isinstance(default, Translates):
        verbs["translate"] = translate
        verbs["explore"] = pictures_explorer(kind, name)
    if isinstance(default, Imports):
        verbs["import"] = import_
    elif isinstance(default, ImportsNetworks):
        verbs["import"] = networks_verb(default, name, preset_flag=preset_flag, named=named)
    return verbs
