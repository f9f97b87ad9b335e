"""The verb `prepare`: a folder of large pictures, made small once."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import tyro

from jaxgan.cli.command import way_on
from jaxgan.cli.preset import PresetFlag
from jaxgan.data import Images, Sides, Size
from jaxgan.training import Interrupted

Folder: TypeAlias = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FOLDER")]
Flags: TypeAlias = Mapping[str, Size | bool | tuple[float, float] | None]


def prepare_verb(experiment: Any, *, preset_flag: PresetFlag) -> Callable[..., int] | None:
    """The verb for an experiment's kind of images, with its defaults.

    Args:
        experiment: whose images.
        preset_flag: what `--preset` takes.

    Returns:
        A function for the command line; None where the experiment has no images of a folder.
    """
    for choice in vars(experiment).values():
        if isinstance(choice, Images):
            return _of_images(choice, preset_flag)
        if isinstance(choice, Sides):
            return _of_sides(choice, preset_flag)
    return None


def _of_images(images: Images, preset_flag: PresetFlag) -> Callable[..., int]:
    def prepare(
        folder: Folder,
        *,
        output: Path,
        image_size: Size = images.image_size,
        channels: int = images.channels,
        pad: bool = images.pad,
        range: tuple[float, float] | None = images.range,
        skip_unreadable: bool = images.skip_unreadable,
        preset: preset_flag.kind = preset_flag.default,
    ) -> int:
        """Make the pictures of a folder small once: training then starts without decoding them.

        Args:
            folder: Of images, or a zip of them; its sub-folders are the classes, or its
                dataset.json says them.
            output: A new folder for what is prepared, which train takes as --folder; or one that
                was begun, to go on with.
            image_size: Pixels on a side; or height and width, as in 96 128.
            channels: 1 for grey, 3 for RGB, 4 for RGBA.
            pad: Pad images of another shape with black, or with nothing in RGBA, instead of
                cropping their centre.
            range: Values of black and of white in grey pictures of more than eight bits or of
                floats.
            skip_unreadable: Leave out the files of the folder that cannot be decoded.
            preset: The defaults of the other flags, as of train.
        """
        del preset  # it has chosen the defaults
        chosen = dataclasses.replace(
            images,
            image_size=image_size,
            channels=channels,
            pad=pad,
            range=range,
            skip_unreadable=skip_unreadable,
        )
        flags: Flags = {
            "--image-size": image_size,
            "--channels": channels,
            "--pad": pad,
            "--range": range,
        }
        return _prepare(chosen, folder, output, flags)

    return prepare


def _of_sides(sides: Sides, preset_flag: PresetFlag) -> Callable[..., int]:
    def prepare(
        folder: Folder,
        *,
        output: Path,
        load_size: Size = sides.load_size,
        crop_size: Size = sides.crop_size,
        channels: int = max(sides.channels, sides.channels_b or 0),
        stretch: bool = sides.stretch,
        range: tuple[float, float] | None = sides.range,
        skip_unreadable: bool = sides.skip_unreadable,
        preset: preset_flag.kind = preset_flag.default,
    ) -> int:
        """Make the pictures of a folder small once: training then starts without decoding them.

        Args:
            folder: With trainA, trainB, testA and testB in it, or with train and test (or val),
                whose files are pairs side by side; or images of one side.
            output: A new folder for what is prepared, which train takes as --folder (of one side:
                --folder-a or --folder-b); or one that was begun, to go on with.
            load_size: Pixels on a side that images are prepared at for training, or height and
                width.
            crop_size: Pixels on a side that networks see, or height and width: for testing.
            channels: 1 for grey, 3 for RGB, where one of the sides is at least.
            stretch: Stretch images of another shape, instead of cropping their centre.
            range: Values of black and of white in grey pictures of more than eight bits or of
                floats.
            skip_unreadable: Leave out the files of folders that cannot be decoded.
            preset: The defaults of the other flags, as of train.
        """
        del preset  # it has chosen the defaults
        chosen = dataclasses.replace(
            sides,
            load_size=load_size,
            crop_size=crop_size,
            channels=channels,
            stretch=stretch,
            range=range,
            skip_unreadable=skip_unreadable,
        )
        flags: Flags = {
            "--load-size": load_size,
            "--crop-size": crop_size,
            "--channels": channels,
            "--stretch": stretch,
            "--range": range,
        }
        return _prepare(chosen, folder, output, flags)

    return prepare


def _prepare(choice: Images | Sides, folder: Path, output: Path, flags: Flags) -> int:
    try:
        folders = choice.prepare(folder, output)
    except KeyboardInterrupt:
        raise Interrupted(f"stopped; the same command goes on with what is in {output}") from None
    count = sum(len(prepared.plan.names) for prepared in folders)
    print(
        f"{count:,} pictures are prepared in {output}; train on them with: "
        f"{way_on('train', '--folder', output, *_words(flags))}"
    )
    return 0


def _words(flags: Flags) -> list[str]:
    """The flags as they are typed."""
    words: list[str] = []
    for flag, value in flags.items():
        if isinstance(value, bool):
            words.append(flag if value else flag.replace("--", "--no-"))
        elif value is not None:
            numbers = (value,) if isinstance(value, int) else value
            words += [flag, *(f"{number:g}" for number in numbers)]
    return words
