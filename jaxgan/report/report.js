// The page of `report`: curves drawn out of numbers, and pictures of samples by their steps.
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const colours = 6;

function made(kind, properties = {}, ...children) {
  const element = Object.assign(document.createElement(kind), properties);
  element.append(...children);
  return element;
}

// Numbers, for people.

function told(value) {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2).replace("e+", "e");
  return size >= 1000 ? Math.round(value).toLocaleString("en") : String(Number(value.toPrecision(3)));
}

const count = (step) => step.toLocaleString("en");

function ticks(low, high, most) {
  const rough = (high - low) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((unit) => unit * power >= rough) * power;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++) found.push(Number((i * step).toPrecision(12)));
  return found;
}

function powers(low, high) {
  const first = Math.floor(Math.log10(low)), last = Math.ceil(Math.log10(high)), found = [];
  const units = last - first > 2 ? [1] : [1, 2, 5], every = Math.ceil((last - first) / 5);
  for (let power = first; power <= last; power += every) for (const unit of units) found.push(unit * 10 ** power);
  return found.filter((value) => value >= low && value <= high);
}

// Curves: of each group the mean of its runs, and from the least to the greatest of them.

const view = { log: false, smooth: 0, step: null };
const plain = { log: false, smooth: 0 };

function smoothed(values, by) {
  if (by === 0) return values;
  let sum = 0, weight = 0;
  return values.map((value) => {
    if (value === null) return null;
    sum = by * sum + (1 - by) * value;
    weight = by * weight + (1 - by);
    return sum / weight;
  });
}

function summed(runs, by) {
  const lines = runs.map((run) => smoothed(run, by));
  return runs[0].map((_, i) => {
    const there = lines.map((line) => line[i]).filter((value) => value !== null);
    if (!there.length) return null;
    const mean = there.reduce((sum, value) => sum + value / there.length, 0);
    return { mean, low: Math.min(...there), high: Math.max(...there) };
  });
}

/** Stretches of points without a gap. */
function stretches(points) {
  const found = [];
  let open = null;
  points.forEach((point, i) => {
    if (point === null) open = null;
    else if (open) open.push(i);
    else found.push((open = [i]));
  });
  return found;
}

/** Smoothed and logarithmic as `how` says now. */
function chart(player, own, steps, groups, how) {
  const name = player ? `${player}/${own}` : own;
  const output = made("output", { ariaLive: "off" });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.tabIndex = 0;
  svg.setAttribute("role", "img");
  const title = made("b", {}, made("span", { className: "pale", textContent: player && `${player}/` }), own);
  const figure = made("figure", { className: "chart" }, made("figcaption", {}, title, output), svg);
  const all = [...new Set(steps.flat())].sort((a, b) => a - b);
  let curves = [], x = () => 0, width = 0;

  function draw() {
    curves = groups.map((runs) => summed(runs, how.smooth));
    const flat = curves.flat().filter((point) => point !== null);
    const drawnRaw = how.smooth > 0 ? groups.filter((runs) => runs.length === 1).flat(2).filter((v) => v !== null) : [];
    let low = Math.min(...flat.map((p) => p.low), ...drawnRaw), high = Math.max(...flat.map((p) => p.high), ...drawnRaw);
    const log = how.log && low > 0;
    if (low === high) [low, high] = log ? [low / 2, high * 2] : [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2];
    else if (!log) [low, high] = [low - (high - low) / 20, high + (high - low) / 20];
    const scale = log ? Math.log10 : (value) => value;
    width = svg.clientWidth || 320;
    const height = 168, left = 48, right = 6, top = 8, bottom = 20;
    const last = all.at(-1), first = all[0] < 0.2 * last ? 0 : all[0];
    x = (step) => left + ((width - left - right) * (step - first)) / (last - first || 1);
    const y = (value) => height - bottom - ((height - top - bottom) * (scale(value) - scale(low))) / (scale(high) - scale(low));
    const parts = [];
    for (const value of log ? powers(low, high) : ticks(low, high, 5)) {
      parts.push(`<line class="grid" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/>`);
      parts.push(`<text x="${left - 8}" y="${y(value) + 4}" text-anchor="end">${told(value)}</text>`);
    }
    for (const step of ticks(first, last === first ? first + 1 : last, Math.max(2, Math.floor(width / 70)))) {
      if (step > last || step !== Math.round(step)) continue;
      const anchor = x(step) > width - 24 ? "end" : "middle";
      parts.push(`<text x="${anchor === "end" ? width - right : x(step)}" y="${height - 4}" text-anchor="${anchor}">${count(step)}</text>`);
    }
    parts.push(`<line class="axis" x1="${left}" x2="${width - right}" y1="${height - bottom}" y2="${height - bottom}"/>`);
    const path = (kind, places, g) => places.length && parts.push(
      `<path class="${kind}${g >= colours && kind !== "band" ? " dashed" : ""}" style="--tone: var(--tone${g % colours})" d="M${places.map(([a, b]) => `${a.toFixed(1)} ${b.toFixed(1)}`).join("L")}"/>`);
    curves.forEach((points, g) => {
      const dot = (i) => parts.push(`<circle class="dot" style="--tone: var(--tone${g % colours})" cx="${x(steps[g][i])}" cy="${y(points[i].mean)}" r="2.2"/>`);
      for (const stretch of stretches(points)) {
        const place = (what) => (i) => [x(steps[g][i]), y(points[i][what])];
        if (groups[g].length > 1) path("band", [...stretch.map(place("high")), ...stretch.map(place("low")).reverse()], g);
        if (stretch.length === 1) dot(stretch[0]);
        else path("line", stretch.map(place("mean")), g);
      }
      if (how.smooth > 0 && groups[g].length === 1)
        for (const stretch of stretches(groups[g][0])) path("line raw", stretch.map((i) => [x(steps[g][i]), y(groups[g][0][i])]), g);
    });
    svg.innerHTML = `${parts.join("")}<line class="at" y1="${top}" y2="${height - bottom}" visibility="hidden"/>`;
    tell();
  }

  /** Where the pointer is, or at the last step. */
  function tell() {
    const step = view.step === null ? all.at(-1) : all.reduce((a, b) => (Math.abs(b - view.step) < Math.abs(a - view.step) ? b : a));
    const rule = svg.querySelector(".at");
    rule.setAttribute("visibility", view.step === null ? "hidden" : "visible");
    rule.setAttribute("x1", x(step));
    rule.setAttribute("x2", x(step));
    const said = curves.map((points, g) => {
      const i = steps[g].findLastIndex((s) => s <= step), point = points[i];
      if (!point) return "";
      const spread = groups[g].length > 1 && groups.length === 1 ? ` (${told(point.low)} to ${told(point.high)})` : "";
      return made("i", { textContent: told(point.mean) + spread, style: `--tone: var(--tone${g % colours})` });
    });
    output.replaceChildren(...said, view.step === null ? "" : `step ${count(step)}`);
    svg.setAttribute("aria-label", `${name}, steps ${count(all[0])} to ${count(all.at(-1))}: ${output.textContent}; arrow keys go through the steps`);
  }

  svg.onpointermove = (event) => {
    const place = event.clientX - svg.getBoundingClientRect().left;
    go(all.reduce((a, b) => (Math.abs(x(b) - place) < Math.abs(x(a) - place) ? b : a)));
  };
  svg.onpointerleave = () => go(null);
  svg.onfocus = () => { output.ariaLive = "polite"; };
  svg.onblur = () => { output.ariaLive = "off"; go(null); };
  svg.onkeydown = (event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const now = view.step === null ? (by < 0 ? all.length : -1) : all.findIndex((step) => step >= view.step);
    go(all[Math.min(all.length - 1, Math.max(0, now + by))]);
  };
  return { figure, draw, tell };
}

const charts = [];
const go = (step) => { if (step !== view.step) { view.step = step; charts.forEach((one) => one.tell()); } };
const redraw = () => charts.forEach((one) => one.draw());

for (const host of document.querySelectorAll("[data-charts]")) {
  const { steps, curves } = data[host.dataset.charts];
  for (const { player, name, groups } of curves) {
    const one = chart(player, name, steps, groups, host.dataset.charts === "terms" ? view : plain);
    charts.push(one);
    host.append(one.figure);
  }
}
redraw();
if (charts.length) new ResizeObserver(redraw).observe(document.querySelector("[data-charts]"));
at("log")?.addEventListener("change", (event) => { view.log = event.target.checked; redraw(); });
at("smooth")?.addEventListener("input", (event) => { view.smooth = Number(event.target.value); redraw(); });

// Samples: of each run the newest picture at a step.

const images = [...document.querySelectorAll(".strip img")];
const frames = data.strips.map((strip, n) => strip.map(([step, source]) => [step, source ?? images[n].src]));
const moments = [...new Set(frames.flat().map(([step]) => step))].sort((a, b) => a - b);
const slider = at("moment");

function show() {
  const step = moments[slider.value];
  slider.setAttribute("aria-valuetext", `step ${count(step)}`);
  at("step").value = `step ${count(step)}`;
  frames.forEach((strip, n) => {
    const [drawn, source] = strip.findLast(([one]) => one <= step) ?? strip[0];
    if (images[n].src !== source) images[n].src = source;
    images[n].alt = `samples of ${images[n].dataset.run} at step ${count(drawn)}`;
  });
}

if (slider) {
  let playing = null;
  const play = at("play");
  const pause = () => { clearInterval(playing); playing = null; play.textContent = "play"; };
  slider.max = moments.length - 1;
  slider.value = slider.max;
  slider.oninput = () => { pause(); show(); };
  play.onclick = () => {
    if (playing) return pause();
    if (slider.value === slider.max) slider.value = 0;
    play.textContent = "pause";
    playing = setInterval(() => {
      slider.value = Number(slider.value) + 1;
      show();
      if (slider.value === slider.max) pause();
    }, 250);
    show();
  };
  show();
}

// Dark or light: as the system has it, until somebody says otherwise.

const system = matchMedia("(prefers-color-scheme: dark)");
at("theme").onclick = () => {
  const { style } = document.documentElement;
  const dark = (style.colorScheme || (system.matches ? "dark" : "light")) === "dark";
  style.colorScheme = dark ? "light" : "dark";
};
