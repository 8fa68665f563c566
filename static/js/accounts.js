// Only enhancement: a password can be shown while it is typed. Without this file the fields work as they are.

const { show: wording } = document.currentScript.dataset;

for (const field of document.querySelectorAll('input[type="password"]')) {
  const name = field.labels[0].firstChild.textContent.trim();
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link-button show-password";
  button.textContent = wording.replace("{label}", name);
  button.setAttribute("aria-controls", field.id);
  field.spellcheck = false;
  field.autocapitalize = "none";

  const show = (isShown) => {
    field.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
  };
  button.addEventListener("click", () => show(field.type === "password"));
  // Sent as a password: a browser keeps what was typed into a text field for the next person.
  field.form.addEventListener("submit", () => show(false));
  show(false);
  field.after(button);
}
