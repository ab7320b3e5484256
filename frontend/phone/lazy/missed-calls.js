/** The chunk with a signed-in person's unseen missed calls. Loaded on our own pages alone. */
export { MissedCallsView } from "../ui/missed-calls/missed-calls-view.js";
