/** Adds a style sheet that makes the page's numbers look clickable, unless the page styles them itself. */
import { createStyleSheet } from "../ui/dom.js";

const UNSTYLED_ELEMENTS = "[data-phone-style=off],[data-phone-style=off] *";
const EDITABLE_ELEMENTS =
  "input:not([type=button i],[type=submit i],[type=reset i],[type=image i]),textarea,select,[contenteditable],[contenteditable] *";
// `:where()` has no specificity, so that any rule of the page wins. The underline has the colour of the text: an accent
// colour could be illegible on the page's background. Elements with child elements, such as rows, are not underlined.
const STYLES = `
:where([data-phone],:is(a,area):is([*|href^="tel:" i],[*|href^=" tel:" i],[*|href^="callto:" i])):where(:not(${EDITABLE_ELEMENTS},${UNSTYLED_ELEMENTS})){cursor:pointer}
:where([data-phone]):where(:not(:has(*),a,area,button,summary,${EDITABLE_ELEMENTS},${UNSTYLED_ELEMENTS})){text-decoration:underline dotted;text-underline-offset:.2em}
:where([data-phone]):where(:not(:has(*),a,area,button,summary,${EDITABLE_ELEMENTS},${UNSTYLED_ELEMENTS}):hover){text-decoration-style:solid}
`;

/**
 * Add the style sheet to the document; returns a function that removes it.
 * @param {Document} document
 */
export function styleNumbers(document) {
  try {
    const sheet = createStyleSheet(STYLES);
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
    return () => {
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    };
  } catch {
    // Older browsers, and sandboxes without adopted style sheets: numbers can be clicked without the styles.
    return () => {};
  }
}
