"use strict";
const clips = JSON.parse(document.getElementById("data").textContent);
const player = document.getElementById("player");
const video = player.querySelector("video");
const playing = document.getElementById("playing");
const rows = [...document.querySelectorAll("tbody tr")];
let end = Infinity;

for (const button of document.querySelectorAll("button.play")) {
  button.addEventListener("click", () => {
    const row = button.closest("tr"), clip = clips[button.value];
    rows.forEach(other => other.classList.toggle("playing", other === row));
    player.hidden = false;
    end = clip.end;
    playing.textContent = `${row.dataset.film}: ${row.dataset.genre}`;
    video.src = clip.address;
    video.play().catch(() => { playing.textContent = "This browser cannot play the film here; the time beside the button is a link to it."; });
  });
}
// A browser that ignores the end of a media fragment is stopped there, once.
video.addEventListener("timeupdate", () => {
  if (video.currentTime >= end) { end = Infinity; video.pause(); }
});

const choices = [...document.querySelectorAll("#filters select")];
const show = () => {
  for (const row of rows) row.hidden = choices.some(({id, value}) => value && row.dataset[id] !== value);
  const count = rows.filter(row => !row.hidden).length;
  document.getElementById("count").textContent = count === 1 ? "1 cue" : `${count} cues`;
};
if (choices.length) {
  const form = document.getElementById("filters");
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("change", show);
  form.addEventListener("reset", () => setTimeout(show));
  show();
}
