// What plain HTML cannot do. Pages read and submit without this file.
// Listeners sit on the document, so that they outlive parts that htmx replaces.

// <button data-dialog="id"> opens a dialog, [data-close] closes it; the browser returns the focus.
// Without script the button submits, or links, to the page behind the dialog. One dialog may serve many
// rows: the opener then has data-action, data-name (for [data-named] in it) and data-fill-<hidden field>.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog]");
  const dialog = document.getElementById(opener?.dataset.dialog ?? "");
  if (!dialog) return;
  event.preventDefault();
  event.stopPropagation(); // first of all: inside Shopify htmx would follow the link as well
  fillDialog(dialog, opener.dataset);
  dialog.showModal();
}, true);
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]")) {
    event.preventDefault();
    event.target.closest("dialog")?.close();
  }
  const source = event.target.closest("[data-copy]");
  if (source) navigator.clipboard?.writeText(source.dataset.copy);
});

function fillDialog(dialog, given) {
  const form = dialog.querySelector("form");
  if (given.action) form.action = given.action;
  for (const place of dialog.querySelectorAll("[data-named]")) place.textContent = given.name;
  for (const [key, value] of Object.entries(given)) {
    const field = key.startsWith("fill") && form.elements[key.slice(4).toLowerCase()];
    if (field) field.value = value;
  }
}

// Forms with a save bar: mark what differs from the stored values, show the bar, warn before leaving.
// data-dirty: the server sent entries back that are not stored yet.
const forms = () => document.querySelectorAll("form[data-save-bar]");

function differs(control) {
  if (control.matches("[type=checkbox], [type=radio]")) return control.checked !== control.defaultChecked;
  if (control.matches("select")) return [...control.options].some((option) => option.selected !== option.defaultSelected);
  return control.value !== control.defaultValue;
}

// [data-aside]: a control that only serves to choose what a button does.
function isDirty(form) {
  return "dirty" in form.dataset || [...form.querySelectorAll(":is(input, select, textarea):not([data-aside])")].some(differs);
}

function showChanges(form) {
  for (const field of form.querySelectorAll(".field")) {
    const changed = [...field.querySelectorAll(":is(input, select, textarea):not([data-aside])")].some(differs);
    field.classList.toggle("changed", changed || "was" in field.dataset);
  }
  const bar = form.querySelector(".save-bar");
  if (bar) bar.hidden = !isDirty(form);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-save-bar]");
  if (form) showChanges(form);
});
document.addEventListener("reset", ({ target }) => {
  if (!target.matches("form[data-save-bar]")) return;
  // the controls change back only after the event
  setTimeout(() => showChanges(target));
  // entries that the server sent back are in the page itself: only the page anew has the stored ones
  if (!("dirty" in target.dataset)) return;
  target.dataset.saving = "";
  location.assign(target.action);
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-save-bar]")) event.target.dataset.saving = "";
});
addEventListener("beforeunload", (event) => {
  if ([...forms()].some((form) => !("saving" in form.dataset) && isDirty(form))) event.preventDefault();
});

// <button data-busy="Saving…">: what it says while its form is on the way.
document.addEventListener("submit", ({ submitter }) => {
  if (!submitter?.dataset.busy) return;
  submitter.dataset.idle = submitter.textContent;
  submitter.textContent = submitter.dataset.busy;
  submitter.ariaBusy = "true";
});
function restoreBusy() {
  for (const button of document.querySelectorAll("[data-idle]")) {
    button.textContent = button.dataset.idle;
    button.ariaBusy = null;
    delete button.dataset.idle;
    delete button.form?.dataset.saving;
  }
}
addEventListener("pageshow", restoreBusy); // the browser's way back

// table[data-select="id"]: how many rows are selected; the bulk bar is there only if some are.
function showSelection(table) {
  const bar = document.getElementById(table.dataset.select);
  const boxes = [...table.querySelectorAll("tbody .check input")];
  const count = boxes.filter((box) => box.checked).length;
  const all = table.querySelector("[data-all]");
  if (all) {
    all.checked = count > 0 && count === boxes.length;
    all.indeterminate = count > 0 && count < boxes.length;
  }
  if (!bar) return;
  bar.querySelector("[data-count]").textContent = count.toLocaleString(document.documentElement.lang);
  bar.hidden = count === 0;
}
document.addEventListener("change", ({ target }) => {
  const table = target.closest("table[data-select]");
  if (!table) return;
  if (target.matches("[data-all]")) {
    for (const box of table.querySelectorAll("tbody .check input")) box.checked = target.checked;
  }
  showSelection(table);
});

// table[data-keys]: single keys, only while a row itself has the focus (WCAG 2.1.4).
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };
document.addEventListener("focusin", ({ target }) => {
  const row = target.closest("table[data-keys] tr[tabindex]");
  if (!row) return;
  for (const other of row.parentElement.querySelectorAll("tr[tabindex]")) other.tabIndex = other === row ? 0 : -1;
});
document.addEventListener("keydown", (event) => {
  const row = event.target;
  if (!row.matches("table[data-keys] tr[tabindex]") || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = [...row.parentElement.querySelectorAll("tr[tabindex]")];
  const wanted =
    event.key === "Enter" ? row.querySelector("a")
    : event.key === "x" ? row.querySelector(".check input")
    : row.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  const neighbour = event.key in STEPS ? rows[rows.indexOf(row) + STEPS[event.key]] : undefined;
  if (!wanted && !(event.key in STEPS)) return;
  event.preventDefault();
  if (wanted) wanted.click();
  else neighbour?.focus();
});

// What a toast offers may end: it then goes away, unless somebody is about to press it.
function fadeToasts() {
  for (const toast of document.querySelectorAll(".toast[data-seconds]")) {
    const end = () => (toast.matches(":hover, :focus-within") ? setTimeout(end, 1000) : toast.remove());
    setTimeout(end, toast.dataset.seconds * 1000);
    toast.removeAttribute("data-seconds");
  }
}

// Inside Shopify what is done is told by the admin, unless it can be undone.
function tellInAdmin() {
  const toast = document.querySelector(".toast:not(.inflow)");
  if (!toast || toast.querySelector("button, a") || !window.shopify?.toast) return;
  shopify.toast.show(toast.textContent.trim());
  toast.remove();
}

// After a failed save the list of errors takes the focus; after a page that htmx fetched, the page does.
function arrive(fetched) {
  forms().forEach(showChanges);
  // the admin's save bar appears with the first entry; these were made before the page came back
  document.querySelectorAll("form[data-save-bar][data-dirty]").forEach((form) => {
    form.dispatchEvent(new Event("input", { bubbles: true }));
  });
  document.querySelectorAll("table[data-select]").forEach(showSelection);
  tellInAdmin();
  fadeToasts();
  const summary = document.querySelector(".error-summary");
  const wanted = fetched && document.querySelector("#main [autofocus]"); // browsers look for it in documents only
  if (summary) summary.focus();
  else if (wanted) wanted.focus();
  else if (fetched) document.getElementById("main")?.focus({ preventScroll: true });
}
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail?.ctx?.select === "#main") arrive(true);
});
arrive(false);

// The first screen inside Shopify could not be fetched: say so in its place.
document.addEventListener("htmx:error", () => {
  restoreBusy();
  document.querySelectorAll("[data-on-failure]").forEach((part) => { part.hidden = false; });
  document.querySelectorAll("[data-until-loaded]").forEach((part) => { part.hidden = true; });
});
