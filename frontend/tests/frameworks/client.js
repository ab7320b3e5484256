// The React app's script in the browser: `window.hydrate()` hydrates the whole document with `window.appProps`.
import { createElement } from "react";
import { hydrateRoot } from "react-dom/client";
import { App } from "./app.js";

window.recovered = [];
window.hydrate = () => {
  const options = { onRecoverableError: (error) => window.recovered.push(error.message) };
  window.app = hydrateRoot(document, createElement(App, window.appProps), options);
};
