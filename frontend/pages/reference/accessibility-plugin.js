// A plugin for Swagger UI that gives its elements accessible names.

/**
 * @typedef {Record<string, unknown>} Props
 * @typedef {(props: Props) => unknown} Component A React component; also the name of an element.
 * @typedef {{createElement: (type: Component | string, props: Props | null, ...children: unknown[]) => unknown}} React
 * @typedef {(Original: Component, system: {React: React}) => Component} Wrapper
 */

/**
 * Give the component the accessible name `name`; `prop` is the component's property for it.
 * @param {string} name
 * @returns {Wrapper}
 */
const withName =
  (name, prop = "aria-label") =>
  (Original, { React }) =>
    function Named(props) {
      return React.createElement(Original, { [prop]: name, ...props });
    };

/**
 * Put the component, which has no property for a name, into a <label>.
 * @param {(props: Props) => unknown} nameOf Returns null if the component has a name already.
 * @returns {Wrapper}
 */
const withLabel =
  (nameOf) =>
  (Original, { React }) =>
    function Labelled(props) {
      const name = nameOf(props);
      const original = React.createElement(Original, { ...props, showLabels: false });
      return name === null ? original : React.createElement("label", { className: "named" }, name, original);
    };

/**
 * The name of a parameter that is chosen from a list, whose name Swagger UI shows in another cell of the table.
 * @param {Props} props
 */
const nameOfListParameter = (props) => {
  const { schema, description } = /** @type {{schema?: Map<string, unknown>, description?: unknown}} */ (props);
  return schema?.get("enum") || schema?.get("type") === "boolean" ? description : null;
};

/** @type {Record<string, Wrapper>} */
const wrapComponents = {
  // Buttons have a text; some also have another accessible name, which users of voice control cannot see.
  Button: (Original, { React }) =>
    function Button(props) {
      return React.createElement(Original, { ...props, "aria-label": undefined });
    },
  CloseIcon: (Original, { React }) =>
    function Close(props) {
      return React.createElement(Original, { ...props, "aria-hidden": null, "aria-label": "Close", role: "img" });
    },
  // A link inside the button of an operation cannot be used separately. The URL changes with the open operation anyway.
  DeepLink: (_, { React }) =>
    function Plain({ text }) {
      return React.createElement("span", null, text);
    },
  ExamplesSelect: withLabel(() => "Example"),
  JsonSchemaForm: withLabel(nameOfListParameter),
  // There is only one server to choose.
  ServersContainer: () => () => null,
  TextArea: withName("Request body"),
  contentType: withName("Media type", "ariaLabel"),
};

export const accessibilityPlugin = () => ({ wrapComponents });
