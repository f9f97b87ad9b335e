"""What a Wasserstein critic estimates through a run, and how the pictures look meanwhile.

python experiments/estimate.py runs/wgan_gp-001 --output estimate.png

E D(x) - E D(G(z)) of the critic of the moment. Under a penalty it is near the earth mover's
distance of reals and fakes (up to the penalty's slack); with clipped weights it is that distance
times a constant which nobody knows, so that only its course through one run can be read (Figure 3
of Arjovsky, Chintala and Bottou, 2017).
"""

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
import tyro
from matplotlib import pyplot
from PIL import Image

from jaxgan.training import Run, RunError

LINES = 3
"""The fewest lines of metrics that have a course."""


def estimates(run: Run) -> tuple[np.ndarray, np.ndarray]:
    """Rounds, and E D(x) - E D(G(z)) at each that has a line of metrics.

    Raises:
        RunError: where the run has no Wasserstein critic, or is too short.
    """
    if run.manifest["experiment"] not in ("wgan", "wgan_gp"):
        raise RunError(
            f"{run.directory} is a run of {run.manifest['experiment']}.py, whose discriminator "
            "estimates no distance: name a run of wgan.py or wgan_gp.py"
        )
    lines = run.metrics()
    if len(lines) < LINES:
        raise RunError(
            f"{run.directory} has {len(lines)} lines of metrics, and a course takes {LINES}: "
            "resume it, or train with a smaller --log-every"
        )
    steps = np.array([line["step"] for line in lines])
    return steps, np.array([-line["terms"]["discriminator/adversarial"] for line in lines])


def main(run: tyro.conf.Positional[Path], *, output: Path = Path("estimate.png")) -> None:
    """Draw the critic's estimate.

    Args:
        run: Directory of a run of wgan.py or wgan_gp.py.
        output: Where the picture goes.
    """
    try:
        if not output.parent.is_dir():
            raise RunError(f"{output.parent} is no folder to write a picture in: name another")
        opened = Run.open(run)
        steps, values = estimates(opened)
    except RunError as error:
        raise SystemExit(f"error: {error}") from None
    window = max(LINES, len(steps) // 20)
    smooth = np.convolve(values, np.ones(window) / window, mode="valid")
    frames = sorted(opened.samples.glob("step_*.png"))
    frames = frames[1:] or frames  # before the first round there is nothing to see
    shown = [frames[index] for index in np.linspace(0, len(frames) - 1, 5).astype(int)]
    figure = pyplot.figure(figsize=(9, 5), layout="constrained")
    halves: Any = figure.subfigures(2, 1, height_ratios=(2, 3))
    pictures, plot = halves
    for axes, frame in zip(pictures.subplots(1, len(shown)), shown, strict=True):
        with Image.open(frame) as sheet:
            corner = sheet.crop((0, 0, sheet.width * 4 // 10, sheet.height * 4 // 10))
        axes.imshow(corner.convert("RGB"))
        axes.set_title(f"round {int(frame.stem.removeprefix('step_'))}", fontsize=9)
        axes.axis("off")
    axes = plot.subplots()
    axes.plot(steps, values, color="0.8", label="each line of the metrics")
    axes.plot(steps[window // 2 :][: len(smooth)], smooth, label=f"mean of {window}")
    axes.set(xlabel="rounds", ylabel="E D(x) - E D(G(z))", yscale="log")
    axes.legend()
    figure.savefig(output, dpi=110)
    print(f"first {smooth[0]:.3f}, largest {smooth.max():.3f}, last {smooth[-1]:.3f}: {output}")


if __name__ == "__main__":
    tyro.cli(main)
