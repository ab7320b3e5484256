// What Swagger UI's own elements lack for people who do not see them, as a plugin of it.

/** `Original` with an `aria-label` where it is given none; `prop` is what the component calls it. */
const named =
  (name, prop = "aria-label") =>
  (Original, { React }) =>
    function Named(props) {
      return React.createElement(Original, { [prop]: name, ...props });
    };

/** `Original`, which takes no name, inside a label; `nameOf` its properties, or null where it has a name already. */
const labelled =
  (nameOf) =>
  (Original, { React }) =>
    function Labelled(props) {
      const name = nameOf(props);
      const original = React.createElement(Original, { ...props, showLabels: false });
      return name === null ? original : React.createElement("label", { className: "named" }, name, original);
    };

/** A parameter that is chosen from a list: its name stands in another cell. */
const nameOfChoice = ({ schema, description }) =>
  schema?.get("enum") || schema?.get("type") === "boolean" ? description : null;

/** Swagger UI's plugin. */
export const accessible = () => ({
  wrapComponents: {
    // Its buttons have a text, and some another name that those who speak to them cannot guess.
    Button: (Original, { React }) =>
      function Button(props) {
        return React.createElement(Original, { ...props, "aria-label": undefined });
      },
    CloseIcon: (Original, { React }) =>
      function Close(props) {
        return React.createElement(Original, { ...props, "aria-hidden": null, "aria-label": "Close", role: "img" });
      },
    // A link inside the button that opens an operation cannot be used apart from it; the address follows what is open.
    DeepLink: (_, { React }) =>
      function Plain({ text }) {
        return React.createElement("span", null, text);
      },
    ExamplesSelect: labelled(() => "Example"),
    JsonSchemaForm: labelled(nameOfChoice),
    // There is one server: this one.
    ServersContainer: () => () => null,
    TextArea: named("Request body"),
    contentType: named("Media type", "ariaLabel"),
  },
});
