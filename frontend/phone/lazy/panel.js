/** The chunk of the panel, loaded when the page is idle or when a person is about to use the phone. */
export { Panel } from "../ui/panel.js";
