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

from jaxgan.training import Run


def main(run: tyro.conf.Positional[Path], *, output: Path = Path("estimate.png")) -> None:
    """Draw the critic's estimate.

    Args:
        run: Directory of a run of wgan.py or wgan_gp.py.
        output: Where the picture goes.
    """
    opened = Run.open(run)
    lines = opened.metrics()
    steps = np.array([line["step"] for line in lines])
    estimates = np.array([-line["terms"]["discriminator/adversarial"] for line in lines])
    window = max(3, len(steps) // 20)
    smooth = np.convolve(estimates, np.ones(window) / window, mode="valid")
    frames = sorted(opened.samples.glob("step_*.png"))[1:]
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
    axes.plot(steps, estimates, color="0.8", label="each line of the metrics")
    axes.plot(steps[window // 2 :][: len(smooth)], smooth, label=f"mean of {window}")
    axes.set(xlabel="rounds", ylabel="E D(x) - E D(G(z))", yscale="log")
    axes.legend()
    figure.savefig(output, dpi=110)
    print(f"first {smooth[0]:.3f}, largest {smooth.max():.3f}, last {smooth[-1]:.3f}: {output}")


if __name__ == "__main__":
    tyro.cli(main)
