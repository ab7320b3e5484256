// Refreshes the operations page. The server does not count a refresh as activity: an abandoned page signs out and says so.
import { enableAutoRefresh } from "./js/auto-refresh.js";

enableAutoRefresh(document);
