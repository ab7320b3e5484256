// Modal dialogs of five libraries, which trap the focus, and keyboard shortcuts of two libraries, as in customers'
// pages. `pageLibraries.open[name]()` opens a dialog with the field "Name"; `pageLibraries.closed` counts the dialogs
// that were closed. `pageLibraries.bind[name](keys, action)` binds shortcuts.
import { Dialog as HeadlessDialog, DialogPanel, DialogTitle } from "@headlessui/react";
import { install } from "@github/hotkey";
import Dialog from "@mui/material/Dialog";
import DialogTitleOfMui from "@mui/material/DialogTitle";
import * as RadixDialog from "@radix-ui/react-dialog";
import { Modal } from "bootstrap";
import bootstrapStyles from "bootstrap/dist/css/bootstrap.css";
import { createFocusTrap } from "focus-trap";
import { createElement as h, useState } from "react";
import { createRoot } from "react-dom/client";
import { tinykeys } from "tinykeys";

const TITLE = "Edit the contact";
const BOX = { background: "#fff", border: "1px solid", left: "80px", padding: "24px", position: "fixed", top: "80px" };

const countClosed = () => {
  window.pageLibraries.closed += 1;
};
const nameField = () => h("label", null, "Name ", h("input", { autoFocus: true }));

/** Render `Content` with the properties `open` and `onClose`. */
function render(Content) {
  const Page = () => {
    const [isOpen, setOpen] = useState(true);
    const onClose = () => {
      setOpen(false);
      countClosed();
    };
    return h(Content, { open: isOpen, onClose });
  };
  createRoot(document.body.appendChild(document.createElement("div"))).render(h(Page));
}

function addElement(markup) {
  const template = document.createElement("template");
  template.innerHTML = markup;
  return document.body.appendChild(template.content.firstElementChild);
}

window.pageLibraries = {
  closed: 0,
  open: {
    bootstrap() {
      document.head.appendChild(document.createElement("style")).textContent = bootstrapStyles;
      const element = addElement(
        `<div class="modal" tabindex="-1" aria-label="${TITLE}"><div class="modal-dialog"><div class="modal-content">
          <div class="modal-header"><h2 class="modal-title fs-5">${TITLE}</h2></div>
          <div class="modal-body"><label>Name <input class="form-control"></label></div></div></div></div>`,
      );
      element.addEventListener("hidden.bs.modal", countClosed);
      element.addEventListener("shown.bs.modal", () => element.querySelector("input").focus());
      new Modal(element).show();
    },
    mui() {
      render(({ open, onClose }) =>
        h(
          Dialog,
          { open, onClose },
          h(DialogTitleOfMui, null, TITLE),
          h("div", { style: { padding: 24 } }, nameField()),
        ),
      );
    },
    "focus-trap"() {
      const element = addElement(`<div role="dialog" aria-label="${TITLE}"><label>Name <input></label></div>`);
      Object.assign(element.style, BOX);
      const onDeactivate = () => {
        element.remove();
        countClosed();
      };
      createFocusTrap(element, { onDeactivate }).activate();
    },
    radix() {
      render(({ open, onClose }) =>
        h(
          RadixDialog.Root,
          { open, onOpenChange: onClose },
          h(
            RadixDialog.Portal,
            null,
            h(RadixDialog.Overlay, { style: { background: "#0004", inset: 0, position: "fixed" } }),
            h(
              RadixDialog.Content,
              { "aria-describedby": undefined, style: BOX },
              h(RadixDialog.Title, null, TITLE),
              nameField(),
            ),
          ),
        ),
      );
    },
    "headless-ui"() {
      render(({ open, onClose }) =>
        h(HeadlessDialog, { open, onClose }, h(DialogPanel, { style: BOX }, h(DialogTitle, null, TITLE), nameField())),
      );
    },
  },
  /** Call `action(key)` when one of `keys` is pressed. */
  bind: {
    hotkey(keys, action) {
      for (const key of keys) {
        const button = document.body.appendChild(document.createElement("button"));
        button.addEventListener("click", () => action(key));
        install(button, key);
      }
    },
    tinykeys(keys, action) {
      tinykeys(window, Object.fromEntries(keys.map((key) => [key, () => action(key)])));
    },
  },
};
