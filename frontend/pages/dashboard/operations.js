// Keeps a page's parts fresh while somebody looks at it: each `data-part` gets what the same part holds now. Asking is no
// activity to the server, so an abandoned page ends with its session, and says so.
import { wireRefresh } from "./js/auto-refresh.js";

wireRefresh(document);
