"""Which sizes of images a network takes."""

from typing import TypeAlias

import jax

Size: TypeAlias = int | tuple[int, int]
"""Height and width of images; one number is both."""


def height_and_width(image_size: Size) -> tuple[int, int]:
    """Both, of one number or two.

    >>> height_and_width(28), height_and_width((96, 128))
    ((28, 28), (96, 128))
    """
    return (image_size, image_size) if isinstance(image_size, int) else image_size


def smallest_maps(image_size: Size, network: str) -> tuple[tuple[int, int], int]:
    """How often images can be halved until 4 to 7 pixels of their smaller side are left.

    Args:
        image_size: of the images.
        network: what refuses other sizes, as "a DCGAN".

    Returns:
        Height and width of what is left, and how often both were halved, 1 or more.

    Raises:
        ValueError: where it is not once, or a half is not whole; names a size that is near.

    >>> smallest_maps(28, "a DCGAN"), smallest_maps((96, 128), "a DCGAN")
    (((7, 7), 2), ((6, 8), 4))
    """
    sides = height_and_width(image_size)
    halvings = max(1, (min(sides) // 4).bit_length() - 1)
    unit = 1 << halvings
    if min(sides) >= 4 * unit and all(side % unit == 0 for side in sides):
        return (sides[0] // unit, sides[1] // unit), halvings
    raise ValueError(
        f"{network} cannot make images of size {in_words(image_size)}: take {near_size(sides)}, or "
        "others whose smaller side is 4 to 7 times a power of two (28, 32, 40, 48, 64, ...) and "
        "whose other side is a multiple of that power"
    )


def near_size(sides: tuple[int, int], *, unit: int = 2) -> str:
    """A size near another that can be halved until 4 to 7 pixels of its smaller side are left.

    Args:
        sides: height and width.
        unit: what both are multiples of at least, a power of two.

    >>> near_size((100, 130)), near_size((250, 250)), near_size((120, 144))
    ('96x128', '256', '112x144')
    """
    unit = max(unit, 1 << max(0, (min(sides) // 4).bit_length() - 1))
    counts = [max(4, (side + unit // 2) // unit) for side in sides]
    if min(counts) == 8 and any(count % 2 for count in counts):
        counts = [7 if count == 8 else count for count in counts]
    height, width = (count * unit for count in counts)
    return in_words((height, width))


def check_image_size(images: jax.Array, image_size: Size, network: str) -> None:
    """Refuse images of another size than a network was made for.

    Args:
        images: `[B, H, W, C]`.
        image_size: what the network was made for.
        network: what it is, as "a discriminator".

    Raises:
        ValueError: where they are of another.
    """
    if images.shape[1:3] != height_and_width(image_size):
        raise ValueError(
            f"images of {images.shape[1]}x{images.shape[2]} came to {network} of "
            f"image_size={image_size}: make the two agree"
        )


def in_words(image_size: Size) -> str:
    """A size as people write it.

    >>> in_words(28), in_words((28, 28)), in_words((96, 128))
    ('28', '28', '96x128')
    """
    height, width = height_and_width(image_size)
    return str(height) if height == width else f"{height}x{width}"


def check_multiple(images: jax.Array, multiple: int, least: int) -> None:
    """Refuse images whose height or width is no multiple; says which sizes are near.

    Args:
        images: `[B, H, W, C]`.
        multiple: what H and W have to be multiples of.
        least: the smallest H and W, a multiple.

    Raises:
        ValueError: where they are not, or are smaller.
    """
    height, width = images.shape[1:3]
    if all(size >= least and size % multiple == 0 for size in (height, width)):
        return

    def near(size: int) -> str:
        below = max(least, size // multiple * multiple)
        above = max(least, -(-size // multiple) * multiple)
        return str(below) if below == above else f"{below} or {above}"

    both = near(height) == near(width)
    take = near(height) if both else f"a height of {near(height)} and a width of {near(width)}"
    raise ValueError(
        f"images of {height}x{width} do not fit a network whose sizes are multiples of {multiple} "
        f"from {least} on: take {take}"
    )


def doublings(image_size: Size, base: tuple[int, int]) -> int:
    """How often a base is doubled to make images of a size.

    Raises:
        ValueError: where it is not once or more.

    >>> doublings(32, (4, 4)), doublings((96, 128), (3, 4))
    (3, 5)
    """
    sides = height_and_width(image_size)
    if min(base) < 1:
        raise ValueError(f"a base of {base[0]}x{base[1]} has no pixels: give one such as 4x4")
    count = max(0, (sides[0] // base[0]).bit_length() - 1)
    if count < 1 or tuple(side << count for side in base) != sides:
        raise ValueError(
            f"a StyleGAN that starts from {in_words(base)} makes no images of size "
            f"{in_words(image_size)}: give base and image_size such that one is the other times "
            "2, 4, 8, ..."
        )
    return count


def stage_widths(last: int, channel_base: int, channel_max: int) -> tuple[int, ...]:
    """Channels at the base and after each of `last` doublings: `channel_base` over 4, 8, ...

    Raises:
        ValueError: where no channel is left.

    >>> stage_widths(3, 1024, 128)
    (128, 128, 64, 32)
    """
    largest = 4 << last
    if min(channel_base // largest, channel_max) < 1:
        raise ValueError(
            f"channel_base={channel_base} and channel_max={channel_max} leave no channel at "
            f"resolution {largest}: give {largest} or more, and 1 or more"
        )
    return tuple(min(channel_base // (4 << n), channel_max) for n in range(last + 1))
