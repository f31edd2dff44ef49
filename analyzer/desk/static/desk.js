// Convenience only: every page works without it.
(() => {
  "use strict";
  // A form that was sent is not sent again by a second press.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
  // Coming back with the browser's button, the form may be sent anew.
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });
  // Ctrl+Enter in a text sends its form, as in many writing programs.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const text = event.target.closest("textarea");
    if (text && text.form) text.form.requestSubmit();
  });
})();
