"""The authors' weights in our experiments: file, verb `import`, verb `translate`, PyTorch's own."""

import importlib

import numpy as np
import pytest
from PIL import Image

from jaxgan import cli

torch = pytest.importorskip("torch")

from experiments.benchmarks import official_twins as official  # noqa: E402

FLAGS = ["--load-size", "32", "--crop-size", "32", "--width", "4"]


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


def test_pix2pix(tmp_path, drawing):
    torch.manual_seed(0)
    twin = official.UNet(5, 3, 3, 4, "batch", 0.0)
    torch.save(twin.state_dict(), tmp_path / "latest_net_G.pth")
    made = tmp_path / "run"
    weights = tmp_path / "latest_net_G.pth"
    assert run("pix2pix", "import", weights, "--directory", made, "--dropout", 0, *FLAGS) == 0
    output = tmp_path / "output"
    assert run("pix2pix", "translate", made, tmp_path / "drawing.png", "--output", output) == 0
    # At a batch of one, the authors' batch statistics in use are those of the image.
    np.testing.assert_allclose(translated(output), torchs(twin.train(), drawing), atol=0.51)


def test_cyclegan_both_ways(tmp_path, drawing):
    torch.manual_seed(0)
    there, back = (official.ResNet(3, 3, 4, 3, "instance", 0.0) for _ in range(2))
    files = [tmp_path / f"latest_net_G_{side}.pth" for side in "AB"]
    for file, twin in zip(files, (there, back), strict=True):
        torch.save(twin.state_dict(), file)
    made = tmp_path / "run"
    arguments = ["import", files[0], "--other", files[1], "--directory", made, *FLAGS]
    assert run("cyclegan", *arguments) == 0
    for side, twin in ("a", there), ("b", back):
        output, picture = tmp_path / side, tmp_path / "drawing.png"
        assert run("cyclegan", "translate", made, picture, "--output", output, "--side", side) == 0
        np.testing.assert_allclose(translated(output), torchs(twin, drawing), atol=0.51)


def test_another_architecture(tmp_path, capsys):
    twin = official.ResNet(3, 3, 4, 2, "instance", 0.0)
    torch.save(twin.state_dict(), tmp_path / "latest_net_G.pth")
    made = tmp_path / "run"
    weights = tmp_path / "latest_net_G.pth"
    assert run("cyclegan", "import", weights, "--directory", made, *FLAGS) == 2
    said = capsys.readouterr().err
    assert "latest_net_G.pth" in said
    assert "missing" in said
    assert not made.exists()
