// A whole document that React renders, as the frameworks on top of it do: the phone's tag is part of it.
import { createElement as h, useEffect, useState } from "react";

/** `props`: `tag` (of the phone's script), `script` (this app's own), and `words`, which the server and the browser may not agree on. */
export function App({ tag, script, words }) {
  const [people, add] = useState(["Ada"]);
  const [isHydrated, tell] = useState(false);
  useEffect(() => tell(true), []);
  const row = (name) => h("li", { key: name }, h("span", { "data-phone": "+12125550101" }, name));
  return h(
    "html",
    { lang: "en" },
    h("head", null, h("meta", { charSet: "utf-8" }), h("title", null, "A React page")),
    h(
      "body",
      { "data-hydrated": String(isHydrated) },
      h("h1", null, words),
      h("ul", null, people.map(row)),
      h("button", { onClick: () => add([...people, `Person ${people.length + 1}`]) }, "Add a person"),
      h("script", tag),
      h("script", { src: script, defer: true }),
    ),
  );
}
