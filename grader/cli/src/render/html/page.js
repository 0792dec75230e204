for (const figure of document.querySelectorAll(".schedule")) {
  const told = figure.querySelector(".source");
  for (const step of figure.querySelectorAll(".step")) {
    const tell = () => { told.textContent = step.dataset.told; };
    step.addEventListener("pointerenter", tell);
    step.addEventListener("focus", tell);
  }
}
