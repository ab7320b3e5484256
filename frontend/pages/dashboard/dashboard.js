// Everything the pages do beyond plain HTML. Each part finds its own markup; without this file the pages still work.
import { wireConfirms } from "./js/confirm-dialog.js";
import { wireCopy } from "../shared/copy-button.js";
import { wireForms } from "./js/forms.js";
import { wireKits } from "./js/kit-download.js";
import { wireMenus } from "./js/menus.js";
import { wirePanel } from "./js/call-panel.js";
import { wireTestCall } from "./js/test-call.js";
import { localTimes } from "./js/local-times.js";
import { announceNotice } from "./js/toast.js";
import "htmx.org";

wireConfirms(document);
wireCopy(document);
wireForms(document);
wireKits(document);
wireMenus(document);
wirePanel(document);
wireTestCall(document);
localTimes(document);
announceNotice(document);
document.addEventListener("htmx:after:swap", () => localTimes(document));
