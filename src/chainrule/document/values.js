"use strict";
// Whatever has a key shows the numbers that belong to it when it is pointed at, focused or touched.
(() => {
  const figures = new Map();
  for (const figure of document.querySelectorAll("[data-value]")) {
    if (!figures.has(figure.dataset.value)) figures.set(figure.dataset.value, figure);
  }
  for (const symbol of document.querySelectorAll("[data-key]")) {
    if (figures.has(symbol.dataset.key)) continue;
    symbol.removeAttribute("tabindex");
    symbol.removeAttribute("role");
  }

  const tip = document.createElement("div");
  tip.className = "tip";
  tip.id = "shown-value";
  tip.setAttribute("role", "tooltip");
  tip.hidden = true;
  document.body.append(tip);
  let shown = null;
  let leaving = 0;

  function show(symbol) {
    clearTimeout(leaving);
    const figure = figures.get(symbol.dataset.key);
    if (symbol === shown || !figure) return;
    hide();
    const copy = figure.cloneNode(true);
    copy.removeAttribute("data-value");
    for (const inner of copy.querySelectorAll("[data-key]")) {
      for (const name of ["data-key", "tabindex", "role"]) inner.removeAttribute(name);
    }
    tip.replaceChildren(copy);
    tip.hidden = false;
    shown = symbol;
    symbol.classList.add("shown");
    symbol.setAttribute("aria-describedby", tip.id);
    place(symbol.getBoundingClientRect());
  }

  // Below what it belongs to, or above where there is no room, and never beyond the window's sides.
  function place(box) {
    const margin = 8;
    const width = document.documentElement.clientWidth;
    tip.style.left = "0";
    tip.style.top = "0";
    const { width: own, height } = tip.getBoundingClientRect();
    const below = box.bottom + margin + height <= window.innerHeight || box.top < height + margin;
    const left = Math.max(margin, Math.min(box.left, width - own - margin));
    tip.style.left = `${left + window.scrollX}px`;
    tip.style.top = `${(below ? box.bottom + margin : box.top - height - margin) + window.scrollY}px`;
  }

  function hide() {
    clearTimeout(leaving);
    if (!shown) return;
    shown.classList.remove("shown");
    shown.removeAttribute("aria-describedby");
    shown = null;
    tip.hidden = true;
  }

  const symbolOf = (target) => (target instanceof Element ? target.closest("[data-key]") : null);

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const symbol = symbolOf(event.target);
    if (symbol) show(symbol);
    else if (tip.contains(event.target)) clearTimeout(leaving);
    else if (shown && shown !== document.activeElement) {
      clearTimeout(leaving);
      leaving = setTimeout(hide, 200);
    }
  });
  document.addEventListener("focusin", (event) => {
    const symbol = symbolOf(event.target);
    if (symbol) show(symbol);
    else hide();
  });
  document.addEventListener("focusout", (event) => {
    if (shown && symbolOf(event.target) === shown) hide();
  });
  document.addEventListener("click", (event) => {
    const symbol = symbolOf(event.target);
    if (symbol) show(symbol);
    else if (!tip.contains(event.target)) hide();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  document.addEventListener("hide-value", hide);
})();
