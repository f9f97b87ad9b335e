"""The authors' weights in our experiments: file, verb `import`, verb `translate`, PyTorch's own."""

import importlib

import numpy as np
import pytest
from PIL import Image

from jaxgan import cli

torch = pytest.importorskip("torch")

from experiments.benchmarks import official_twins as official  # noqa: E402


def run(script, *arguments):
    """What `python experiments/SCRIPT.py ARGUMENTS` does; its exit code."""
    module = importlib.import_module(f"experiments.{script}")
    kind = {"pix2pix": "Pix2Pix", "cyclegan": "CycleGAN"}[script]
    with pytest.raises(SystemExit) as stop:
        cli.main(getattr(module, kind)(), small=module.SMALL, arguments=[*map(str, arguments)])
    return stop.value.code


@pytest.fixture
def drawing(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "drawing.png")
    return pixels


def translated(folder):
    with Image.open(folder / "drawing.png") as image:
        return np.asarray(image, np.float64)


def torchs(twin, pixels):
    """What PyTorch makes of a picture, as bytes."""
    images = torch.from_numpy(np.array(pixels[None])).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.no_grad():
        made = twin(images)[0].permute(1, 2, 0).numpy()
    return (made.astype(np.float64) + 1) * 127.5


TWINS = {
    "U-Net": lambda: official.UNet(5, 3, 3, 4, "batch", 0.0),
    "U-Net, instance norm": lambda: official.UNet(4, 3, 3, 4, "instance", 0.0),
    "ResNet": lambda: official.ResNet(3, 3, 4, 3, "instance", 0.0),
    "ResNet, batch norm": lambda: official.ResNet(3, 3, 4, 1, "batch", 0.0),
    "ResNet, no norm": lambda: official.ResNet(3, 3, 4, 1, "none", 0.0),
}


@pytest.mark.parametrize("script", ["pix2pix", "cyclegan"])
@pytest.mark.parametrize("twin", TWINS.values(), ids=TWINS.keys())
def test_any_generator_without_an_option(tmp_path, drawing, script, twin):
    """But for dropout, which a U-Net's file does not tell, and which no two libraries share."""
    torch.manual_seed(0)
    twin = twin()
    weights, made, output = (tmp_path / name for name in ("latest_net_G.pth", "run", "output"))
    torch.save(twin.state_dict(), weights)
    unet = isinstance(twin, official.UNet)
    assert run(script, "import", weights, "--directory", made, *["--dropout", 0] * unet) == 0
    assert run(script, "translate", made, tmp_path / "drawing.png", "--output", output) == 0
    # At a batch of one, the authors' batch statistics in use are those of the image.
    np.testing.assert_allclose(translated(output), torchs(twin.train(), drawing), atol=0.51)


def test_cyclegan_both_ways(tmp_path, drawing):
    torch.manual_seed(0)
    there, back = (official.ResNet(3, 3, 4, 3, "instance", 0.0) for _ in range(2))
    files = [tmp_path / f"latest_net_G_{side}.pth" for side in "AB"]
    for file, twin in zip(files, (there, back), strict=True):
        torch.save(twin.state_dict(), file)
    made = tmp_path / "run"
    assert run("cyclegan", "import", files[0], "--other", files[1], "--directory", made) == 0
    for side, twin in ("a", there), ("b", back):
        output, picture = tmp_path / side, tmp_path / "drawing.png"
        assert run("cyclegan", "translate", made, picture, "--output", output, "--side", side) == 0
        np.testing.assert_allclose(translated(output), torchs(twin, drawing), atol=0.51)


def test_another_architecture_than_is_asked_for(tmp_path, capsys):
    twin = official.ResNet(3, 3, 4, 2, "instance", 0.0)
    torch.save(twin.state_dict(), tmp_path / "latest_net_G.pth")
    made = tmp_path / "run"
    weights = tmp_path / "latest_net_G.pth"
    assert run("cyclegan", "import", weights, "--directory", made, "--blocks", 3) == 2
    assert "--blocks 3 contradicts the files, which need 2" in capsys.readouterr().err
    assert not made.exists()
