/**
 * The chunk of the panel's list of missed calls that the signed-in person has not seen. Loaded only on the service's
 * own pages, where a person is signed in.
 */
export { MissedCallsView } from "../ui/missed-calls/missed-calls-view.js";
