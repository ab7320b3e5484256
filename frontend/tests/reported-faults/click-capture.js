// A React app with links to numbers where libraries stop clicks: in a Headless UI dialog, in a Radix dialog and in a portal.
import { Dialog, DialogPanel } from "@headlessui/react";
import * as Radix from "@radix-ui/react-dialog";
import { createElement as h, useState } from "react";
import { createPortal } from "react-dom";
import { createRoot } from "react-dom/client";

const NUMBER = "+12125550101";
const link = (name) => h("a", { href: `tel:${NUMBER}` }, name);
const stop = (event) => event.stopPropagation();

function App() {
  const [open, setOpen] = useState("");
  const close = () => setOpen("");
  const opener = (name) => h("button", { key: name, type: "button", onClick: () => setOpen(name) }, `Open ${name}`);
  return [
    ...["Headless UI", "Radix", "portal"].map(opener),
    h(
      Dialog,
      { key: "headless", open: open === "Headless UI", onClose: close },
      h(DialogPanel, { onClick: stop }, link("In Headless UI")),
    ),
    h(
      Radix.Root,
      { key: "radix", open: open === "Radix", onOpenChange: close },
      h(
        Radix.Portal,
        null,
        h(
          Radix.Content,
          { "aria-describedby": undefined, onClick: stop },
          h(Radix.Title, null, "People"),
          link("In Radix"),
        ),
      ),
    ),
    open === "portal" &&
      createPortal(h("div", { key: "portal", onClick: stop, onKeyDown: stop }, link("In portal")), document.body),
    h(
      "div",
      { key: "rows", onClick: stop, onKeyDown: stop },
      h("span", { "data-phone": NUMBER }, "In the root"),
      h("a", { href: `tel:${NUMBER}`, onClick: (event) => event.preventDefault() }, "Handled by React"),
    ),
  ];
}

createRoot(document.body.appendChild(document.createElement("div"))).render(h(App));
