/** The one place on the page that says what went wrong, or why nothing happened. */
export function createNotice(document) {
  const box = document.getElementById("notice");
  const text = document.getElementById("notice-text");
  const retry = document.getElementById("notice-retry");
  let onRetry = null;
  retry.addEventListener("click", () => onRetry?.());

  function show(message, again, mild) {
    text.textContent = message;
    onRetry = again;
    retry.hidden = !again;
    box.classList.toggle("mild", mild);
    box.hidden = false;
  }

  return {
    /** Shows a problem; with `again`, offers "Try again", which calls it. */
    problem(message, again = null) {
      show(message, again, false);
    },
    /** Shows why a click had no effect. */
    hint(message) {
      show(message, null, true);
    },
    hide() {
      box.hidden = true;
    },
  };
}
