// Keyboard shortcuts of the editors' queue. Everything works without them; they can be turned off
// (WCAG 2.1.4), and that is remembered on this device.
const box = document.querySelector("[data-keys]");
const OFF = "queue-keys-off";

const remembered = () => {
  try { return localStorage.getItem(OFF); } catch { return null; }
};
const remember = (isOff) => {
  try {
    if (isOff) localStorage.setItem(OFF, "1");
    else localStorage.removeItem(OFF);
  } catch {
    // A browser that keeps nothing: until the next page, then.
  }
};

const isWriting = (target) =>
  target.closest("textarea, select, [contenteditable]") ||
  (target.matches("input") && !["radio", "checkbox", "button", "submit"].includes(target.type));

if (box) {
  const button = box.querySelector("[data-keys-switch]");
  const help = box.querySelector("[data-keys-help]");
  let isOn = !remembered();
  const show = () => {
    button.setAttribute("aria-pressed", String(isOn));
    button.textContent = `Keyboard shortcuts are ${isOn ? "on: turn them off" : "off: turn them on"}`;
    help.hidden = !isOn;
  };
  button.addEventListener("click", () => { isOn = !isOn; remember(!isOn); show(); });
  box.hidden = false;
  show();

  document.addEventListener("keydown", (event) => {
    if (!isOn || event.ctrlKey || event.altKey || event.metaKey || isWriting(event.target)) return;
    if (event.repeat) return;
    if (event.key === "?") {
      help.scrollIntoView({ block: "center" });
      help.focus();
      return;
    }
    if (!["a", "m", "r", "j", "k"].includes(event.key)) return;
    const wanted = document.querySelector(`[data-key="${event.key}"]`);
    if (!wanted) return;
    event.preventDefault();
    wanted.click();
    // "r" opens the reasons: the first is chosen, and Enter sends it.
    if (wanted.matches("summary")) document.querySelector("#reason input")?.focus();
  });
}
