"""The explorer's page, opened: with a runtime of the test's own, that multiplies."""

import json

import numpy as np
import pytest

from jaxgan.report import (
    Choice,
    Direction,
    Explored,
    FromLatents,
    FromPictures,
    Runtime,
    explorer_page,
)
from tests.browser import quiet_page, shown

RUNTIME = Runtime(
    b"""
export const env = { wasm: {} };
export class Tensor {
  constructor(type, data, dims) { Object.assign(this, { type, data, dims }); }
}
export const InferenceSession = {
  create: async (bytes) => {
    const { name, weight, shape } = JSON.parse(new TextDecoder().decode(bytes));
    const run = async (feeds) => {
      const made = new Float32Array(weight[0].length);
      const { data } = feeds[name];
      const add = (row, i) => row.forEach((value, j) => { made[j] += data[i] * value; });
      weight.forEach(add);
      if (feeds.label) {
        const { data, dims } = feeds.label;
        const sum = data.reduce((sum, y, n) => sum + (n + 1) * y / 4, (dims.length - 1) / 8);
        made.forEach((value, j) => { made[j] = value + sum; });
      }
      return { image: new Tensor("float32", made, shape) };
    };
    return { inputNames: [name, "label"], outputNames: ["image"], run };
  },
};
""",
    b"export default 0;",
    b"",
)
RNG = np.random.default_rng(0)


def network(name, weight, *shape):
    return json.dumps({"name": name, "weight": weight.tolist(), "shape": shape}).encode()


def bytes_of(image):
    return np.clip(np.floor((image + 1) * 127.5 + 0.5), 0, 255)


def opened(page, tmp_path, *given, size=(2, 3)):
    file = tmp_path / "explorer.html"
    explored = Explored("a <run>", "of nothing & nobody", "free", size)
    file.write_text(explorer_page(explored, *given, RUNTIME), encoding="utf-8")
    page.open(file)
    return shown(page)


@pytest.fixture
def page(tmp_path):
    with quiet_page(tmp_path / "profile") as page:
        yield page


def test_labels_of_several_attributes(page, tmp_path):
    weight, latents = RNG.normal(size=(5, 18)) / 8, RNG.normal(size=(1, 5)).astype(np.float32)
    given = FromLatents(latents, labels={"glasses": ("no", "round"), "beard": ("no", "full")})
    opened(page, tmp_path, given, {"make": network("latent", weight, 1, 2, 3, 3)})
    change = """(() => {
      const it = document.querySelector("[aria-label=beard]");
      it.value = "1";
      it.dispatchEvent(new Event("change"));
    })()"""
    expected = bytes_of((latents[0] @ weight + 2 / 4 + 1 / 8).reshape(2, 3, 3))
    np.testing.assert_allclose(shown(page, change), expected, atol=1)


def test_latents_labels_choices_and_directions(page, tmp_path):
    weight = RNG.normal(size=(5, 18)) / 4
    latents = RNG.normal(size=(4, 5)).astype(np.float32)
    latents[:, 3:] = (1, 0)
    vector = RNG.normal(size=5)
    given = FromLatents(
        latents,
        labels=("zero", "</script>"),
        choices=[Choice("kind", 3, 2)],
        directions=[Direction("SeFa", "first", vector, 0.5), Direction("SeFa", "other", vector, 1)],
    )

    def image(latent, label=0):
        return bytes_of((latent @ weight + label / 4).reshape(2, 3, 3))

    seen = opened(page, tmp_path, given, {"make": network("latent", weight, 1, 2, 3, 3)})
    np.testing.assert_allclose(seen, image(latents[0]), atol=1)
    assert page.run("document.title") == "a <run>"
    assert page.run("document.querySelector('footer').textContent") == "free"

    def moved(element, value, event):
        return shown(
            page,
            f"""(() => {{
              const it = document.querySelector('{element}');
              it.value = '{value}';
              it.dispatchEvent(new Event('{event}'));
            }})()""",
        )

    np.testing.assert_allclose(moved("[aria-label=seed]", 2, "change"), image(latents[2]), atol=1)
    by = latents[2] + 0.6 * 0.5 * vector
    np.testing.assert_allclose(moved("[aria-label=first]", 0.6, "input"), image(by), atol=1)
    np.testing.assert_allclose(moved("[aria-label=label]", 1, "change"), image(by, 1), atol=1)
    by[3:] = 0.3 * vector[3:] + (0, 1)
    np.testing.assert_allclose(moved("[aria-label=kind]", 1, "change"), image(by, 1), atol=1)
    past = page.run("document.querySelectorAll('#past canvas').length")
    assert past == 4  # a slider that still moves is nowhere to go back to
    back = shown(page, "document.querySelector('#past').lastChild.click()")
    np.testing.assert_allclose(back, image(latents[0]), atol=1)
    random = shown(
        page,
        """(() => {
          Math.random = () => 0.3;
          [...document.querySelectorAll('button')].find((b) => b.textContent === 'random').click();
        })()""",
    )
    np.testing.assert_allclose(random, image(latents[1]), atol=1)


def test_truncation_and_directions_of_w(page, tmp_path):
    mapping, weight = RNG.normal(size=(3, 8)), RNG.normal(size=(8, 12)) / 9
    mean, vector = RNG.normal(size=4), RNG.normal(size=4)
    latents = RNG.normal(size=(2, 3)).astype(np.float32)
    given = FromLatents(
        latents, style_mean=mean, directions=[Direction("separators", "hat", vector, 2.0)]
    )
    networks = {
        "map": network("latent", mapping, 1, 2, 4),
        "make": network("w", weight, 1, 2, 2, 3),
    }

    def image(psi, by):
        w = (latents[0] @ mapping).reshape(2, 4)
        w = mean + psi * (w - mean) + by * 2 * vector
        return bytes_of((w.ravel() @ weight).reshape(2, 2, 3))

    np.testing.assert_allclose(
        opened(page, tmp_path, given, networks, size=(2, 2)), image(1, 0), atol=1
    )
    seen = shown(page, "explorer.set({ truncation: 0.5, moves: [-1] })")
    np.testing.assert_allclose(seen, image(0.5, -1), atol=1)


def test_a_translation_follows_the_pen(page, tmp_path):
    """Of a network that gives each pixel back, and moves it one to the right."""
    weight = np.kron(np.roll(np.eye(64), 1, axis=1), np.ones((1, 3)))
    examples = np.linspace(-1, 1, 64).reshape(1, 8, 8, 1)
    networks = {"make": network("picture", weight, 1, 8, 8, 3)}
    seen = opened(page, tmp_path, FromPictures(1, examples), networks, size=(8, 8))
    first = bytes_of(np.roll(examples.ravel(), 1).reshape(8, 8, 1))
    np.testing.assert_allclose(seen, np.broadcast_to(first, seen.shape), atol=2)
    white = shown(
        page,
        "[...document.querySelectorAll('button')].find((b) => b.textContent === 'clear').click()",
    )
    assert white.min() == 255
    box = "document.getElementById('draw').getBoundingClientRect()"
    names = ("left", "top", "width", "height")
    left, top, width, height = (page.run(f"{box}.{name}") for name in names)
    at = {"x": left + 3.5 / 8 * width, "y": top + 2.5 / 8 * height, "button": "left"}
    listening = "document.addEventListener('shown', yes, { once: true })"
    page.run(f"void (window.drawn = new Promise((yes) => {listening}))")
    for kind in ("mousePressed", "mouseReleased"):
        page.call("Input.dispatchMouseEvent", type=kind, clickCount=1, buttons=1, **at)
    page.run("window.drawn.then(() => null)")
    drawn = shown(page)
    assert drawn[2, 4].max() < 128  # one to the right of the pen
    assert drawn[6].min() == 255
