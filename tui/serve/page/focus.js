// Keys go to the monitor without a click first. After textual.js, which makes the terminal once the page is loaded.
function focus() {
  document.querySelector(".xterm-helper-textarea")?.focus();
}
window.addEventListener("load", focus);
window.addEventListener("focus", focus);
