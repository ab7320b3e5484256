/** Checks the message box: it shows no sentence that its advice repeats. */
import { expect, test } from "vitest";
import { messageBox } from "./components.js";

const shown = ({ element }) =>
  [...element.children].filter(({ hidden }) => !hidden).map(({ textContent }) => textContent);

test.each([
  [{ message: "Too many calls", fix: "Too many calls today. Wait." }, ["", "Too many calls today. Wait."]],
  [{ message: "Invalid phone number", fix: "Type it." }, ["Invalid phone number", "Type it."]],
  [{ message: "No answer" }, ["No answer"]],
])("a message says nothing twice: %j", (message, words) => {
  const box = messageBox({});
  box.show(message);
  expect([shown(box), box.element.hidden]).toEqual([words, false]);
});
