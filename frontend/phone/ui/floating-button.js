/** What is on the page from the beginning: the floating button, and what assistive technology hears of it. */
import { button, h, ICONS, icon } from "./dom.js";

/** The elements by name, `root` holds them all and what frame.js adds. `on` has `toggle`, `likely` and `keyed`. */
export function floatingButton(texts, on) {
  const mood = h("span", { class: "sr", id: "mood" });
  const fab = button(
    {
      class: "fab",
      part: "fab",
      "aria-describedby": "mood",
      click: on.toggle,
      pointerenter: on.likely,
      focus: on.likely,
    },
    icon(ICONS.phone),
    h("span", { class: "dot" }),
  );
  // The one polite region: it tells states, never the ticking time. Heard only where it stood before it has words.
  const spoken = h("div", { class: "sr", role: "status" });
  const root = h("div", { class: "root", dir: texts.direction, lang: texts.language, keydown: on.keyed });
  root.append(fab, mood, spoken);
  return { root, fab, mood, spoken };
}
