// Looks for new mail every few seconds. The list is shown afresh at once while
// nobody is using the page; otherwise a line offers it, so that focus and
// reading position are not lost.
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
    // The server is away; the next look may find it.
  }
}

setInterval(look, 3000);
