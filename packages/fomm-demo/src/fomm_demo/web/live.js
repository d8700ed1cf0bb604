"use strict";
// The live picture: sends the camera's newest frame when the last one was answered, and shows
// what comes back. With #view= in its address it only shows, and needs no camera. The ticket stands
// behind the #, which browsers keep to themselves: no server and no proxy logs it.

const SIDE = 256, QUALITY = 0.85, ANSWER_MS = 4000, AGAIN_MS = 1000, TOLD_MS = 8000;
const PROTOCOL = "fomm.live", ENDED = "The live picture has ended; choose the tab Live again.";
const BUSY = 4002, REPLACED = 4001, GONE = 4003, SILENT = 4004;
const id = (name) => document.getElementById(name);
const words = new URLSearchParams(location.hash.slice(1));
const watches = words.has("view");
const ticket = words.get(watches ? "view" : "ticket") || "";
const camera = id("camera"), picture = id("picture"), pen = picture.getContext("2d");
const square = document.createElement("canvas");
square.width = square.height = SIDE;
const cut = square.getContext("2d");

let told = 0;  // until when an error stays, whatever frames say
let socket = null, waiting = 0, mirrored = false, closing = 0, silent = false;
const shown = [], delays = [];

function address(name) {
  const url = new URL(`live/${name}`, location.href);
  url.protocol = url.protocol.replace("http", "ws");
  return url;
}

function connect() {
  if (!/^[0-9a-f]+$/.test(ticket)) return say(ENDED);
  socket = new WebSocket(address(watches ? "view" : "socket"), [PROTOCOL, ticket]);
  socket.binaryType = "arraybuffer";
  socket.onopen = () => { waiting = 0; closing = 0; watches ? socket.send("next") : greet(); };
  socket.onmessage = (event) => receive(event.data);
  socket.onclose = (event) => {
    if (event.code === REPLACED) return say("The live picture goes on in another window.");
    if (event.code === GONE) return say("The page was left; choose the tab Live again.");
    if (event.code === SILENT) {
      silent = true;
      return say("The camera was off for long, and others wait: start it to go on.");
    }
    if (event.code === BUSY) say(event.reason);
    else if (++closing > 5) return say(ENDED);
    setTimeout(connect, AGAIN_MS * Math.max(1, closing));
  };
}

function greet() {
  // The server's picture may be one that was driven before, by a page that was loaded anew.
  ask("mirror", mirrored ? 1 : 0);
  ask("gain", Number(id("gain").value));
  send();
}

function send() {
  const ready = socket && socket.readyState === WebSocket.OPEN && camera.videoWidth > 0;
  if (watches || !ready || (waiting && performance.now() - waiting < ANSWER_MS)) return;
  const side = Math.min(camera.videoWidth, camera.videoHeight);
  const left = (camera.videoWidth - side) / 2, top = (camera.videoHeight - side) / 2;
  const stamp = waiting = performance.now();
  cut.drawImage(camera, left, top, side, side, 0, 0, SIDE, SIDE);
  square.toBlob((blob) => {
    if (blob && socket.readyState === WebSocket.OPEN) {
      socket.send(new Blob([JSON.stringify({ stamp }) + "\n", blob]));
    }
  }, "image/jpeg", QUALITY);
}

async function receive(data) {
  if (typeof data === "string") return hear(JSON.parse(data));
  const bytes = new Uint8Array(data), end = bytes.indexOf(10);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  const image = await createImageBitmap(new Blob([bytes.subarray(end + 1)], { type: "image/jpeg" }));
  if (picture.width !== image.width || picture.height !== image.height) {
    picture.width = image.width;
    picture.height = image.height;
  }
  pen.drawImage(image, 0, 0);
  image.close();
  picture.dataset.frames = Number(picture.dataset.frames || 0) + 1;
  if (watches) return socket.send("next");
  state(head);
  waiting = 0;
  next();
}

function next() {
  // A frame that was sent already is not sent again.
  if (camera.requestVideoFrameCallback) camera.requestVideoFrameCallback(send);
  else requestAnimationFrame(send);
}

function hear(message) {
  if (message.sources) thumbnails(message.sources);
  if (message.view) offer(message.view);
  if (message.error) {
    say(capital(message.error));
    told = performance.now() + TOLD_MS;
    waiting = 0;
    setTimeout(send, 200);
  }
}

function state(head) {
  const now = performance.now();
  shown.push(now);
  delays.push(now - head.stamp);
  while (shown[0] < now - 3000) { shown.shift(); delays.shift(); }
  const rate = shown.length > 1 ? (shown.length - 1) / ((now - shown[0]) / 1000) : 0;
  const delay = [...delays].sort((a, b) => a - b)[delays.length >> 1];
  id("speed").textContent = `${rate.toFixed(1)} frames/s, ${delay.toFixed(0)} ms latency`;
  id("countdown").textContent = head.countdown === null ? "" : Math.ceil(head.countdown);
  picture.dataset.phase = head.phase;
  if (now >= told) say(head.hints.length ? capital(head.hints[0]) : "");
}

function capital(text) { return text[0].toUpperCase() + text.slice(1); }

function say(text) {
  id("message").textContent = text;
  told = 0;
}

function ask(name, value = 0) {
  if (socket && socket.readyState === WebSocket.OPEN) {
    socket.send(JSON.stringify({ do: name, value }));
  }
}

function thumbnails(addresses) {
  id("sources").replaceChildren(...(addresses.length < 2 ? [] : addresses).map((src, index) => {
    const button = document.createElement("button"), image = document.createElement("img");
    image.src = src;
    image.alt = `picture ${index + 1}`;
    button.title = `Key ${index + 1}`;
    button.append(image);
    button.onclick = () => ask("source", index);
    return button;
  }));
}

function offer(viewTicket) {
  // Whoever knows this address may watch, and no more.
  const clean = new URL(location.href);
  clean.hash = new URLSearchParams({ view: viewTicket });
  id("clean").href = clean;
}

function mirror() {
  mirrored = !mirrored;
  camera.classList.toggle("mirrored", mirrored);
  id("mirror").setAttribute("aria-pressed", String(mirrored));
  ask("mirror", mirrored ? 1 : 0);
}

async function start() {
  if (camera.srcObject) {
    camera.srcObject.getTracks().forEach((track) => track.stop());
    camera.srcObject = null;
    camera.classList.remove("on");
    id("start").textContent = "Start the camera";
    return say("The camera is off.");
  }
  try {
    const size = { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 } };
    camera.srcObject = await navigator.mediaDevices.getUserMedia({ video: size, audio: false });
  } catch (error) {
    return say(navigator.mediaDevices ? `No camera: ${error.message}`
      : "Browsers give the camera only to pages on this machine or over https.");
  }
  if (silent) {
    silent = false;
    connect();
  }
  await camera.play();
  camera.classList.add("on");
  id("start").textContent = "Stop the camera";
  say("");
  send();
}

const KEYS = { x: () => ask("reference"), f: () => ask("search"), r: mirror };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || watches) return;
  const key = event.key.toLowerCase();
  if (KEYS[key]) KEYS[key]();
  else if (/^[1-9]$/.test(key)) ask("source", Number(key) - 1);
});

id("start").onclick = start;
id("reference").onclick = KEYS.x;
id("search").onclick = KEYS.f;
id("mirror").onclick = mirror;
id("gain").oninput = () => ask("gain", Number(id("gain").value));
id("message").onclick = () => say("");
id("full").onclick = () => id("stage").requestFullscreen();
window.addEventListener("hashchange", () => location.reload());
document.body.classList.toggle("clean", watches);
if (!watches) setInterval(send, ANSWER_MS);
connect();
