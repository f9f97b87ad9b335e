"""Which sizes of images a network takes."""

import jax


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
