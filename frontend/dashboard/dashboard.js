// Everything the pages do beyond plain HTML. Each part finds its own markup; without this file the pages still work.
import { wireConfirms } from "./js/confirm.js";
import { wireCopy } from "./js/copy.js";
import { wireForms } from "./js/forms.js";
import { wireKits } from "./js/kits.js";
import { wireMenus } from "./js/menus.js";
import { wirePanel } from "./js/panel.js";
import { wireTestCall } from "./js/test-call.js";
import { localTimes } from "./js/times.js";
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
