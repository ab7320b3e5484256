// Refreshes the back office's operations page. A refresh is no activity for the server, which signs unused pages out.
import { enableAutoRefresh } from "./js/auto-refresh.js";

enableAutoRefresh(document);
