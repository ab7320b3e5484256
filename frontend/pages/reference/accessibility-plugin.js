// A plugin of Swagger UI that gives its elements the names that screen readers need.

/**
 * @typedef {Record<string, unknown>} Props
 * @typedef {(props: Props) => unknown} Component A React component; also the name of an element.
 * @typedef {{createElement: (type: Component | string, props: Props | null, ...children: unknown[]) => unknown}} React
 * @typedef {(Original: Component, system: {React: React}) => Component} Wrapper
 */

/**
 * Give the component an `aria-label`; `prop` is what the component calls it.
 * @param {string} name
 * @returns {Wrapper}
 */
const named =
  (name, prop = "aria-label") =>
  (Original, { React }) =>
    function Named(props) {
      return React.createElement(Original, { [prop]: name, ...props });
    };

/**
 * Put the component, which takes no name, into a label.
 * @param {(props: Props) => unknown} nameOf Null where it has a name already.
 * @returns {Wrapper}
 */
const labelled =
  (nameOf) =>
  (Original, { React }) =>
    function Labelled(props) {
      const name = nameOf(props);
      const original = React.createElement(Original, { ...props, showLabels: false });
      return name === null ? original : React.createElement("label", { className: "named" }, name, original);
    };

/**
 * The name of a parameter that is chosen from a list: it stands in another cell.
 * @param {Props} props
 */
const nameOfChoice = (props) => {
  const { schema, description } = /** @type {{schema?: Map<string, unknown>, description?: unknown}} */ (props);
  return schema?.get("enum") || schema?.get("type") === "boolean" ? description : null;
};

/** @type {Record<string, Wrapper>} */
const wrapComponents = {
  // Its buttons have a text, and some also another name, which people who speak to the browser cannot guess.
  Button: (Original, { React }) =>
    function Button(props) {
      return React.createElement(Original, { ...props, "aria-label": undefined });
    },
  CloseIcon: (Original, { React }) =>
    function Close(props) {
      return React.createElement(Original, { ...props, "aria-hidden": null, "aria-label": "Close", role: "img" });
    },
  // A link inside the button that opens an operation cannot be used by itself; the address follows what is open.
  DeepLink: (_, { React }) =>
    function Plain({ text }) {
      return React.createElement("span", null, text);
    },
  ExamplesSelect: labelled(() => "Example"),
  JsonSchemaForm: labelled(nameOfChoice),
  // There is one server only.
  ServersContainer: () => () => null,
  TextArea: named("Request body"),
  contentType: named("Media type", "ariaLabel"),
};

export const accessibilityPlugin = () => ({ wrapComponents });
