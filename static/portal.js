"use strict";

// Everything works without this file; it copies, keeps the focus, and says when a page has gone stale.

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
  const words = button.querySelector("[data-words]");
  const before = words.textContent;
  words.textContent = "Copied";
  setTimeout(() => (words.textContent = before), 1500);
});

// A menu has done its work once something was chosen from it.
document.addEventListener("htmx:beforeRequest", (event) => {
  event.target.querySelector("details.menu")?.removeAttribute("open");
});

// A fragment that is refused or lost (logged out, deleted meanwhile, no network): say what to do.
for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, () => {
    const stale = document.getElementById("stale").content.cloneNode(true);
    document.getElementById("messages").replaceChildren(stale);
  });
}

// What a person has unfolded stays so when the page around it refreshes.
let unfolded = [];
document.addEventListener("htmx:beforeSwap", () => {
  unfolded = [...document.querySelectorAll("details[id][open]")].map((each) => each.id);
});
document.addEventListener("htmx:afterSwap", () => {
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
});

// The focus outlives what had it: a button that waits for its answer, a link on a page that refreshes.
let focused = null;
document.addEventListener("focusin", (event) => (focused = event.target));
document.addEventListener("pointerdown", () => (focused = null));
const nameOf = (each) =>
  each.id || each.getAttribute("href") || each.getAttribute("aria-label") || each.textContent.trim();
const successor = (gone) =>
  [...document.querySelectorAll(gone.localName)].find((each) => nameOf(each) === nameOf(gone)) ??
  document.getElementById(gone.closest("[id]:has(*)")?.id);
for (const change of ["htmx:afterRequest", "htmx:afterSettle"]) {
  document.addEventListener(change, () => {
    if (!focused || document.activeElement !== document.body) return;
    const next = focused.isConnected ? focused : successor(focused);
    if (next && next.tabIndex < 0) next.tabIndex = -1;
    next?.focus({ preventScroll: true });
  });
}

// A filter's address names only what was asked.
document.addEventListener("htmx:configRequest", (event) => {
  if (!event.target.matches("[data-filter]")) return;
  const { parameters } = event.detail;
  for (const name of Object.keys(parameters)) if (parameters[name] === "") delete parameters[name];
});

// On a phone the log comes first, and its filter only when it is asked for.
const fold = document.getElementById("filter-fold");
if (fold && !location.search && matchMedia("(max-width: 48rem)").matches) fold.open = false;
// Nor does the list of topics stand before the topic.
const contents = document.getElementById("docs-contents");
if (contents && matchMedia("(max-width: 48rem)").matches) contents.open = false;
// A phone shows only some of the tabs: the current one must be among them.
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
