// What the browser runs: hydrates the whole document with `window.appProps`, once the page says so.
import { createElement } from "react";
import { hydrateRoot } from "react-dom/client";
import { App } from "./app.js";

window.recovered = [];
window.hydrate = () => {
  const told = { onRecoverableError: (error) => window.recovered.push(error.message) };
  window.app = hydrateRoot(document, createElement(App, window.appProps), told);
};
