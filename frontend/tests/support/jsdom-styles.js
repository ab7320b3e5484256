// jsdom has neither constructed style sheets nor CSS.supports: enough of both to build the panel.
class Sheet {
  replaceSync(text) {
    this.text = text;
  }
}

globalThis.CSSStyleSheet = Sheet;
globalThis.CSS = { supports: (_, value) => /^(#[\da-f]{3,8}|[a-z]+)$/i.test(value) };
