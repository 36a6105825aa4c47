// Small helps on top of pages that work without them.

// After a refused form, start at what is wrong.
const problems = document.getElementById("problems");
if (problems) problems.focus();

// A link to a problem's field: fields in a closed part must be opened first.
for (const link of document.querySelectorAll("#problems a")) {
  link.addEventListener("click", () => {
    const field = document.getElementById(link.hash.slice(1));
    if (field) field.closest("details")?.setAttribute("open", "");
  });
}

// "Use my location": rounded to about ten metres, put into the address, sent nowhere else.
const sentences = {
  1: "Your browser is set not to share where you are. Type a postcode instead.",
  2: "We cannot tell where you are just now. Type a postcode instead.",
  3: "Finding you took too long. Try again, or type a postcode.",
};
const locate = (form) => {
  const status = form.querySelector("[role=status]");
  status.textContent = "Finding where you are …";
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      form.elements.lon.value = coords.longitude.toFixed(4);
      form.elements.lat.value = coords.latitude.toFixed(4);
      form.submit();
    },
    ({ code }) => { status.textContent = sentences[code] ?? sentences[2]; },
    { timeout: 15000, maximumAge: 60000 },
  );
};
if ("geolocation" in navigator) {
  for (const form of document.querySelectorAll("form[data-locate]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => { event.preventDefault(); locate(form); });
  }
}

// Suggest interests for the word being typed, after the last comma.
const suggest = (input, number) => {
  const list = document.createElement("datalist");
  list.id = `suggestions-${number}`;
  input.after(list);
  input.setAttribute("list", list.id);
  let waiting = 0;
  let asked = "";
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const parts = input.value.split(",");
      const phrase = parts.pop().trim();
      if (phrase.length < 2 || phrase === asked) return;
      asked = phrase;
      const before = parts.map((part) => part.trim()).filter(Boolean);
      try {
        const answer = await fetch(`/api/interests?limit=6&q=${encodeURIComponent(phrase)}`);
        if (!answer.ok || asked !== phrase) return;
        const { interests } = await answer.json();
        list.replaceChildren(...interests.map(({ label, because }) => {
          const option = document.createElement("option");
          option.value = [...before, label].join(", ");
          if (because !== label.toLowerCase()) option.label = because;
          return option;
        }));
      } catch {
        // Suggestions are a help; the form works without them.
      }
    }, 250);
  });
};
document.querySelectorAll("input[data-suggest=interests]").forEach(suggest);

// Forms leave no empty values in addresses people share.
for (const form of document.querySelectorAll("form[method=get]")) {
  form.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of [...formData]) {
      if (typeof value === "string" && !value.trim()) formData.delete(name);
    }
  });
}

// A map whose question is in no address: sent into its frame by itself, or by the form's button.
for (const form of document.querySelectorAll("form[data-draw]")) {
  form.requestSubmit();
  form.hidden = true;
}

// Signing out on a shared phone: what waits there to be sent is nobody else's to see.
for (const form of document.querySelectorAll('form[action="/sign-out"]')) {
  form.addEventListener("submit", () => localStorage.setItem("patchwork-signed-out", "yes"));
}
