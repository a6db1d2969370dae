// What plain HTML cannot do. Pages read and submit without this file.
// Listeners sit on the document, so that they outlive parts that htmx replaces.

// <button data-dialog="id"> opens a dialog, [data-close] closes it; the browser returns the focus.
// Without script the button submits, or links, to the page behind the dialog.
document.addEventListener("click", (event) => {
  const dialog = document.getElementById(event.target.closest("[data-dialog]")?.dataset.dialog ?? "");
  if (dialog) {
    event.preventDefault();
    dialog.showModal();
  }
  if (event.target.closest("[data-close]")) {
    event.preventDefault();
    event.target.closest("dialog")?.close();
  }
  const source = event.target.closest("[data-copy]");
  if (source) navigator.clipboard?.writeText(source.dataset.copy);
});

// Forms with a save bar: mark what differs from the stored values, show the bar, warn before leaving.
// data-dirty: the server sent entries back that are not stored yet.
const forms = () => document.querySelectorAll("form[data-save-bar]");

function differs(control) {
  if (control.matches("[type=checkbox], [type=radio]")) return control.checked !== control.defaultChecked;
  if (control.matches("select")) return [...control.options].some((option) => option.selected !== option.defaultSelected);
  return control.value !== control.defaultValue;
}

function isDirty(form) {
  return "dirty" in form.dataset || [...form.querySelectorAll("input, select, textarea")].some(differs);
}

function showChanges(form) {
  for (const field of form.querySelectorAll(".field")) {
    const changed = [...field.querySelectorAll("input, select, textarea")].some(differs);
    field.classList.toggle("changed", changed || "was" in field.dataset);
  }
  const bar = form.querySelector(".save-bar");
  if (bar) bar.hidden = !isDirty(form);
}

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-save-bar]");
  if (form) showChanges(form);
});
document.addEventListener("reset", (event) => {
  // the controls change back only after the event
  if (event.target.matches("form[data-save-bar]")) setTimeout(() => showChanges(event.target));
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("form[data-save-bar]")) event.target.dataset.saving = "";
});
addEventListener("beforeunload", (event) => {
  if ([...forms()].some((form) => !("saving" in form.dataset) && isDirty(form))) event.preventDefault();
});

// After a failed save the list of errors takes the focus; after a page that htmx fetched, the page does.
function arrive(fetched) {
  forms().forEach(showChanges);
  const summary = document.querySelector(".error-summary");
  if (summary) summary.focus();
  else if (fetched) document.getElementById("main")?.focus({ preventScroll: true });
}
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail?.ctx?.select === "#main") arrive(true);
});
arrive(false);

// The first screen inside Shopify could not be fetched: say so in its place.
document.addEventListener("htmx:error", () => {
  document.querySelectorAll("[data-on-failure]").forEach((part) => { part.hidden = false; });
  document.querySelectorAll("[data-until-loaded]").forEach((part) => { part.hidden = true; });
});
