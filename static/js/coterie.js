/* Small comforts. Every page works without this file; it only saves keystrokes.
   One listener per kind of event, on the document, so swapped-in content needs no set-up. */
(() => {
  "use strict";

  const TOAST_MS = 8000;
  const one = (selector, root = document) => root.querySelector(selector);

  /* ---- keys: "/" searches, Ctrl-S saves, Escape closes the small-screen menu ---- */

  const isTyping = (element) =>
    element.isContentEditable ||
    element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])");

  const focusSearch = (event) => {
    const search = one("[data-search]");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select?.();
  };

  const save = (event) => {
    const form = document.activeElement?.closest("form[data-save]") || one("form[data-save]");
    if (!form) return;
    event.preventDefault();
    form.requestSubmit(one("button.primary", form));
  };

  /* A form may begin with a button that only looks something up; Enter in its fields saves all the same. */
  const enter = (event) => {
    const form = event.target.closest?.("form[data-save]");
    if (!form || !event.target.matches("input:not([type=search], [type=file], [type=submit])")) return;
    event.preventDefault();
    form.requestSubmit(one("button.primary", form));
  };

  const closeMenu = () => {
    const menu = one(".menu-toggle[open]");
    if (!menu) return;
    menu.open = false;
    one("summary", menu).focus();
  };

  document.addEventListener("keydown", (event) => {
    // A suggestion that the browser fills in comes as such an event too, without a key.
    if (!event.key || event.isComposing || event.defaultPrevented) return;
    if (event.key.toLowerCase() === "s" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      save(event);
    } else if (event.key === "Enter") {
      if (event.target.dataset?.narrow) event.preventDefault();
      enter(event);
    } else if (event.key === "Escape") {
      closeMenu();
    } else if (event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey) {
      if (document.body.dataset.keys !== "off" && !isTyping(event.target)) focusSearch(event);
    }
  });

  /* ---- “Add an item”: what the form says when somebody is ticked counts, whatever it says later ---- */

  const SAID = { from_day: "", until_day: "", note: "", on_leave: "shop", low: "group", high: "group", seed: "group" };

  /* Days, a share, a note, as far as they can be said of the kind (web/choices.py). */
  const said = (form, sign, kind) => {
    const filled = Object.keys(SAID).map((name) => [name, form.elements.namedItem(name)?.value.trim()]);
    return new URLSearchParams(filled.filter(([name, text]) =>
      text && (!SAID[name] || SAID[name] === kind) && (name !== "on_leave" || (text === "stay" && sign === "include"))));
  };

  // Before it bubbles up to the list, which asks for a preview of what is ticked.
  document.addEventListener("change", (event) => {
    const box = event.target;
    const sign = box.form?.elements.namedItem("sign")?.value;
    if (!sign || box.name !== "item" || !box.checked) return;
    // A value with two colons came from the server and has its sign.
    if (box.value.split("?")[0].split(":").length === 2) box.dataset.bare = box.value;
    if (!box.dataset.bare) return;
    const more = `${said(box.form, sign, box.dataset.bare.split(":")[0])}`;
    box.value = `${sign}:${box.dataset.bare}` + (more && `?${more}`);
  }, true);

  /* ---- a new group is a box of the customer form if it is of the type Customer, until somebody says otherwise ---- */

  document.addEventListener("change", ({ target }) => {
    const box = target.form?.elements.namedItem("in_form");
    if (target === box) delete box.dataset.withType;
    else if (target.name === "type" && box?.dataset.withType) box.checked = target.value === box.dataset.withType;
  });

  /* ---- a preview is of the rule as it stood then ---- */

  document.addEventListener("input", ({ target }) => {
    if (target.closest("#builder")) one("#preview")?.replaceChildren();
  });

  /* ---- a long list of boxes is narrowed while typing; what is ticked stays in sight ---- */

  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  document.addEventListener("input", (event) => {
    const list = document.getElementById(event.target.dataset?.narrow);
    if (!list) return;
    const wanted = plain(event.target.value.trim());
    for (const row of list.children) row.hidden = !plain(row.textContent).includes(wanted) && !one(":checked", row);
  });

  /* ---- toasts: the card comes from the server, its words also go to the live region ---- */

  const announce = (text) => {
    const live = one("#live");
    if (live) setTimeout(() => { live.textContent = text; }, 100);
  };

  const hideSoon = (toast) => {
    let timer;
    const stop = () => clearTimeout(timer);
    const start = () => {
      stop();
      if (!toast.matches(":hover, :focus-within")) timer = setTimeout(() => toast.remove(), TOAST_MS);
    };
    toast.addEventListener("pointerenter", stop);
    toast.addEventListener("focusin", stop);
    toast.addEventListener("pointerleave", start);
    toast.addEventListener("focusout", () => setTimeout(start));
    start();
  };

  const welcomeToasts = () => {
    const fresh = [...document.querySelectorAll(".toast:not([data-seen])")];
    for (const toast of fresh) {
      toast.dataset.seen = "";
      if (!("sticky" in toast.dataset)) hideSoon(toast);
    }
    if (fresh.length) announce(fresh.map((toast) => one("[data-text]", toast).textContent.trim()).join(" "));
  };

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-dismiss]")) return;
    event.target.closest(".toast")?.remove();
    one("#main")?.focus();
  });

  /* ---- “Why?” of a list opens as a card; elsewhere, and in a new tab, its link leads to the page ---- */

  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-why]");
    const card = one("#why-card");
    if (!link || !card?.showPopover || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const answer = one("#why");
    answer.replaceChildren();
    await htmx.ajax("GET", link.href, { source: answer, swap: "innerHTML" });
    if (answer.childElementCount) card.showPopover();
  });

  /* ---- a refused form: the first wrong field has the focus ---- */

  const focusFirstError = () => {
    const summary = one(".error-summary:not([data-seen])");
    if (!summary) return;
    summary.dataset.seen = "";
    const wrong = one("[aria-invalid=true]", summary.closest("form, main") || document);
    (wrong?.matches("fieldset") ? one("input", wrong) : wrong || summary)?.focus();
  };

  const welcome = () => {
    welcomeToasts();
    for (const field of document.querySelectorAll("[data-narrow][hidden]")) field.hidden = false;
    requestAnimationFrame(focusFirstError); // after the browser's own autofocus
  };

  document.addEventListener("htmx:after:swap", welcome);
  welcome();
})();
