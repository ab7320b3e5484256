/** The German texts of the phone. */
import { directionOf } from "../direction.js";
import { refusals } from "../refusals/de.js";
import { createExplain } from "../refusals/explain.js";

export const explain = createExplain("de", refusals);

export const core = {
  language: "de",
  direction: directionOf("de"),
  phone: "Telefon",
  openPhone: "Telefon öffnen",
  closePhone: "Telefon schließen",
  minimise: "Minimieren",
  more: "Mehr",
  sandbox: "Sandbox",
  callingFrom: "Von",
  automatic: "Automatisch",
  phoneNumber: "Telefonnummer",
  placeholder: "Nummer eingeben",
  pageNumbersOnly: "Klicken Sie auf eine Nummer der Seite, um sie anzurufen.",
  backspace: "Letzte Ziffer löschen",
  keypad: "Tastatur",
  call: "Anrufen",
  hangUp: "Auflegen",
  mute: "Mikro aus",
  unmute: "Mikro an",
  devices: "Geräte",
  callAgain: "Erneut anrufen",
  tryAgain: "Erneut versuchen",
  newCall: "Neuer Anruf",
  retry: "Erneut versuchen",
  copyDetails: "Details kopieren",
  copied: "Kopiert",
  connecting: "Wird verbunden…",
  calling: "Wird angerufen…",
  ringing: "Es klingelt…",
  inCall: "Im Gespräch",
  muted: "Mikrofon ist aus",
  reconnecting: "Verbindung wird wiederhergestellt…",
  endedByRemote: "Von der Gegenseite beendet",
  callInOtherTab: "Im Gespräch in einem anderen Tab",
  callInPopOut: "In einem eigenen Fenster",
  extension: "Durchwahl {digits}",
  sendTones: "{digits} senden",
  sendingTones: "{digits} wird gesendet",
  holdForPlus: "Halten für +",
  states: {
    loading: "wird verbunden",
    ready: "bereit",
    dialing: "ruft an",
    ringing: "es klingelt",
    "in-progress": "im Gespräch",
    completed: "Anruf beendet",
    failed: "Anruf nicht verbunden",
    error: "funktioniert nicht",
  },
  endedWith: {
    completed: "Anruf beendet",
    canceled: "Anruf abgebrochen",
    busy: "Der Anschluss ist besetzt",
    "no-answer": "Keine Antwort",
    failed: "Der Anruf ist fehlgeschlagen",
    refused: "Der Anruf wurde abgelehnt",
  },
  statusHints: {
    busy: "Versuchen Sie es in ein paar Minuten noch einmal.",
    "no-answer": "Niemand hat abgenommen. Versuchen Sie es später noch einmal.",
  },
};

export const dialer = {
  callQuality: {
    lost: "Verbindung unterbrochen: Der Ton wird wiederhergestellt",
    microphone: "Das Mikrofon wurde getrennt. Jetzt wird ein anderes verwendet.",
    speaker: "Der Lautsprecher wurde getrennt. Jetzt wird ein anderer verwendet.",
    silent: "Kein Ton von Ihrem Mikrofon",
    "not-sent": "Die Gegenseite hört Sie möglicherweise nicht",
    "not-heard": "Kein Ton von der Gegenseite",
    slow: "Schlechte Verbindung: Der Ton kommt verzögert an",
    lossy: "Schlechte Verbindung: Teile des Tons gehen verloren",
    poor: "Schlechte Verbindung",
  },
  whichNumber: "Welche Nummer möchten Sie anrufen?",
  unclearNumber: "Nummer nicht eindeutig: zum Auswählen „Anrufen“ drücken",
  tones: "danach {digits}",
  recent: "Letzte Anrufe",
  clearRecent: "Löschen",
  statuses: {
    canceled: "Abgebrochen",
    busy: "Besetzt",
    "no-answer": "Keine Antwort",
    failed: "Fehlgeschlagen",
    refused: "Abgelehnt",
  },
};

export const outcomes = {
  title: "Wie ist es gelaufen?",
  note: "Notiz",
  save: "Speichern",
  later: "Später",
  saved: "Gespeichert",
  notSaved: "Nicht gespeichert. {reason}",
  missing: "Das Ergebnis zu {number} fehlt",
  add: "Ergänzen",
  remove: "Entfernen",
};

export const voicemail = {
  leave: "Voicemail hinterlassen",
  greeting: "Nachricht",
  left: "Die Mailbox zeichnet Ihre Nachricht auf. Sie können den nächsten Anruf beginnen.",
  notLeft: "Die Nachricht wurde nicht hinterlassen. {reason}",
};

export const missedCalls = {
  title: "Verpasste Anrufe ({count})",
  callBack: "Zurückrufen",
  seen: "Als gesehen markieren",
};

export const clickToCall = {
  title: "{number} anrufen",
};

export const settingsSheet = {
  title: "Mehr",
  check: "Telefon prüfen",
  popOut: "In einem Fenster anrufen",
  popOutWhy: "Ein Anruf in einem Fenster läuft weiter, wenn Sie diese Seite verlassen.",
  back: "Zurück",
  microphone: "Mikrofon",
  speaker: "Lautsprecher",
  systemDefault: "Systemstandard",
  unnamedDevice: "Gerät",
  namesHidden: "Die Namen der Geräte erscheinen, sobald das Mikrofon beim ersten Anruf erlaubt wurde.",
  speakerNotSelectable: "Dieser Browser verwendet den Lautsprecher des Systems.",
  sounds: "Tastentöne",
  deviceNotUsable: "Dieses Gerät ist jetzt nicht verfügbar. Das bisherige wird weiter verwendet.",
  movePanel: "Telefon verschieben",
  moveLeft: "Nach links",
  moveUp: "Nach oben",
  moveDown: "Nach unten",
  moveRight: "Nach rechts",
  resetPosition: "Position zurücksetzen",
};

export const popOut = {
  connecting: "Verbindung mit der Seite wird hergestellt…",
  lost: "Die Verbindung zur Seite ist unterbrochen",
  lostFix:
    "Schließen Sie dieses Fenster und rufen Sie von der Seite aus noch einmal an. Eine Seite, die Cross-Origin-Opener-Policy sendet, muss same-origin-allow-popups senden.",
  sandbox: "Sandbox: Anrufe gehen an einen simulierten Anbieter und erreichen niemanden.",
};

export const diagnostics = {
  title: "Telefon prüfen",
  back: "Zurück",
  intro:
    "Es klingelt nirgends und nichts wird berechnet. Fragt der Browser nach dem Mikrofon, sprechen Sie ein paar Worte.",
  again: "Noch einmal prüfen",
  copy: "Bericht kopieren",
  copied: "Kopiert",
  report: "Bericht, zum Markieren und Kopieren",
  allPassed: "Alles funktioniert.",
  someFailed: "Nicht alles funktioniert. Oben steht, was zu tun ist.",
  marks: { ok: "OK", failed: "Problem", notTried: "Nicht geprüft" },
  steps: {
    microphone: { name: "Mikrofon", testing: "Der Ton wird geprüft…", passed: "Das Mikrofon funktioniert" },
    token: { name: "Token", testing: "Wird geprüft…", passed: "Das Token funktioniert hier" },
    signaling: { name: "Anbieter", testing: "Wird verbunden…", passed: "Der Anbieter antwortet" },
    media: { name: "Ton", testing: "Wird gesendet…", passed: "Der Ton wird übertragen" },
  },
  faults: {
    not_tried: ["Nicht geprüft: Dafür ist ein funktionierendes Token nötig", ""],
    in_call: ["Es läuft gerade ein Anruf", "Prüfen Sie noch einmal, wenn er beendet ist."],
    microphone_silent: [
      "Das Mikrofon gibt keinen Ton",
      "Schalten Sie es am Headset oder in den Toneinstellungen des Systems ein, oder wählen Sie ein anderes Mikrofon.",
    ],
    signaling_failed: [
      "Der Anbieter ist nicht erreichbar",
      "Erlauben Sie diesem Computer den Zugriff auf wss://*.twilio.com: Eine Firewall, ein Proxy oder die Direktive connect-src der Seite verhindert ihn.",
    ],
    media_failed: [
      "Der Browser kann keinen Ton senden",
      "Erlauben Sie WebRTC im Browser und in seinen Erweiterungen und prüfen Sie noch einmal.",
    ],
    media_blocked: [
      "Der Ton kann dieses Netzwerk nicht verlassen",
      "Erlauben Sie diesem Computer, UDP an den Anbieter zu senden: Eine Firewall oder ein VPN verhindert es.",
    ],
  },
};

/** @type {import("../texts.js").ProblemTexts} */
export const problems = {
  invalid_embed_token: [
    "Das Token ist ungültig",
    "Das Token auf dieser Seite ist falsch oder beginnt nicht mit ept_. Prüfen Sie das eingefügte Token.",
  ],
  revoked_embed_token: [
    "Das Token ist ungültig oder wurde widerrufen",
    "Erzeugen Sie unter Dashboard > Settings ein neues und fügen Sie es in diese Seite ein.",
  ],
  domain_not_allowed: [
    "Die Domain ist nicht erlaubt",
    "Fügen Sie die Domain dieser Seite unter „Settings“ zu den erlaubten Domains des Tokens hinzu.",
  ],
  organization_suspended: [
    "Die Organisation ist gesperrt",
    "Bitten Sie den Inhaber des Kontos, sich an den Support zu wenden.",
  ],
  plan_not_supported: ["Der Tarif der Organisation enthält kein Telefon", "Wechseln Sie zum Tarif Pro oder höher."],
  no_phone_number: ["Keine Telefonnummer eingerichtet", "Richten Sie unter Dashboard > Settings eine Nummer ein."],
  too_many_requests: ["Zu viele Anfragen", "Warten Sie eine Minute. Das Telefon versucht es von selbst noch einmal."],
  service_unavailable: [
    "Der Dienst ist vorübergehend nicht verfügbar",
    "Das Telefon versucht es von selbst noch einmal. Sie müssen nichts tun.",
  ],
  network_error: [
    "Der Telefondienst ist nicht erreichbar",
    "Prüfen Sie die Internetverbindung und ob ein Werbeblocker oder eine Firewall den Telefondienst blockiert.",
  ],
  offline: [
    "Keine Netzwerkverbindung",
    "Das Telefon verbindet sich von selbst wieder, sobald das Netzwerk zurück ist.",
  ],
  page_interferes: [
    "Diese Seite stört die Funktion des Telefons",
    "Laden Sie phone.js vor dem Skript dieser Seite, das fetch, JSON oder Promise ersetzt.",
  ],
  sdk_load_failed: [
    "Das Telefon konnte nicht geladen werden",
    "Prüfen Sie, ob ein Werbeblocker oder das Netzwerk verhindert, dass das Skript geladen wird.",
  ],
  part_load_failed: [
    "Dieser Teil des Telefons konnte nicht geladen werden",
    "Prüfen Sie die Internetverbindung und versuchen Sie es noch einmal.",
  ],
  ambiguous_number: ["Es ist nicht klar, welche Nummer gemeint ist", "Wählen Sie die Nummer im Telefon aus."],
  invalid_number: [
    "Die Telefonnummer ist ungültig",
    "Geben Sie die Nummer mit Vorwahl ein, oder mit + und der Landesvorwahl.",
  ],
  emergency_number: ["Notrufnummern können nicht angerufen werden", "Nutzen Sie ein Mobiltelefon oder das Festnetz."],
  from_not_allowed: [
    "Diese Nummer kann nicht verwendet werden",
    "Wählen Sie eine andere Nummer, oder bitten Sie die Administration des Kontos, sie für dieses Token freizugeben.",
  ],
  invalid_extension: ["Ungültige Durchwahl", "Eine Durchwahl hat 1 bis 20 Zeichen aus 0-9, * und #."],
  invalid_digits: [
    "Ungültige Ziffern",
    "Höchstens 100 Zeichen: 0-9, *, #, Komma oder p für eine Pause, ; oder w zum Warten auf Ihre Bestätigung.",
  ],
  url_invalid: [
    "Die url des Anrufs ist ungültig",
    "Sie muss eine URL mit http oder https sein, höchstens 1.000 Zeichen lang und ohne Benutzernamen.",
  ],
  invalid_metadata: [
    "Die Metadaten des Anrufs sind ungültig",
    "Übergeben Sie ein Objekt mit höchstens 2.000 Zeichen JSON und 32 Ebenen, ohne Funktionen, Map, Set, NUL und einzelne Hälften von Surrogatpaaren.",
  ],
  microphone_denied: [
    "Der Zugriff auf das Mikrofon wurde verweigert",
    "Erlauben Sie dieser Website das Mikrofon in der Adressleiste und rufen Sie noch einmal an.",
  ],
  microphone_dismissed: [
    "Die Frage nach dem Mikrofon wurde geschlossen",
    "Rufen Sie noch einmal an und wählen Sie „Zulassen“, wenn der Browser fragt.",
  ],
  microphone_not_found: [
    "Kein Mikrofon gefunden",
    "Schließen Sie ein Mikrofon oder ein Headset an und rufen Sie noch einmal an.",
  ],
  microphone_in_use: [
    "Ein anderes Programm verwendet das Mikrofon",
    "Schließen Sie dieses Programm und rufen Sie noch einmal an.",
  ],
  microphone_blocked: [
    "Die Seite erlaubt das Mikrofon nicht",
    'Die Seite muss das Mikrofon erlauben: Permissions-Policy microphone=(self), und allow="microphone" an einem iframe.',
  ],
  insecure_page: ["Das Mikrofon braucht eine sichere Seite", "Öffnen Sie diese Seite über https."],
  browser_not_supported: [
    "Dieser Browser kann nicht anrufen",
    "Verwenden Sie eine aktuelle Version von Chrome, Edge, Firefox oder Safari.",
  ],
  connection_failed: [
    "Der Anruf konnte nicht verbunden werden",
    "Prüfen Sie die Internetverbindung und versuchen Sie es noch einmal.",
  ],
  window_blocked: [
    "Der Browser hat das Fenster des Telefons blockiert",
    "Erlauben Sie Pop-ups für diese Website, um in einem Fenster anzurufen. Bis dahin läuft der Anruf auf dieser Seite: Bleiben Sie während des Gesprächs hier.",
  ],
  window_lost: [
    "Das Fenster des Telefons antwortet nicht",
    "Versuchen Sie es noch einmal und lassen Sie das Fenster offen, während es lädt. Eine Seite, die Cross-Origin-Opener-Policy sendet, muss same-origin-allow-popups senden.",
  ],
  call_in_progress: ["Es läuft bereits ein Anruf", "Legen Sie auf und rufen Sie dann diese Nummer an."],
  call_elsewhere: ["In einem anderen Tab läuft bereits ein Anruf", "Legen Sie zuerst dort oder hier auf."],
  call_rate_limited: ["Zu viele Anfragen", "Warten Sie eine Minute und rufen Sie noch einmal an."],
  call_unavailable: [
    "Der Dienst ist vorübergehend nicht verfügbar",
    "Rufen Sie in ein paar Minuten noch einmal an. Wenn es wieder nicht gelingt, wenden Sie sich an den Support.",
  ],
  call_failed: ["Der Anruf ist fehlgeschlagen", "Prüfen Sie die Nummer und versuchen Sie es noch einmal."],
  call_refused: ["Der Anruf wurde abgelehnt", "Bitten Sie einen Administrator des Kontos, die Anrufregeln zu prüfen."],
  country_not_enabled: [
    "Dieses Ziel ist nicht erlaubt",
    "Anrufe in dieses Land sind nicht freigeschaltet. Ein Administrator kann es unter „Calling rules“ hinzufügen.",
  ],
  number_blocked: [
    "Dieses Ziel ist nicht erlaubt",
    "Die Nummer ist in Ihrer Organisation gesperrt. Ein Administrator kann sie unter „Calling rules“ entsperren.",
  ],
  destination_not_allowed: [
    "Dieses Ziel ist nicht erlaubt",
    "Die Anrufregeln schließen diese Nummer oder ihr Land aus. Ein Administrator kann sie unter „Calling rules“ ändern.",
  ],
  too_many_calls_at_once: [
    "Zu viele Anrufe gleichzeitig",
    "Warten Sie, bis ein anderer Anruf beendet ist, oder bitten Sie einen Administrator, das Limit unter „Calling rules“ zu erhöhen.",
  ],
  too_many_calls: [
    "Zu viele Anrufe",
    "Warten Sie eine Minute, oder bitten Sie einen Administrator, das Limit unter „Calling rules“ zu erhöhen.",
  ],
  call_limit_reached: [
    "Das Anruflimit ist erreicht",
    "Die Minuten, das Budget oder die erlaubten ausländischen Nummern sind aufgebraucht. Warten Sie bis zum nächsten Tag, oder bitten Sie einen Administrator, das Limit unter „Calling rules“ zu erhöhen.",
  ],
  time_limit_reached: ["Der Anruf hat seine Höchstdauer erreicht", "Rufen Sie noch einmal an, um weiterzusprechen."],
  ended_by_staff: ["Das Team des Telefondienstes hat den Anruf beendet", "Fragen Sie den Support nach dem Grund."],
  ended_token_revoked: [
    "Der Anruf wurde beendet, weil sein Token widerrufen wurde",
    "Die Seite braucht ein neues Token. Ein Administrator kann es unter Settings > Embed Phone Widget erzeugen.",
  ],
  ended_organization_suspended: [
    "Der Anruf wurde beendet, weil die Organisation gesperrt wurde",
    "Bitten Sie den Inhaber der Organisation, sich an den Support zu wenden.",
  ],
  ended_organization_deleted: [
    "Der Anruf wurde beendet, weil die Organisation gelöscht wurde",
    "Der Inhaber kann den Support bitten, sie wiederherzustellen.",
  ],
  ended_calls_paused: [
    "Der Anruf wurde beendet, weil alle Anrufe angehalten wurden",
    "Das Team des Telefondienstes hat die Anrufe aller Organisationen vorübergehend angehalten. Rufen Sie später an.",
  ],
  call_not_connected: [
    "Eine aufgezeichnete Nachricht kann nur in einem verbundenen ausgehenden Anruf hinterlassen werden",
    "Rufen Sie an, warten Sie auf den Signalton der Mailbox und hinterlassen Sie dann die Nachricht.",
  ],
  no_voicemail_greeting: [
    "Es gibt noch keine aufgezeichnete Nachricht für Mailboxen",
    "Zeichnen Sie im Dashboard unter Voicemail eine Nachricht auf. Ein Administrator kann auch eine für alle aufzeichnen.",
  ],
};
