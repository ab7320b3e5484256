// jsdom has neither constructed style sheets nor CSS.supports: enough of both to build the panel.
class Sheet {
  replaceSync(text) {
    this.text = text;
  }
}

const adopted = new WeakMap();

globalThis.CSSStyleSheet = Sheet;
globalThis.CSS = { supports: (_, value) => /^(#[\da-f]{3,8}|[a-z]+)$/i.test(value) };
Object.defineProperty(ShadowRoot.prototype, "adoptedStyleSheets", {
  configurable: true,
  get() {
    return adopted.get(this) ?? [];
  },
  set(sheets) {
    adopted.set(this, sheets);
  },
});
