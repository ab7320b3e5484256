/**
 * The chunk of the panel's list of missed calls that the signed-in person has not seen. Loaded only on our own pages.
 */
export { MissedCallsView } from "../ui/missed-calls/missed-calls-view.js";
