"""The page of runs: what is in it, by its words and the data that its script draws."""

import base64
import html
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from jaxgan.report import run_report
from jaxgan.report.strips import strip
from tests.browser import quiet_page
from tests.report.runs import evaluated, played, written


def words(page):
    """What a person reads, without the script and what it draws."""
    body = page.partition("<body>")[2].partition("<script")[0]
    return html.unescape(" ".join(re.sub("<[^>]*>", " ", body).split()))


def data(page):
    (told,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    return json.loads(told)


def curve(page, name, kind="terms"):
    (found,) = [
        one for one in data(page)[kind]["curves"] if f"{one['player']}/{one['name']}" == name
    ]
    return found["groups"]


def test_says_all_that_is_known_of_a_run(tmp_path):
    run = played(tmp_path / "run-1", seed=7)
    text = words(run_report([run], title="A <b>title</b>"))
    for told in (
        *("A <b>title</b>", "run-1", "seed 7", "300 steps", "about 30 s", "rate 0.1"),
        *("images. folder none", "schedule. steps 300", "jax 1", run.manifest["digest"]),
        *("python experiments/gan.py train --note 'a b'", "Not evaluated yet"),
    ):
        assert told in text
    assert "interrupted" not in text
    assert "Left out" not in text


def test_the_same_run_gives_the_same_page_and_stays_as_it_was(tmp_path):
    run = played(tmp_path / "run")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert run_report([run]) == run_report([run])
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


def test_says_how_far_a_run_is_that_still_goes_on(tmp_path):
    run = played(tmp_path / "run", last=200, steps=3500)
    assert "step 200 of 3,500, still going or interrupted" in words(run_report([run]))
    run.add_digest({"step": 250, "leaves": {}})  # of a checkpoint, between two lines of metrics
    assert "step 250 of 3,500, still going or interrupted" in words(run_report([run]))


def test_of_a_run_without_anything_yet(tmp_path):
    text = words(run_report([written(tmp_path / "run")]))
    for told in ("There are no metrics yet", "There are no pictures", "step 0 of 300"):
        assert told in text


def test_runs_that_differ_in_their_seeds_are_one_group(tmp_path):
    runs = [played(tmp_path / f"run-{seed}", seed=seed) for seed in (0, 1)]
    page = run_report([*runs, played(tmp_path / "other", rate=0.2)])
    text = words(page)
    assert "3 runs side by side, of 2 configurations" in text
    assert "What differs" in text
    assert re.search(r"setting 2 runs, seeds 0, 1 other rate 0\.1 0\.2", text)
    assert [len(runs) for runs in curve(page, "generator/loss")] == [2, 1]
    alone = words(run_report(runs))
    assert "2 runs that differ in their seeds alone" in alone
    assert "What differs" not in alone


def test_runs_of_one_name_are_told_apart(tmp_path):
    text = words(run_report([played(tmp_path / of / "run", seed=1) for of in ("a", "b")]))
    assert "a/run" in text
    assert "b/run" in text


def test_long_curves_are_thinned_to_means_of_what_is_finite(tmp_path):
    run = written(tmp_path / "run", steps=3000)
    lines = []
    for step in range(1, 2001):
        terms = {"loss": step, "odd": float("nan") if step % 2 else 3.0, "never": float("inf")}
        terms |= {"text": "x", "huge": 10**400, "gap": 1.0 if step > 1000 else float("nan")}
        lines.append(json.dumps({"step": step, "steps_per_second": 5.0, "terms": terms}))
    (run.directory / "metrics.jsonl").write_text("\n".join(lines))
    page = run_report([run])
    assert data(page)["terms"]["steps"] == [list(range(4, 2001, 4))]
    assert curve(page, "/loss")[0][0][:2] == [2.5, 6.5]
    assert set(curve(page, "/odd")[0][0]) == {3.0}
    assert curve(page, "/gap")[0][0] == [None] * 250 + [1.0] * 250
    drawn = {one["name"] for one in data(page)["terms"]["curves"]}
    assert drawn == {"loss", "odd", "gap", "steps per second"}
    assert "mean of up to 4 lines" in words(page)


def test_terms_that_are_the_same_are_drawn_once(tmp_path):
    run = played(tmp_path / "run", terms={"generator/loss": 1.0, "generator/adversarial": 1.0})
    assert curve(run_report([run]), "generator/loss = adversarial") == [[[1.0, 1.0, 1.0]]]


HOSTILE = "</script><script>alert(1)</script>{{data}}\"'"


def test_no_name_can_become_part_of_the_page(tmp_path):
    run = played(
        tmp_path / "run{{script}}<b>",
        terms={HOSTILE: 1.0},
        experiment=HOSTILE,
        classes=[HOSTILE],
        data=HOSTILE,
        environment={HOSTILE: HOSTILE, "command": [HOSTILE]},
    )
    evaluated(run, {HOSTILE: (1.0, 0.5, "lower", {HOSTILE: HOSTILE})}, weights=HOSTILE)
    page = run_report([run])
    assert page.count("<script") == page.count("</script>") == 2
    assert "alert(1)</script>" not in page
    assert [one["name"] for one in data(page)["terms"]["curves"]].count("script>{{data}}\"'") == 1
    assert HOSTILE in words(page)


def test_figures_with_their_error_their_spread_and_their_protocol(tmp_path):
    groups = [
        [played(tmp_path / f"{rate}-{seed}", rate=rate, seed=seed) for seed in (0, 1)]
        for rate in (0.1, 0.2)
    ]
    for runs, offset in zip(groups, (0, 5), strict=True):
        for seed, run in enumerate(runs):
            figures = {
                "FD": (10.0 + 2 * seed + offset, 0.5, "lower", {"k": 1, "weights": str(offset)}),
                "recall": (0.5, None, "higher", {"k": 3 + seed}),
            }
            evaluated(run, figures, step=300, weights="averaged", seed=0)
    text = words(run_report([groups[0][0]]))
    assert "Of step 300, averaged weights, samples of seed 0." in text
    assert "FD ↓ k 1 weights 0 10.00 ± 0.50" in text
    page = run_report([run for runs in groups for run in runs])
    assert re.findall(r'<td class="number">(.*?)</td>', page.partition(">FD")[2])[:2] == [
        "<b>11.0 ± 1.4</b>",
        "16.0 ± 1.4",
    ]
    assert "<title>gan, 4 runs</title>" in page
    assert "0.1-1 12.00 ± 0.50" in words(page)
    # Of other k the values stand side by side, without a mean, and none is best.
    assert page.count('<td class="number">0.5, 0.5</td>') == 2
    assert "The protocols differ (k), so these are not compared." in words(page)


def test_what_differs_in_one_column_leaves_another_its_mean(tmp_path):
    runs = [played(tmp_path / str(seed), seed=seed) for seed in (0, 1)]
    for seed, run in enumerate(runs):
        evaluated(run, {"FD": (1.0, None, "lower", {"reals": 10 + seed})}, step=300)
        evaluated(run, {"FD": (2.0 + 2 * seed, None, "lower", {"reals": 10})}, step=200, best=True)
    row = run_report(runs).partition(">FD")[2]
    cells = re.findall(r'<td class="number">(.*?)</td>', row)
    assert cells[:2] == ["1, 1", "3.0 ± 1.4"]


def test_the_best_checkpoint_beside_the_last(tmp_path):
    run = played(tmp_path / "run")
    evaluated(run, {"FD": (10.0, 0.5, "lower", {})}, step=300)
    evaluated(run, {"FD": (8.0, 0.5, "lower", {})}, step=200, best=True)
    text = words(run_report([run]))
    assert "Last is step 300. Best is step 200." in text
    assert "figure last best FD ↓ 10.00 ± 0.50 8.00 ± 0.50" in text


def test_evaluations_of_the_first_form(tmp_path):
    run = played(tmp_path / "run")
    told = {"step": 300, "seed": 4, "figures": {"typical": 0.852, "bad": float("nan")}}
    (run.directory / "evaluation.json").write_text(json.dumps(told))
    text = words(run_report([run]))
    assert "Of step 300, samples of seed 4. figure value typical 0.852" in text
    assert "1 figure of" in text
    assert "bad" not in text


def test_what_is_damaged_is_left_out_and_said(tmp_path):
    run = played(tmp_path / "run")
    with (run.directory / "metrics.jsonl").open("ab") as file:
        file.write(b'{"step": 400, "ter\n\xff\xfe\n{"step": -1, "terms": {}}\n')
    (run.directory / "evaluation.json").write_text("[1")
    (run.directory / "evaluation-best.json").write_text('{"format": 9, "figures": []}')
    lines = '{"step": 100, "figures": {"FD": 9}}\nnonsense\n{"step": 200, "figures": {"FD": 7}}\n'
    (run.directory / "evaluations.jsonl").write_text(lines)
    (run.directory / "neighbours.png").write_bytes(b"nothing")
    (run.samples / "step_0000300.png").write_bytes(b"nothing")
    page = run_report([run])
    assert curve(page, "/FD", "during") == [[[9, 7]]]
    assert [step for step, _ in data(page)["strips"][0]] == [100, 200]
    text = words(page).partition("Left out")[2]
    for told in (
        f"3 lines of {run.directory / 'metrics.jsonl'} cannot be read and are left out.",
        "evaluation.json is no evaluation",
        "evaluation-best.json is of a newer format",
        "1 line of",
        "neighbours.png is left out",
        "step_0000300.png cannot be read",
    ):
        assert told in text


def test_the_neighbours_of_the_last_and_the_best_state_stand_on_the_page(tmp_path):
    run = played(tmp_path / "run")
    page = run_report([run])
    assert "Nearest neighbours" not in words(page)
    for name in ("neighbours", "neighbours-best"):
        Image.new("RGB", (4, 4)).save(run.directory / f"{name}.png")
    text = words(run_report([run])).partition("Nearest neighbours")[2]
    assert "run, last" in text
    assert "run, best" in text


def test_pictures_are_thinned_and_shrunk_to_what_has_room(tmp_path):
    rng, pictures = np.random.default_rng(0), {}
    for step in range(30):  # noise, which cannot be compressed
        pictures[step] = tmp_path / f"{step}.png"
        pixels = rng.integers(0, 256, (300, 300, 3), np.uint8)
        Image.fromarray(pixels).save(pictures[step], compress_level=1)

    def size_of(address):
        kind, _, file = address.partition(";base64,")
        assert kind == "data:image/webp"
        with Image.open(io.BytesIO(base64.b64decode(file))) as picture:
            return picture.size

    for room, side in ((1_000_000, 300), (200_000, 128)):
        made, notes = strip(pictures, room)
        assert notes == []
        assert (min(made), max(made)) == (0, 29)
        assert 8 <= len(made) < 30
        assert room / 2 < sum(map(len, made.values())) <= room
        assert {size_of(address) for address in made.values()} == {(side, side)}
    assert list(strip(pictures, 10)[0]) == [29]


def test_a_small_run_is_small_and_its_pictures_are_as_they_were(tmp_path):
    run = played(tmp_path / "run")
    page = run_report([run])
    assert len(page) < 100_000
    for step, address in data(page)["strips"][0][:-1]:
        file = base64.b64decode(address.removeprefix("data:image/png;base64,"))
        assert file == run.pictures()[step].read_bytes()


def test_what_does_not_belong_together_is_refused(tmp_path):
    run, other = written(tmp_path / "a"), written(tmp_path / "b", experiment="wgan")
    with pytest.raises(ValueError, match="give one or more"):
        run_report([])
    with pytest.raises(ValueError, match=r"a is a run of gan and .*b one of wgan"):
        run_report([run, other])
    with pytest.raises(ValueError, match=r"a is there twice"):
        run_report([run, run])


@pytest.fixture
def opened(tmp_path):
    """The page of three runs of two groups, in a browser."""
    runs = [
        *(played(tmp_path / f"run-{seed}", seed=seed) for seed in (0, 1)),
        played(
            tmp_path / ("long-" * 20), last=200, rate=0.2, terms={"generator/loss": float("nan")}
        ),
    ]
    evaluated(runs[0], {"FD " * 30: (10.0, 0.5, "lower", {"features": "x" * 200})}, step=300)
    (runs[0].directory / "evaluations.jsonl").write_text('{"step": 100, "figures": {"FD": 9}}\n')
    file = tmp_path / "report.html"
    file.write_text(run_report(runs), encoding="utf-8")
    with quiet_page(tmp_path / "profile") as page:
        page.open(file)
        yield page


def test_in_a_browser(opened):
    def count(what):
        return opened.run(f"document.querySelectorAll('{what}').length")

    # Of the first group there are the losses and the speed, of the second the speed alone.
    assert count("[data-charts=terms] .chart") == 3
    assert count("[data-charts=terms] .line") == 4
    assert count("[data-charts=terms] .band") == 3
    assert count("[data-charts=during] .dot") == 1
    assert opened.run("document.body.innerHTML.includes('NaN')") is False

    brightness = """(() => {
      const canvas = new OffscreenCanvas(1, 1).getContext("2d");
      canvas.drawImage(document.querySelector(".strip img"), 0, 0, 1, 1);
      return canvas.getImageData(0, 0, 1, 1).data[0];
    })()"""
    image = "document.querySelector('.strip img')"
    assert opened.run(brightness) == 255
    opened.run(
        f"""(async () => {{
          const slider = document.getElementById("moment");
          slider.value = 0;
          slider.dispatchEvent(new Event("input"));
          await {image}.decode();
        }})()"""
    )
    assert opened.run(brightness) == 85
    assert opened.run(f"{image}.alt") == "samples of run-0 at step 100"
    assert opened.run("document.getElementById('step').value") == "step 100"

    read = "document.querySelector('.chart:nth-child(2) output').textContent"
    key = "new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true })"
    opened.run(f"document.querySelector('.chart svg').dispatchEvent({key})")
    assert opened.run(read) == "100step 100"  # in all charts at once
    path = "document.querySelector('.chart .line').getAttribute('d')"
    for control, change in (("log", "it.click()"), ("smooth", "it.value = 0.9")):
        before = opened.run(path)
        event = "it.dispatchEvent(new Event('input'))"
        opened.run(f"{{ const it = document.getElementById('{control}'); {change}; {event}; }}")
        assert opened.run(path) != before


def test_dark_and_light(opened):
    colour = "getComputedStyle(document.body).backgroundColor"
    click = "document.getElementById('theme').click()"
    seen = []
    for system in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": system}
        opened.call("Emulation.setEmulatedMedia", features=[feature])
        opened.run("document.documentElement.style.colorScheme = ''")
        seen.append([opened.run(colour), opened.run(click), opened.run(colour)])
        opened.run(click)
        assert opened.run(colour) == seen[-1][0]
    (light, _, dark), other = seen
    assert light != dark
    assert other == [dark, None, light]


def test_no_width_scrolls_sideways(opened):
    opened.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for width in (320, 390, 1200):
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 700}
        opened.call("Emulation.setDeviceMetricsOverride", **size)
        assert opened.run("document.documentElement.scrollWidth") <= width
