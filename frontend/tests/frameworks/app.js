// A React app that renders the whole document, the phone's tag included, as frameworks on top of React do.
import { createElement as h, useEffect, useState } from "react";

/**
 * Properties: `tag`, the attributes of the phone's script tag; `script`, the URL of this app's script; and `heading`, a
 * text that may differ between server and browser.
 */
export function App({ tag, script, heading }) {
  const [people, setPeople] = useState(["Ada"]);
  const [isHydrated, setHydrated] = useState(false);
  useEffect(() => setHydrated(true), []);
  const row = (name) => h("li", { key: name }, h("span", { "data-phone": "+12125550101" }, name));
  return h(
    "html",
    { lang: "en" },
    h("head", null, h("meta", { charSet: "utf-8" }), h("title", null, "A React page")),
    h(
      "body",
      { "data-hydrated": String(isHydrated) },
      h("h1", null, heading),
      h("ul", null, people.map(row)),
      h("button", { onClick: () => setPeople([...people, `Person ${people.length + 1}`]) }, "Add a person"),
      h("script", tag),
      h("script", { src: script, defer: true }),
    ),
  );
}
