"use strict";
// The player: shows one step at a time, lights its place in the graph, and remembers it in the page's address.
(() => {
  const root = document.documentElement;
  const steps = [...document.querySelectorAll(".step")];
  const controls = document.querySelector(".controls");
  const graph = document.querySelector(".graph");
  const nodes = new Map([...graph.querySelectorAll("[data-node]")].map((node) => [node.dataset.node, node]));
  const edges = [...graph.querySelectorAll("[data-from]")];
  const status = controls.querySelector(".status");
  const slider = controls.querySelector("input[type=range]");
  const speed = controls.querySelector("select");
  const everything = controls.querySelector("input[type=checkbox]");
  const buttons = Object.fromEntries([...controls.querySelectorAll("[data-act]")].map((b) => [b.dataset.act, b]));
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const PAUSE = 3000;

  let current = 0;
  let timer = 0;

  function go(index, { keepAddress = false } = {}) {
    const before = current;
    current = Math.max(0, Math.min(index, steps.length - 1));
    const step = steps[current];
    steps.forEach((other, i) => other.classList.toggle("current", i === current));
    light(keepAddress ? "auto" : behavior());
    const words = `Step ${current + 1} of ${steps.length}, ${step.dataset.words}`;
    status.textContent = words;
    slider.value = String(current + 1);
    slider.setAttribute("aria-valuetext", words);
    buttons.first.disabled = buttons.back.disabled = current === 0;
    buttons.last.disabled = buttons.forward.disabled = current === steps.length - 1;
    if (current !== before) document.dispatchEvent(new Event("hide-value"));
    if (!keepAddress) history.replaceState(null, "", `#${step.id}`);
    if (root.classList.contains("all")) step.scrollIntoView({ block: "start", behavior: behavior() });
    else if (current !== before) comeIntoSight(step.querySelector("h2"));
    if (current === steps.length - 1) pause();
  }

  // Where the step's title is not to be seen, the page moves to the graph, below which the step begins.
  function comeIntoSight(title) {
    const { top, bottom } = title.getBoundingClientRect();
    const covered = getComputedStyle(controls).position === "sticky" ? controls.getBoundingClientRect().bottom : 0;
    if (top < covered || bottom > window.innerHeight) graph.parentElement.scrollIntoView({ block: "start" });
  }

  const behavior = () => (calm.matches ? "auto" : "smooth");

  // What was computed so far is drawn in full; what came back so far, as such; the step's own place and ways are lit.
  function light(how) {
    const { of, others, flow } = steps[current].dataset;
    const ends = new Set(others.split(" "));
    for (const part of [...nodes.values(), ...edges]) {
      part.classList.remove("done", "returned", "lit", "back", "near", "forward", "backward");
    }
    const computed = new Set();
    for (const step of steps.slice(0, current + 1)) {
      const node = nodes.get(step.dataset.of);
      computed.add(step.dataset.of);
      node?.classList.add("done");
      if (step.dataset.flow === "backward") node?.classList.add("returned");
    }
    for (const edge of edges) {
      const { from, to } = edge.dataset;
      edge.classList.toggle("done", computed.has(from) && computed.has(to));
      const lit = flow === "forward" ? to === of && ends.has(from) : from === of && ends.has(to);
      if (lit && flow !== "update") {
        edge.classList.add(flow);
        edge.parentNode.append(edge); // over those that share a part of its way
      }
    }
    for (const key of ends) nodes.get(key)?.classList.add("near");
    const node = nodes.get(of);
    node?.classList.add("lit");
    node?.classList.toggle("back", flow === "backward");
    if (node) reveal(node, how);
  }

  function reveal(node, how) {
    const place = node.getBoundingClientRect();
    const frame = graph.getBoundingClientRect();
    graph.scrollBy({
      left: place.left + place.width / 2 - frame.left - frame.width / 2,
      top: place.top + place.height / 2 - frame.top - frame.height / 2,
      behavior: how,
    });
  }

  function play() {
    if (current === steps.length - 1) go(0);
    root.classList.add("running");
    buttons.play.setAttribute("aria-label", "Pause");
    buttons.play.title = "Pause (space)";
    wait();
  }

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      go(current + 1);
      if (root.classList.contains("running")) wait();
    }, PAUSE / Number(speed.value));
  }

  function pause() {
    clearTimeout(timer);
    root.classList.remove("running");
    buttons.play.setAttribute("aria-label", "Play");
    buttons.play.title = "Play (space)";
  }

  const acts = {
    first: () => go(0),
    back: () => go(current - 1),
    play: () => (root.classList.contains("running") ? pause() : play()),
    forward: () => go(current + 1),
    last: () => go(steps.length - 1),
  };
  const keys = { Home: "first", ArrowLeft: "back", " ": "play", ArrowRight: "forward", End: "last" };

  for (const [name, button] of Object.entries(buttons)) {
    button.addEventListener("click", () => {
      if (name !== "play") pause();
      acts[name]();
    });
  }
  slider.addEventListener("input", () => {
    pause();
    go(Number(slider.value) - 1);
  });
  speed.addEventListener("change", () => {
    if (root.classList.contains("running")) wait();
  });
  everything.addEventListener("change", () => {
    root.classList.toggle("all", everything.checked);
    go(current);
  });
  document.addEventListener("keydown", (event) => {
    const name = keys[event.key];
    if (!name || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    // What has the focus keeps its own keys: a button its space, a field and the slider theirs.
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === " " && event.target.closest("button")) return;
    event.preventDefault();
    if (name !== "play") pause();
    acts[name]();
  });

  function fromAddress() {
    const index = steps.findIndex((step) => `#${step.id}` === location.hash);
    go(index < 0 ? 0 : index, { keepAddress: true });
  }

  // A browser would show these beside the values.
  for (const title of graph.querySelectorAll("title")) title.remove();
  controls.hidden = false;
  root.classList.add("plays");
  window.addEventListener("hashchange", () => {
    pause();
    fromAddress();
  });
  fromAddress();
})();
