"use strict";
// What a page without scripts cannot do: uploads with progress, results that are alive, shortcuts.
const root = document.documentElement;
root.classList.add("js");
const one = (what, within = document) => within.querySelector(what);
const all = (what, within = document) => [...within.querySelectorAll(what)];
const say = (text) => { const place = one("#said"); if (place) place.textContent = text; };

// Uploads, one after the other.
const uploads = one("#uploads");
const optionsOf = () => {
  const chosen = {};
  if (one("#fpr").value) chosen.fpr = Number(one("#fpr").value);
  if (one("#pdf").checked) chosen.pdf = true;
  return JSON.stringify(chosen);
};
function send(file) {
  const line = document.createElement("li");
  const name = line.appendChild(document.createElement("bdi"));
  name.textContent = file.name;
  const bar = line.appendChild(document.createElement("progress"));
  bar.max = 1;
  bar.setAttribute("aria-label", `Upload of ${file.name}`);
  uploads.append(line);
  return new Promise((done) => {
    const form = new FormData();
    form.append("options", optionsOf());
    form.append("file", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/jobs");
    request.upload.onprogress = (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; };
    request.onloadend = () => {
      bar.remove();
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* no answer came */ }
      const told = line.appendChild(document.createElement("span"));
      if (request.status === 201) {
        const link = document.createElement("a");
        link.href = `/jobs/${answer.id}`;
        link.textContent = "See its result";
        told.append(link);
      } else {
        told.textContent = answer.error ? answer.error.message : "The service does not answer.";
      }
      done(request.status === 201 ? answer.id : "");
    };
    request.send(form);
  });
}
async function sendAll(files) {
  if (!files.length) return;
  let last = "", count = 0;
  for (const file of files) {
    say(`Uploading ${++count} of ${files.length}: ${file.name}`);
    last = (await send(file)) || last;
    if (one("#recent")) htmx.trigger("#recent", "refresh");
  }
  say(files.length === 1 ? "" : `${files.length} files were sent.`);
  if (files.length === 1 && last) location.href = `/jobs/${last}`;
}
function entriesOf(entry) {
  if (entry.isFile) return new Promise((done) => entry.file((file) => done([file]), () => done([])));
  const reader = entry.createReader();
  const read = () => new Promise((done) => reader.readEntries(done, () => done([])));
  return (async () => {
    const found = [];
    for (let some = await read(); some.length; some = await read()) {
      for (const inner of some) found.push(...await entriesOf(inner));
    }
    return found;
  })();
}
if (one("#upload")) {
  const drop = one("#drop");
  for (const input of [one("#files"), one("#folder")]) {
    input.addEventListener("change", () => { sendAll([...input.files]); input.value = ""; });
  }
  one("#upload").addEventListener("submit", (event) => event.preventDefault());
  for (const kind of ["dragenter", "dragover"]) {
    drop.addEventListener(kind, (event) => { event.preventDefault(); drop.classList.add("over"); });
  }
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", async (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    sendAll((await Promise.all(entries.map(entriesOf))).flat());
  });
  one("#sample").addEventListener("click", async () => {
    const picture = await (await fetch("/static/sample.jpg")).blob();
    sendAll([new File([picture], "sample.jpg", {type: "image/jpeg"})]);
  });
}

// A job that is under way.
const watched = one("[data-watch]");
if (watched) {
  const source = new EventSource(`/v1/jobs/${watched.dataset.watch}/events`);
  source.addEventListener("job", (event) => {
    const job = JSON.parse(event.data);
    if (!["queued", "running"].includes(job.state)) { source.close(); location.reload(); return; }
    if (job.state === "running" && one("#waiting").textContent === "Waiting") {
      one("#waiting").textContent = "Being judged";
      one("#state").textContent = "The page shows the result as soon as it is there.";
    }
    const {done, total} = job.progress;
    if (total) {
      one("#progress").value = done / total;
      one("#state").textContent = `${done.toFixed(0)} of ${total.toFixed(0)} seconds`;
    }
  });
  source.addEventListener("gone", () => { source.close(); location.href = "/history"; });
}

// The picture: marks of a chosen strength, enlarged.
function paint(canvas, layers, strength) {
  const {x, y, width, height, src} = canvas.dataset;
  const picture = new Image();
  picture.onload = () => {
    canvas.width = picture.width; canvas.height = picture.height;
    const pen = canvas.getContext("2d", { willReadFrequently: true });
    pen.drawImage(picture, 0, 0);
    const pixels = pen.getImageData(0, 0, canvas.width, canvas.height);
    for (let at = 0; at < pixels.data.length; at += 4) {
      const level = pixels.data[at];
      pixels.data.set([255, 40, 0, level], at);
    }
    pen.putImageData(pixels, 0, 0);
  };
  picture.src = src;
  const {width: wide, height: high} = layers.dataset;
  Object.assign(canvas.style, {
    left: `${100 * x / wide}%`, top: `${100 * y / high}%`,
    width: `${100 * width / wide}%`, height: `${100 * height / high}%`, opacity: strength,
  });
}
const layers = one(".layers");
if (layers) {
  const slider = one("#strength");
  const masks = all(".mask", layers);
  masks.forEach((canvas) => paint(canvas, layers, slider ? slider.value / 100 : 0));
  if (slider) slider.addEventListener("input", () => masks.forEach((m) => { m.style.opacity = slider.value / 100; }));
  let zoom = 1;
  all("[data-zoom]").forEach((button) => button.addEventListener("click", () => {
    zoom = Math.min(12, Math.max(1, zoom * Number(button.dataset.zoom)));
    layers.style.width = `${100 * zoom}%`;
  }));
  one("img", layers).addEventListener("error", () => { one(".viewer").hidden = true; });
}

// The player: suspect stretches, single frames, single seconds, the waveform.
const player = one("#player");
let until = Infinity;
function play(from, to) { player.currentTime = from; until = to; player.play(); }
function step(frames) {
  player.pause();
  player.currentTime = Math.max(0, player.currentTime + frames / (Number(one(".viewer").dataset.rate) || 25));
}
async function wave(canvas) {
  const pen = canvas.getContext("2d");
  const data = await (await fetch(player.src)).arrayBuffer();
  const sound = await new OfflineAudioContext(1, 1, 8000).decodeAudioData(data);
  const samples = sound.getChannelData(0);
  const span = Math.max(1, Math.floor(samples.length / canvas.width));
  pen.fillStyle = getComputedStyle(root).getPropertyValue("--s0");
  for (let column = 0; column < canvas.width; column++) {
    let peak = 0;
    for (let at = column * span; at < (column + 1) * span && at < samples.length; at++) peak = Math.max(peak, Math.abs(samples[at]));
    const half = Math.max(0.5, peak * canvas.height / 2);
    pen.fillRect(column, canvas.height / 2 - half, 1, 2 * half);
  }
}
if (player) {
  const viewer = one(".viewer"), lane = one(".lane");
  const length = () => Number(viewer.dataset.seconds) || player.duration || 1;
  all(".spans button").forEach((button) => {
    const from = Number(button.dataset.from), to = Number(button.dataset.to);
    button.addEventListener("click", () => play(from, to));
    const mark = lane.appendChild(document.createElement("span"));
    Object.assign(mark.style, {left: `${100 * from / length()}%`, width: `${100 * (to - from) / length()}%`});
  });
  const now = lane.appendChild(document.createElement("span"));
  now.className = "now";
  player.addEventListener("timeupdate", () => {
    now.style.left = `${100 * player.currentTime / length()}%`;
    if (player.currentTime >= until) { player.pause(); until = Infinity; }
  });
  player.addEventListener("pause", () => { one("#at").textContent = `at ${player.currentTime.toFixed(2)} s`; });
  all("[data-step]").forEach((button) => button.addEventListener("click", () => step(Number(button.dataset.step))));
  one("#second").addEventListener("click", () => { const from = Math.floor(player.currentTime); play(from, from + 1); });
  const canvas = one("#wave");
  if (canvas) {
    canvas.addEventListener("click", (event) => { player.currentTime = length() * event.offsetX / canvas.clientWidth; });
    if (Number(viewer.dataset.bytes) < 30e6) wave(canvas).catch(() => { canvas.hidden = true; });
  }
  player.addEventListener("error", () => { viewer.hidden = true; });
}

// Questions before something is lost, and shortcuts.
all("form[data-confirm]").forEach((form) => form.addEventListener("submit", (event) => {
  if (!confirm(form.dataset.confirm)) event.preventDefault();
}));
const switched = one("#shortcuts");
const off = () => localStorage.getItem("shortcuts") === "off";
if (switched) {
  switched.checked = !off();
  switched.addEventListener("change", () => localStorage.setItem("shortcuts", switched.checked ? "on" : "off"));
}
const keys = {
  u: () => { location.href = "/"; }, h: () => { location.href = "/history"; }, c: () => { location.href = "/compare"; },
  "?": () => { location.href = "/settings#keys"; }, "/": () => (one("#q") ? one("#q").focus() : (location.href = "/history")),
  ",": () => player && step(-1), ".": () => player && step(1),
  p: () => player && (player.paused ? player.play() : player.pause()),
  m: () => { const slider = one("#strength"); if (slider) { slider.value = slider.value > 0 ? 0 : 55; slider.dispatchEvent(new Event("input")); } },
  j: () => rowBy(1), k: () => rowBy(-1),
};
function rowBy(step) {
  const rows = all(".job a");
  const at = rows.indexOf(document.activeElement);
  if (rows.length) rows[Math.min(rows.length - 1, Math.max(0, at + step))].focus();
}
document.addEventListener("keydown", (event) => {
  if (off() || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea, video, audio")) return;
  if (Object.hasOwn(keys, event.key)) { event.preventDefault(); keys[event.key](); }
});
