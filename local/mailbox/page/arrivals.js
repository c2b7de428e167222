// Checks for new mail every few seconds. An unused page is reloaded at once;
// otherwise a line offers the reload, so that focus and reading position are
// kept.
const line = document.getElementById("arrival");

async function look() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/mailbox.json?limit=1");
    if (!answer.ok) return;
    const [newest] = await answer.json();
    if ((newest?.id ?? "") === line.dataset.newest) return;
    if (document.activeElement === document.body && scrollY < 40) {
      location.reload();
    } else {
      line.hidden = false;
    }
  } catch {
    // The server is unreachable; the next check tries again.
  }
}

setInterval(look, 3000);
