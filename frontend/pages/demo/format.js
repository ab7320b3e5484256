/** Time of day in the reader's own way. */
export function clock(date, { seconds = false } = {}) {
  return date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: seconds ? "2-digit" : undefined });
}

/** Whole seconds as m:ss, hours as h:mm:ss. */
export function timer(seconds) {
  const pad = (part) => String(part).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${pad(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${pad(minutes % 60)}:${pad(seconds % 60)}`;
}

/** Whether `typed`, in whatever format a person stored it, is the E.164 number `e164` within one page's contacts. */
export function sameNumber(e164, typed) {
  const significant = digits(typed).replace(/^(?:011|0+)/, "");
  return significant.length >= 7 && digits(e164).endsWith(significant);
}

function digits(text) {
  return text.replace(/\D/g, "");
}
