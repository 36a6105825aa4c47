// Buttons that copy a text: without scripts they are not there, and the text can be selected.
const copy = async (field, button) => {
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
  } catch {
    // Not over a safe connection, or not allowed: the old way works from the selection.
    document.execCommand("copy");
  }
  button.textContent = "Copied";
};
for (const button of document.querySelectorAll("button[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = !field;
  button.addEventListener("click", () => copy(field, button));
}

// On paper nothing is folded, and the map is there.
addEventListener("beforeprint", () => {
  for (const map of document.querySelectorAll("img.pw-on-paper")) map.loading = "eager";
  for (const fold of document.querySelectorAll("#themes")) fold.open = true;
});
