// Keys go to the monitor without a click first. After textual.js, which makes the terminal once the page is loaded.
function focus() {
  document.querySelector(".xterm-helper-textarea")?.focus();
}
window.addEventListener("load", focus);
window.addEventListener("focus", focus);

// A line can be dead without having ended: the machine slept, a tunnel froze. The monitor sends something every 15 s;
// a page that hears nothing for 45 s is marked as one whose monitor has ended, until it hears something again.
window.WebSocket = class extends WebSocket {
  constructor(address) {
    super(address);
    let heard = Date.now();
    const mark = () => {
      const over = this.readyState > WebSocket.OPEN || Date.now() - heard > 45000;
      document.body.classList.toggle("-closed", over);
    };
    this.addEventListener("message", () => {
      heard = Date.now();
      mark();
    });
    setInterval(mark, 5000);
  }
};
