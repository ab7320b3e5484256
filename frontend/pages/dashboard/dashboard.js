// Enables the scripts of the dashboard's pages. Each module finds its own markup; the pages also work without scripts.
import { enableCopyButtons } from "../shared/copy-button.js";
import { enablePasskeys } from "../shared/passkeys.js";
import { announceToast } from "../shared/toast.js";
import { enableCallPanel } from "./js/call-panel.js";
import { enableConfirmDialogs } from "./js/confirm-dialog.js";
import { enableCsvExport } from "./js/csv-export.js";
import { openFilters } from "./js/filter-fold.js";
import { enableForms } from "./js/forms.js";
import { enableKitDownloads } from "./js/kit-download.js";
import { showLocalTimes } from "./js/local-times.js";
import { enableMenus } from "./js/menus.js";
import { enableOwnPhone } from "./js/own-phone.js";
import { enableRecordings } from "./js/recordings.js";
import { enablePlaybackSpeed } from "./js/playback-speed.js";
import { redirectOldAnchors } from "./js/old-anchors.js";
import { keepUnsavedInput } from "./js/unsaved-input.js";
import "htmx.org";

redirectOldAnchors(document);
enableConfirmDialogs(document);
enableCopyButtons(document);
enableCsvExport(document);
enableForms(document);
enableKitDownloads(document);
enableMenus(document);
enablePasskeys(document);
enablePlaybackSpeed(document);
enableCallPanel(document);
enableRecordings(document);
enableOwnPhone(document);
keepUnsavedInput(document);
openFilters(document);
showLocalTimes(document);
announceToast(document);
document.addEventListener("htmx:after:swap", () => {
  showLocalTimes(document);
  enablePlaybackSpeed(document);
});
