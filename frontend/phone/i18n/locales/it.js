/** The Italian texts of the phone. */
import { directionOf } from "../direction.js";
import { createExplain } from "../refusals/explain.js";
import { refusals } from "../refusals/it.js";

export const explain = createExplain("it", refusals);

export const core = {
  language: "it",
  direction: directionOf("it"),
  phone: "Telefono",
  openPhone: "Apri il telefono",
  closePhone: "Chiudi il telefono",
  minimise: "Riduci",
  more: "Altro",
  sandbox: "Test",
  callingFrom: "Da",
  automatic: "Automatico",
  phoneNumber: "Numero di telefono",
  placeholder: "Inserire un numero",
  pageNumbersOnly: "Faccia clic su un numero della pagina per chiamarlo.",
  backspace: "Cancella l’ultima cifra",
  keypad: "Tastiera",
  call: "Chiama",
  hangUp: "Riaggancia",
  mute: "Disattiva il microfono",
  unmute: "Attiva il microfono",
  devices: "Audio",
  callAgain: "Richiama",
  tryAgain: "Riprova",
  newCall: "Nuova chiamata",
  retry: "Riprova",
  copyDetails: "Copia i dettagli",
  copied: "Copiato",
  connecting: "Connessione…",
  calling: "Chiamata in corso…",
  ringing: "Squilla…",
  inCall: "In chiamata",
  muted: "Microfono disattivato",
  reconnecting: "Ripristino della connessione…",
  endedByRemote: "L’altra persona ha riagganciato",
  callInOtherTab: "In chiamata in un’altra scheda",
  callInPopOut: "In una finestra separata",
  extension: "int. {digits}",
  sendTones: "Invia {digits}",
  sendingTones: "Invio di {digits}",
  holdForPlus: "Tenere premuto per +",
  states: {
    loading: "connessione",
    ready: "pronto",
    dialing: "chiamata in corso",
    ringing: "squilla",
    "in-progress": "in chiamata",
    completed: "chiamata terminata",
    failed: "chiamata non riuscita",
    error: "non funziona",
  },
  endedWith: {
    completed: "Chiamata terminata",
    canceled: "Chiamata annullata",
    busy: "La linea è occupata",
    "no-answer": "Nessuna risposta",
    failed: "La chiamata non è riuscita",
    refused: "La chiamata è stata rifiutata",
  },
  statusHints: {
    busy: "Riprovi tra qualche minuto.",
    "no-answer": "Nessuno ha risposto. Riprovi più tardi.",
  },
};

export const dialer = {
  callQuality: {
    lost: "Connessione persa: ripristino dell’audio in corso",
    microphone: "Il microfono è stato scollegato. Ora ne viene usato un altro.",
    speaker: "L’altoparlante è stato scollegato. Ora ne viene usato un altro.",
    silent: "Nessun suono dal Suo microfono",
    "not-sent": "L’altra persona potrebbe non sentirLa",
    "not-heard": "Nessun suono dall’altra persona",
    slow: "Connessione scarsa: le voci arrivano in ritardo",
    lossy: "Connessione scarsa: parte dell’audio va persa",
    poor: "Connessione scarsa",
  },
  whichNumber: "Quale numero vuole chiamare?",
  unclearNumber: "Numero ambiguo: prema Chiama per scegliere",
  tones: "poi {digits}",
  recent: "Chiamate recenti",
  clearRecent: "Cancella",
  statuses: {
    canceled: "Annullata",
    busy: "Occupato",
    "no-answer": "Nessuna risposta",
    failed: "Non riuscita",
    refused: "Rifiutata",
  },
};

export const outcomes = {
  title: "Com’è andata?",
  note: "Nota",
  save: "Salva",
  later: "Più tardi",
  saved: "Salvato",
  notSaved: "Non salvato. {reason}",
  missing: "Manca l’esito di {number}",
  add: "Aggiungi",
  remove: "Rimuovi",
};

export const voicemail = {
  leave: "Lascia un messaggio",
  greeting: "Messaggio",
  left: "La segreteria sta registrando il Suo messaggio. Può fare la prossima chiamata.",
  notLeft: "Il messaggio non è stato lasciato. {reason}",
};

export const missedCalls = {
  title: "Chiamate perse ({count})",
  callBack: "Richiama",
  seen: "Segna come viste",
};

export const clickToCall = {
  title: "Chiama il {number}",
};

export const settingsSheet = {
  title: "Altro",
  check: "Verifica il telefono",
  popOut: "Chiama in una finestra",
  popOutWhy: "Una chiamata in una finestra continua quando si lascia questa pagina.",
  back: "Indietro",
  microphone: "Microfono",
  speaker: "Altoparlante",
  systemDefault: "Predefinito del sistema",
  unnamedDevice: "Dispositivo",
  namesHidden: "I nomi dei dispositivi compaiono quando il microfono è consentito, alla prima chiamata.",
  speakerNotSelectable: "Questo browser usa l’altoparlante del sistema.",
  sounds: "Suoni della tastiera",
  deviceNotUsable: "Questo dispositivo non è utilizzabile ora. Resta in uso il precedente.",
  movePanel: "Sposta il pannello",
  moveLeft: "A sinistra",
  moveUp: "In alto",
  moveDown: "In basso",
  moveRight: "A destra",
  resetPosition: "Ripristina la posizione",
};

export const popOut = {
  connecting: "Connessione alla pagina…",
  lost: "Il collegamento con la pagina è interrotto",
  lostFix:
    "Chiuda questa finestra e richiami dalla pagina. Una pagina che invia Cross-Origin-Opener-Policy deve inviare same-origin-allow-popups.",
  sandbox: "Test: le chiamate vanno a un operatore simulato e non raggiungono nessuno.",
};

export const diagnostics = {
  title: "Verifica il telefono",
  back: "Indietro",
  intro: "Nessun telefono squilla e nulla viene addebitato. Il browser può chiedere il microfono: dica qualche parola.",
  again: "Verifica di nuovo",
  copy: "Copia il rapporto",
  copied: "Copiato",
  report: "Rapporto, da selezionare e copiare",
  allPassed: "Tutto funziona.",
  someFailed: "Non tutto funziona. Veda sopra che cosa fare.",
  marks: { ok: "OK", failed: "Problema", notTried: "Non verificato" },
  steps: {
    microphone: { name: "Microfono", testing: "Ascolto…", passed: "Il microfono funziona" },
    token: { name: "Token", testing: "Verifica in corso…", passed: "Il token funziona qui" },
    signaling: { name: "Operatore", testing: "Connessione…", passed: "L’operatore risponde" },
    media: { name: "Audio", testing: "Invio…", passed: "L’audio viene trasmesso" },
  },
  faults: {
    not_tried: ["Non verificato: serve un token che funzioni", ""],
    in_call: ["C’è una chiamata in corso", "Verifichi di nuovo quando è terminata."],
    microphone_silent: [
      "Il microfono non rileva alcun suono",
      "Lo attivi sulle cuffie o nelle impostazioni audio del sistema, oppure scelga un altro microfono.",
    ],
    signaling_failed: [
      "L’operatore non è raggiungibile",
      "Consenta a questo computer di accedere a wss://*.twilio.com: lo impedisce un firewall, un proxy o il connect-src della pagina.",
    ],
    media_failed: [
      "Il browser non riesce a inviare audio",
      "Consenta WebRTC nel browser e nelle sue estensioni, poi verifichi di nuovo.",
    ],
    media_blocked: [
      "L’audio non può uscire da questa rete",
      "Consenta a questo computer di inviare UDP all’operatore: lo impedisce un firewall o una VPN.",
    ],
  },
};

/** @type {import("../texts.js").ProblemTexts} */
export const problems = {
  invalid_embed_token: [
    "Il token non è valido",
    "Il token di questa pagina è errato o non inizia con ept_. Controlli il token incollato.",
  ],
  revoked_embed_token: [
    "Il token non è valido o è stato revocato",
    "Ne generi uno nuovo in Dashboard > Settings e lo inserisca in questa pagina.",
  ],
  domain_not_allowed: [
    "Dominio non consentito",
    "Aggiunga il dominio di questa pagina ai domini consentiti del token in «Settings».",
  ],
  organization_suspended: [
    "L’organizzazione è sospesa",
    "Chieda al proprietario dell’account di contattare l’assistenza.",
  ],
  plan_not_supported: ["Il piano dell’organizzazione non comprende il telefono", "Passi al piano Pro o superiore."],
  no_phone_number: ["Nessun numero di telefono", "Ottenga un numero in Dashboard > Settings."],
  too_many_requests: ["Troppe richieste", "Attenda un minuto. Il telefono riprova da solo."],
  service_unavailable: [
    "Il servizio è temporaneamente non disponibile",
    "Il telefono riprova da solo. Non occorre fare nulla.",
  ],
  network_error: [
    "Il servizio telefonico non è raggiungibile",
    "Controlli la connessione a Internet, e se un blocco della pubblicità o un firewall blocca il servizio.",
  ],
  offline: ["Nessuna connessione", "Il telefono si riconnette da solo quando torna la rete."],
  page_interferes: [
    "Questa pagina impedisce al telefono di funzionare",
    "Carichi phone.js prima dello script di questa pagina che sostituisce fetch, JSON o Promise.",
  ],
  sdk_load_failed: [
    "Impossibile caricare il telefono",
    "Controlli se un blocco della pubblicità o la rete impedisce di caricare lo script.",
  ],
  part_load_failed: [
    "Impossibile caricare questa parte del telefono",
    "Controlli la connessione a Internet e riprovi.",
  ],
  ambiguous_number: ["Non è chiaro quale numero si intenda", "Scelga il numero nel telefono."],
  invalid_number: [
    "Il numero di telefono non è valido",
    "Inserisca il numero con il prefisso, o con + e il prefisso internazionale.",
  ],
  emergency_number: [
    "I numeri di emergenza non possono essere chiamati",
    "Usi un telefono cellulare o un telefono fisso.",
  ],
  from_not_allowed: [
    "Questo numero non può essere usato",
    "Scelga un altro numero, o chieda a un amministratore dell’account di aggiungerlo a questo token.",
  ],
  invalid_extension: ["Interno non valido", "Un interno ha da 1 a 20 caratteri: 0-9, * e #."],
  invalid_digits: [
    "Cifre non valide",
    "Al massimo 100 caratteri: 0-9, *, #, virgola o p per una pausa, ; o w per attendere la Sua conferma.",
  ],
  url_invalid: [
    "L’url della chiamata non è valido",
    "Deve essere un URL http o https di al massimo 1.000 caratteri, senza nome utente.",
  ],
  invalid_metadata: [
    "I metadati della chiamata non sono validi",
    "Serve un oggetto di al massimo 2.000 caratteri di JSON e 32 livelli, senza funzioni, Map, Set, NUL o metà isolate di coppie surrogate.",
  ],
  microphone_denied: [
    "L’accesso al microfono è stato negato",
    "Consenta il microfono a questo sito nella barra degli indirizzi, poi richiami.",
  ],
  microphone_dismissed: [
    "La richiesta del microfono è stata chiusa",
    "Richiami e scelga Consenti quando il browser lo chiede.",
  ],
  microphone_not_found: ["Nessun microfono trovato", "Colleghi un microfono o delle cuffie, poi richiami."],
  microphone_in_use: ["Un altro programma sta usando il microfono", "Chiuda quel programma, poi richiami."],
  microphone_blocked: [
    "La pagina non consente il microfono",
    'La pagina deve consentire il microfono: Permissions-Policy microphone=(self), e allow="microphone" su un iframe.',
  ],
  insecure_page: ["Il microfono richiede una pagina sicura", "Apra questa pagina tramite https."],
  browser_not_supported: [
    "Questo browser non può effettuare chiamate",
    "Usi una versione attuale di Chrome, Edge, Firefox o Safari.",
  ],
  connection_failed: ["Impossibile collegare la chiamata", "Controlli la connessione a Internet e riprovi."],
  window_blocked: [
    "Il browser ha bloccato la finestra del telefono",
    "Consenta i pop-up a questo sito per chiamare in una finestra. Fino ad allora si chiama in questa pagina: non la lasci durante la chiamata.",
  ],
  window_lost: [
    "La finestra del telefono non risponde",
    "Riprovi e lasci aperta la finestra mentre si carica. Una pagina che invia Cross-Origin-Opener-Policy deve inviare same-origin-allow-popups.",
  ],
  call_in_progress: ["C’è una chiamata in corso", "Riagganci, poi chiami questo numero."],
  call_elsewhere: [
    "È già in corso una chiamata in un’altra scheda",
    "Termini prima quella chiamata, in quella scheda o in questa.",
  ],
  call_rate_limited: ["Troppe richieste", "Attenda un minuto, poi richiami."],
  call_unavailable: [
    "Il servizio è temporaneamente non disponibile",
    "Richiami tra qualche minuto. Se non riesce di nuovo, contatti l’assistenza.",
  ],
  call_failed: ["La chiamata non è riuscita", "Controlli il numero e riprovi."],
  call_refused: [
    "La chiamata è stata rifiutata",
    "Chieda a un amministratore dell’account di controllare le regole di chiamata.",
  ],
  country_not_enabled: [
    "Questa destinazione non è consentita",
    "Le chiamate verso questo Paese non sono attive. Un amministratore può aggiungerlo in «Calling rules».",
  ],
  number_blocked: [
    "Questa destinazione non è consentita",
    "Il numero è bloccato nella Sua organizzazione. Un amministratore può sbloccarlo in «Calling rules».",
  ],
  destination_not_allowed: [
    "Questa destinazione non è consentita",
    "Le regole di chiamata escludono questo numero o il suo Paese. Un amministratore può modificarle in «Calling rules».",
  ],
  too_many_calls_at_once: [
    "Troppe chiamate contemporanee",
    "Attenda che termini un’altra chiamata, o chieda a un amministratore di aumentare il limite in «Calling rules».",
  ],
  too_many_calls: [
    "Troppe chiamate",
    "Attenda un minuto, o chieda a un amministratore di aumentare il limite in «Calling rules».",
  ],
  call_limit_reached: [
    "Limite di chiamate raggiunto",
    "I minuti, il budget o i numeri esteri consentiti sono esauriti. Attenda il giorno successivo, o chieda a un amministratore di aumentare il limite in «Calling rules».",
  ],
  time_limit_reached: ["La chiamata ha raggiunto la durata massima", "Richiami per continuare."],
  ended_by_staff: ["Il personale del servizio telefonico ha terminato la chiamata", "Chieda il motivo all’assistenza."],
  ended_token_revoked: [
    "La chiamata è terminata perché il suo token è stato revocato",
    "La pagina ha bisogno di un nuovo token. Un amministratore può generarlo in Settings > Embed Phone Widget.",
  ],
  ended_organization_suspended: [
    "La chiamata è terminata perché l’organizzazione è stata sospesa",
    "Chieda al proprietario dell’organizzazione di contattare l’assistenza.",
  ],
  ended_organization_deleted: [
    "La chiamata è terminata perché l’organizzazione è stata eliminata",
    "Il proprietario può chiedere all’assistenza di ripristinarla.",
  ],
  ended_calls_paused: [
    "La chiamata è terminata perché tutte le chiamate sono state sospese",
    "Il personale del servizio telefonico ha sospeso le chiamate di tutte le organizzazioni. Richiami più tardi.",
  ],
  call_not_connected: [
    "Un messaggio registrato si può lasciare solo durante una chiamata in uscita in corso",
    "Chiami, aspetti il segnale acustico della segreteria e poi lasci il messaggio.",
  ],
  no_voicemail_greeting: [
    "Non c’è ancora un messaggio registrato per le segreterie",
    "Ne registri uno nella dashboard, in Voicemail. Un amministratore può anche registrarne uno per tutti.",
  ],
};
