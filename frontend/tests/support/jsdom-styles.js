// Adds to jsdom the functions for styles that the panel needs: constructed style sheets and CSS.supports.
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
