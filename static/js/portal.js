// Only enhancement: every page works without this file.

// The error summary takes the focus also where `autofocus` on a container is not supported.
document.querySelector("[data-focus]")?.focus();

// "Print" appears only where it can work.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// What is left of the hold: shown every second, announced politely with 5, 2 and 1 minutes left and at the end.
for (const hold of document.querySelectorAll("[data-hold-seconds]")) {
  const left = hold.querySelector("[data-hold-left]");
  const spoken = hold.querySelector("[data-hold-spoken]");
  const { minutes, announce, over } = hold.dataset;
  const end = performance.now() + Number(hold.dataset.holdSeconds) * 1000;
  const announceAt = [5, 2, 1].filter((minute) => minute * 60 < Number(hold.dataset.holdSeconds));

  const tick = () => {
    const remaining = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    left.textContent =
      remaining > 0
        ? minutes.replace("%m", String(Math.floor(remaining / 60))).replace("%s", String(remaining % 60).padStart(2, "0"))
        : over;
    if (announceAt.length > 0 && remaining <= announceAt[0] * 60) {
      spoken.textContent = announce.replace("%m", String(announceAt.shift()));
    }
    if (remaining === 0) {
      spoken.textContent = over;
      hold.classList.add("hold--late");
      clearInterval(timer);
    }
  };
  const timer = setInterval(tick, 1000);
  tick();
}
