// The page of `explore`: a generator in ONNX, moved through its latents, or a translator that is drawn for.
const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const [height, width] = data.size;

// What is embedded: text in base64, gzipped where it is large.

function plain(text) {
  const raw = atob(text), bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i++) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

async function unzipped(text) {
  const stream = new Blob([plain(text)]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

const floats = (text) => new Float32Array(plain(text).buffer);
const linked = (bytes, type = "text/javascript") => URL.createObjectURL(new Blob([bytes], { type }));

// The networks.

let ort;
const networks = {};

async function load() {
  ort = await import(linked(await unzipped(data.runtime.main)));
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = {
    mjs: linked(await unzipped(data.runtime.loader)),
    wasm: linked(await unzipped(data.runtime.wasm), "application/wasm"),
  };
  for (const [name, network] of Object.entries(data.networks))
    networks[name] = await ort.InferenceSession.create(await unzipped(network), { executionProviders: ["wasm"] });
}

async function call(name, inputs) {
  const network = networks[name], feeds = {};
  for (const given of network.inputNames) feeds[given] = inputs[given];
  return (await network.run(feeds))[network.outputNames[0]];
}

const tensor = (values, ...shape) => new ort.Tensor("float32", values, shape);

// Where one is: all that makes the image.

// A label, or one of each attribute.
const several = data.labels && !Array.isArray(data.labels);
const attributes = several ? Object.entries(data.labels) : [["label", data.labels]];
const start = () => ({ latent: null, moves: data.directions.map(() => 0), truncation: 1, labels: attributes.map(() => 0), seed: 0 });
let state = start();
const copied = (other) => ({ ...other, latent: other.latent?.slice(), moves: [...other.moves], labels: [...other.labels] });

function ofSeed(seed) {
  const all = floats(data.latents), size = data.latent;
  return all.slice(seed * size, (seed + 1) * size);
}

function moved(point) {
  data.directions.forEach((direction, n) => {
    if (state.moves[n] === 0) return;
    const vector = floats(direction.vector), by = state.moves[n] * direction.unit;
    for (let i = 0; i < point.length; i++) point[i] += by * vector[i % vector.length];
  });
  return point;
}

async function imageOfLatent() {
  const label = new ort.Tensor("int32", Int32Array.from(state.labels), several ? [1, attributes.length] : [1]);
  const latent = () => tensor(state.latent.slice(), 1, data.latent);
  if (!data.styles) return call("make", { latent: tensor(moved(state.latent.slice()), 1, data.latent), label });
  const w = await call("map", { latent: latent(), label });
  const mean = floats(data.styles.mean), points = Float32Array.from(w.data);
  for (let i = 0; i < points.length; i++) {
    const centre = mean[i % mean.length];
    points[i] = centre + state.truncation * (points[i] - centre);
  }
  return call("make", { w: tensor(moved(points), ...w.dims), label });
}

// Pictures: floats in [-1, 1], by rows, channels last.

function painted(image, canvas) {
  const [, h, w, channels] = image.dims, pixels = new ImageData(w, h);
  for (let i = 0; i < h * w; i++) {
    for (let c = 0; c < 3; c++) {
      const value = image.data[i * channels + (channels < 3 ? 0 : c)];
      pixels.data[4 * i + c] = Math.min(255, Math.max(0, Math.floor((value + 1) * 127.5 + 0.5)));
    }
    pixels.data[4 * i + 3] = channels === 4 ? (image.data[4 * i + 3] + 1) * 127.5 + 0.5 : 255;
  }
  [canvas.width, canvas.height] = [w, h];
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}

function seen() {
  const canvas = at("draw"), channels = data.channels;
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
  const values = new Float32Array(canvas.width * canvas.height * channels);
  for (let i = 0; i < canvas.width * canvas.height; i++) {
    const [r, g, b] = pixels.subarray(4 * i, 4 * i + 3);
    if (channels === 1) values[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b) / 127.5 - 1;
    else for (let c = 0; c < channels; c++) values[i * channels + c] = pixels[4 * i + c] / 127.5 - 1;
  }
  return tensor(values, 1, canvas.height, canvas.width, channels);
}

// One image at a time; what was asked for meanwhile is made when it is done.

let busy = false, asked = false, kept = true;

async function show(keep = true) {
  kept = keep && kept !== null;
  if (busy) return void (asked = true);
  busy = true;
  do {
    asked = false;
    const began = performance.now();
    const image = data.kind === "latents" ? await imageOfLatent() : await call("make", { picture: seen() });
    painted(image, at("image"));
    at("state").textContent = `${Math.max(1, Math.round(performance.now() - began))} ms`;
  } while (asked);
  busy = false;
  if (kept && data.kind === "latents") remember();
  document.dispatchEvent(new Event("shown"));
}

function remember() {
  const canvas = document.createElement("canvas"), then = copied(state);
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").drawImage(at("image"), 0, 0);
  canvas.title = "go back here";
  canvas.onclick = () => { state = copied(then); told(); show(false); };
  at("past").prepend(canvas);
  while (at("past").children.length > 60) at("past").lastChild.remove();
}

// What a person can do.

const tellers = [];
const told = () => tellers.forEach((tell) => tell());

function made(kind, properties = {}, ...children) {
  const element = Object.assign(document.createElement(kind), properties);
  element.append(...children);
  return element;
}

function slider(name, low, high, read, write) {
  const range = made("input", { type: "range", min: low, max: high, step: (high - low) / 200, ariaLabel: name });
  const output = made("output");
  range.oninput = () => { write(Number(range.value)); output.value = Number(range.value).toFixed(2); show(false); };
  range.onchange = () => show();
  range.ondblclick = () => { write(name === "truncation" ? 1 : 0); told(); show(); };
  tellers.push(() => { range.value = read(); output.value = read().toFixed(2); });
  return made("div", { className: "row" }, made("label", { textContent: name, title: name }), range, output);
}

const button = (name, does) => made("button", { type: "button", textContent: name, onclick: does });

function save() {
  at("image").toBlob((blob) => {
    const link = made("a", { href: URL.createObjectURL(blob), download: `${data.title}.png` });
    link.click();
  });
}

function chosen(choice) {
  const select = made("select", { ariaLabel: choice.name }, ...Array.from({ length: choice.size }, (_, n) => new Option(n, n)));
  select.onchange = () => { state.latent.fill(0, choice.first, choice.first + choice.size)[choice.first + Number(select.value)] = 1; show(); };
  tellers.push(() => { select.value = state.latent.subarray(choice.first, choice.first + choice.size).indexOf(1); });
  return made("div", { className: "row" }, made("label", { textContent: choice.name }), select);
}

function latentPanel(panel) {
  const seed = made("input", { type: "number", min: 0, max: data.seeds - 1, value: 0, ariaLabel: "seed" });
  const take = (number) => {
    [state.seed, state.latent] = [number, ofSeed(number)];
    told();
    show();
  };
  seed.onchange = () => take(Math.min(data.seeds - 1, Math.max(0, Math.round(Number(seed.value)) || 0)));
  tellers.push(() => { seed.value = state.seed; });
  const random = button("random", () => take(Math.floor(data.seeds * Math.random())));
  const back = button("straight", () => { state.moves.fill(0); state.truncation = 1; told(); show(); });
  panel.append(made("div", { className: "bar" }, "seed ", seed, random, back, button("save", save)));
  if (data.labels) attributes.forEach(([attribute, names], n) => {
    const label = made("select", { ariaLabel: attribute }, ...names.map((name, number) => new Option(name, number)));
    label.onchange = () => { state.labels[n] = Number(label.value); show(); };
    tellers.push(() => { label.value = state.labels[n]; });
    panel.append(made("div", { className: "row" }, made("label", { textContent: attribute }), label));
  });
  for (const choice of data.choices) panel.append(chosen(choice));
  if (data.styles)
    panel.append(slider("truncation", 0, 1.5, () => state.truncation, (value) => { state.truncation = value; }));
  let group = null;
  data.directions.forEach((direction, n) => {
    if (direction.group !== group) panel.append(made("h2", { textContent: (group = direction.group) }));
    panel.append(slider(direction.name, -3, 3, () => state.moves[n], (value) => { state.moves[n] = value; }));
  });
}

function drawingPanel(panel) {
  const canvas = at("draw"), pen = canvas.getContext("2d", { willReadFrequently: true });
  at("drawing").hidden = false;
  [canvas.width, canvas.height] = [width, height];
  const clear = () => { pen.fillStyle = "#fff"; pen.fillRect(0, 0, width, height); show(); };
  const colour = made("input", { type: "color", value: "#000000", ariaLabel: "colour" });
  const thick = made("input", { type: "range", min: 1, max: Math.max(2, width / 8), value: Math.max(1, width / 64), ariaLabel: "width of the pen" });
  let last = null;
  const place = (event) => {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height];
  };
  const stroke = (event) => {
    const here = place(event);
    Object.assign(pen, { strokeStyle: colour.value, lineWidth: Number(thick.value), lineCap: "round" });
    pen.beginPath();
    pen.moveTo(...(last ?? here));
    pen.lineTo(here[0] + 0.01, here[1]); // without a length there is no dot
    pen.stroke();
    last = here;
    show();
  };
  canvas.onpointerdown = (event) => { canvas.setPointerCapture(event.pointerId); last = null; stroke(event); };
  canvas.onpointermove = (event) => { if (event.buttons) stroke(event); };
  canvas.onpointerup = () => { last = null; };
  const file = made("input", { type: "file", accept: "image/*", ariaLabel: "a picture" });
  file.onchange = async () => {
    pen.drawImage(await createImageBitmap(file.files[0]), 0, 0, width, height);
    show();
  };
  panel.append(made("div", { className: "bar" }, colour, thick, button("clear", clear), button("save", save), file));
  const examples = made("div", { className: "bar" });
  data.examples.forEach((text) => {
    const example = made("canvas", { title: "take this" }), values = floats(text);
    painted({ dims: [1, height, width, data.channels], data: values }, example);
    example.style.width = "64px";
    example.onclick = () => { pen.drawImage(example, 0, 0); show(); };
    examples.append(example);
  });
  panel.append(examples);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, width, height);
  if (data.examples.length) pen.drawImage(examples.firstChild, 0, 0);
}

document.querySelector("h1").textContent = document.title = data.title;
at("about").textContent = data.about;
document.querySelector("footer").textContent = data.licence;
const larger = Math.max(1, Math.min(8, Math.floor(Math.min(512, innerWidth - 40) / width)));
for (const canvas of [at("image"), at("draw")])
  Object.assign(canvas.style, { width: `${larger * width}px`, height: `${larger * height}px` });
try {
  await load();
  if (data.kind === "latents") {
    state.latent = ofSeed(0);
    latentPanel(at("panel"));
    told();
  } else drawingPanel(at("panel"));
  await show();
  window.explorer = { get state() { return state; }, set: (values) => { Object.assign(state, values); told(); show(); } };
  dispatchEvent(new Event("explorer"));
} catch (error) {
  at("state").textContent = `this browser cannot run the generator: ${error.message}`;
  throw error;
}
