/** The Dutch texts of the phone. */
import { directionOf } from "../direction.js";
import { createExplain } from "../refusals/explain.js";
import { refusals } from "../refusals/nl.js";

export const explain = createExplain("nl", refusals);

export const core = {
  language: "nl",
  direction: directionOf("nl"),
  phone: "Telefoon",
  openPhone: "Telefoon openen",
  closePhone: "Telefoon sluiten",
  minimise: "Minimaliseren",
  more: "Meer",
  sandbox: "Test",
  callingFrom: "Van",
  automatic: "Automatisch",
  phoneNumber: "Telefoonnummer",
  placeholder: "Voer een nummer in",
  pageNumbersOnly: "Klik op een nummer op de pagina om het te bellen.",
  backspace: "Laatste cijfer wissen",
  keypad: "Toetsen",
  call: "Bellen",
  hangUp: "Ophangen",
  mute: "Microfoon uit",
  unmute: "Microfoon aan",
  devices: "Apparaten",
  callAgain: "Opnieuw bellen",
  tryAgain: "Opnieuw proberen",
  newCall: "Nieuw gesprek",
  retry: "Opnieuw proberen",
  copyDetails: "Details kopiëren",
  copied: "Gekopieerd",
  connecting: "Verbinden…",
  calling: "Bellen…",
  ringing: "Gaat over…",
  inCall: "In gesprek",
  muted: "Microfoon staat uit",
  reconnecting: "Verbinding herstellen…",
  endedByRemote: "Uw gesprekspartner heeft opgehangen",
  callInOtherTab: "In gesprek in een ander tabblad",
  callInPopOut: "In een apart venster",
  extension: "toestel {digits}",
  sendTones: "{digits} verzenden",
  sendingTones: "{digits} wordt verzonden",
  holdForPlus: "Vasthouden voor +",
  states: {
    loading: "verbinden",
    ready: "gereed",
    dialing: "bellen",
    ringing: "gaat over",
    "in-progress": "in gesprek",
    completed: "gesprek beëindigd",
    failed: "gesprek niet verbonden",
    error: "werkt niet",
  },
  endedWith: {
    completed: "Gesprek beëindigd",
    canceled: "Oproep geannuleerd",
    busy: "De lijn is bezet",
    "no-answer": "Geen antwoord",
    failed: "Het gesprek is mislukt",
    refused: "Het gesprek is geweigerd",
  },
  statusHints: {
    busy: "Probeer het over een paar minuten opnieuw.",
    "no-answer": "Er werd niet opgenomen. Probeer het later opnieuw.",
  },
};

export const dialer = {
  callQuality: {
    lost: "Verbinding verbroken: het geluid wordt hersteld",
    microphone: "De microfoon is losgekoppeld. Er wordt nu een andere gebruikt.",
    speaker: "De luidspreker is losgekoppeld. Er wordt nu een andere gebruikt.",
    silent: "Geen geluid van uw microfoon",
    "not-sent": "Uw gesprekspartner hoort u mogelijk niet",
    "not-heard": "Geen geluid van uw gesprekspartner",
    slow: "Slechte verbinding: het geluid komt vertraagd aan",
    lossy: "Slechte verbinding: delen van het geluid gaan verloren",
    poor: "Slechte verbinding",
  },
  whichNumber: "Welk nummer wilt u bellen?",
  unclearNumber: "Niet duidelijk welk nummer: druk op Bellen om te kiezen",
  tones: "daarna {digits}",
  recent: "Recente gesprekken",
  clearRecent: "Wissen",
  statuses: {
    canceled: "Geannuleerd",
    busy: "Bezet",
    "no-answer": "Geen antwoord",
    failed: "Mislukt",
    refused: "Geweigerd",
  },
};

export const outcomes = {
  title: "Hoe ging het?",
  note: "Notitie",
  save: "Opslaan",
  later: "Later",
  saved: "Opgeslagen",
  notSaved: "Niet opgeslagen. {reason}",
  missing: "Het resultaat van {number} ontbreekt",
  add: "Toevoegen",
  remove: "Verwijderen",
};

export const voicemail = {
  leave: "Voicemail achterlaten",
  greeting: "Bericht",
  left: "De voicemail neemt uw bericht op. U kunt de volgende oproep beginnen.",
  notLeft: "Het bericht is niet achtergelaten. {reason}",
};

export const missedCalls = {
  title: "Gemiste oproepen ({count})",
  callBack: "Terugbellen",
  seen: "Als gezien markeren",
};

export const clickToCall = {
  title: "{number} bellen",
};

export const settingsSheet = {
  title: "Meer",
  check: "Telefoon controleren",
  popOut: "Bellen in een venster",
  popOutWhy: "Een gesprek in een venster gaat door als u deze pagina verlaat.",
  back: "Terug",
  microphone: "Microfoon",
  speaker: "Luidspreker",
  systemDefault: "Systeemstandaard",
  unnamedDevice: "Apparaat",
  namesHidden: "De namen van de apparaten verschijnen zodra de microfoon is toegestaan, bij het eerste gesprek.",
  speakerNotSelectable: "Deze browser gebruikt de luidspreker van het systeem.",
  sounds: "Toetstonen",
  deviceNotUsable: "Dit apparaat kan nu niet worden gebruikt. Het vorige blijft in gebruik.",
  movePanel: "Paneel verplaatsen",
  moveLeft: "Naar links",
  moveUp: "Omhoog",
  moveDown: "Omlaag",
  moveRight: "Naar rechts",
  resetPosition: "Positie herstellen",
};

export const popOut = {
  connecting: "Verbinden met de pagina…",
  lost: "De verbinding met de pagina is verbroken",
  lostFix:
    "Sluit dit venster en bel opnieuw vanaf de pagina. Een pagina die Cross-Origin-Opener-Policy stuurt, moet same-origin-allow-popups sturen.",
  sandbox: "Test: gesprekken gaan naar een gesimuleerde provider en bereiken niemand.",
};

export const diagnostics = {
  title: "Telefoon controleren",
  back: "Terug",
  intro:
    "Er gaat geen telefoon over en er wordt niets in rekening gebracht. De browser kan om de microfoon vragen: zeg een paar woorden.",
  again: "Opnieuw controleren",
  copy: "Rapport kopiëren",
  copied: "Gekopieerd",
  report: "Rapport, om te selecteren en te kopiëren",
  allPassed: "Alles werkt.",
  someFailed: "Niet alles werkt. Hierboven staat wat u kunt doen.",
  marks: { ok: "OK", failed: "Probleem", notTried: "Niet gecontroleerd" },
  steps: {
    microphone: { name: "Microfoon", testing: "Luisteren…", passed: "De microfoon werkt" },
    token: { name: "Token", testing: "Controleren…", passed: "Het token werkt hier" },
    signaling: { name: "Provider", testing: "Verbinden…", passed: "De provider antwoordt" },
    media: { name: "Geluid", testing: "Verzenden…", passed: "Het geluid komt door" },
  },
  faults: {
    not_tried: ["Niet gecontroleerd: daarvoor is een werkend token nodig", ""],
    in_call: ["Er is een gesprek gaande", "Controleer opnieuw als het is afgelopen."],
    microphone_silent: [
      "De microfoon geeft geen geluid",
      "Zet de microfoon aan op de headset of in de geluidsinstellingen van het systeem, of kies een andere.",
    ],
    signaling_failed: [
      "De provider is niet bereikbaar",
      "Geef deze computer toegang tot wss://*.twilio.com: een firewall, een proxy of de connect-src van de pagina houdt dit tegen.",
    ],
    media_failed: [
      "De browser kan geen geluid verzenden",
      "Sta WebRTC toe in de browser en de extensies, en controleer opnieuw.",
    ],
    media_blocked: [
      "Het geluid kan dit netwerk niet uit",
      "Laat deze computer UDP naar de provider sturen: een firewall of een VPN houdt dit tegen.",
    ],
  },
};

/** @type {import("../texts.js").ProblemTexts} */
export const problems = {
  invalid_embed_token: [
    "Het token is ongeldig",
    "Het token op deze pagina is onjuist of begint niet met ept_. Controleer het geplakte token.",
  ],
  revoked_embed_token: [
    "Het token is ongeldig of ingetrokken",
    "Maak een nieuw token onder Dashboard > Settings en plaats het op deze pagina.",
  ],
  domain_not_allowed: [
    "Domein niet toegestaan",
    "Voeg het domein van deze pagina onder ‘Settings’ toe aan de toegestane domeinen van het token.",
  ],
  organization_suspended: [
    "De organisatie is geblokkeerd",
    "Vraag de eigenaar van het account contact op te nemen met de klantenservice.",
  ],
  plan_not_supported: ["Het abonnement van de organisatie bevat geen telefoon", "Stap over op Pro of hoger."],
  no_phone_number: ["Geen telefoonnummer ingesteld", "Stel een nummer in onder Dashboard > Settings."],
  too_many_requests: ["Te veel verzoeken", "Wacht een minuut. De telefoon probeert het vanzelf opnieuw."],
  service_unavailable: [
    "De dienst is tijdelijk niet beschikbaar",
    "De telefoon probeert het vanzelf opnieuw. U hoeft niets te doen.",
  ],
  network_error: [
    "De telefoondienst is niet bereikbaar",
    "Controleer de internetverbinding, en of een adblocker of een firewall de telefoondienst blokkeert.",
  ],
  offline: ["U bent offline", "De telefoon maakt vanzelf weer verbinding als het netwerk terug is."],
  page_interferes: [
    "Deze pagina verhindert dat de telefoon werkt",
    "Laad phone.js vóór het script van deze pagina dat fetch, JSON of Promise vervangt.",
  ],
  sdk_load_failed: [
    "De telefoon kon niet worden geladen",
    "Controleer of een adblocker of het netwerk het laden van het script tegenhoudt.",
  ],
  part_load_failed: [
    "Dit deel van de telefoon kon niet worden geladen",
    "Controleer de internetverbinding en probeer het opnieuw.",
  ],
  ambiguous_number: ["Het is niet duidelijk welk nummer bedoeld is", "Kies het nummer in de telefoon."],
  invalid_number: ["Het telefoonnummer is ongeldig", "Voer het nummer in met netnummer, of met + en de landcode."],
  emergency_number: ["Alarmnummers kunnen niet worden gebeld", "Gebruik een mobiele of een vaste telefoon."],
  from_not_allowed: [
    "Dit nummer kan niet worden gebruikt",
    "Kies een ander nummer, of vraag een beheerder van het account om het aan dit token toe te voegen.",
  ],
  invalid_extension: ["Ongeldig toestelnummer", "Een toestelnummer heeft 1 tot 20 tekens: 0-9, * en #."],
  invalid_digits: [
    "Ongeldige cijfers",
    "Hoogstens 100 tekens: 0-9, *, #, komma of p voor een pauze, ; of w om op uw bevestiging te wachten.",
  ],
  url_invalid: [
    "De url van het gesprek is ongeldig",
    "Het moet een http- of https-URL zijn van hoogstens 1.000 tekens, zonder gebruikersnaam.",
  ],
  invalid_metadata: [
    "De metadata van het gesprek zijn ongeldig",
    "Geef een object van hoogstens 2.000 tekens JSON en 32 niveaus, zonder functies, Map, Set, NUL of losse helften van surrogaatparen.",
  ],
  microphone_denied: [
    "Toegang tot de microfoon is geweigerd",
    "Sta de microfoon voor deze site toe in de adresbalk en bel opnieuw.",
  ],
  microphone_dismissed: [
    "De vraag om de microfoon is gesloten",
    "Bel opnieuw en kies Toestaan als de browser erom vraagt.",
  ],
  microphone_not_found: ["Geen microfoon gevonden", "Sluit een microfoon of een headset aan en bel opnieuw."],
  microphone_in_use: ["Een ander programma gebruikt de microfoon", "Sluit dat programma en bel opnieuw."],
  microphone_blocked: [
    "De pagina staat de microfoon niet toe",
    'De pagina moet de microfoon toestaan: Permissions-Policy microphone=(self), en allow="microphone" op een iframe.',
  ],
  insecure_page: ["De microfoon vereist een beveiligde pagina", "Open deze pagina via https."],
  browser_not_supported: [
    "Deze browser kan niet bellen",
    "Gebruik een actuele versie van Chrome, Edge, Firefox of Safari.",
  ],
  connection_failed: [
    "Het gesprek kon niet worden verbonden",
    "Controleer de internetverbinding en probeer het opnieuw.",
  ],
  window_blocked: [
    "De browser heeft het venster van de telefoon geblokkeerd",
    "Sta pop-ups toe voor deze site om in een venster te bellen. Tot die tijd belt u op deze pagina: blijf er tijdens het gesprek.",
  ],
  window_lost: [
    "Het venster van de telefoon antwoordt niet",
    "Probeer het opnieuw en laat het venster open terwijl het laadt. Een pagina die Cross-Origin-Opener-Policy stuurt, moet same-origin-allow-popups sturen.",
  ],
  call_in_progress: ["Er is een gesprek gaande", "Hang op en bel daarna dit nummer."],
  call_elsewhere: [
    "Er is al een gesprek gaande in een ander tabblad",
    "Beëindig eerst dat gesprek, in dat tabblad of in dit.",
  ],
  call_rate_limited: ["Te veel verzoeken", "Wacht een minuut en bel opnieuw."],
  call_unavailable: [
    "De dienst is tijdelijk niet beschikbaar",
    "Bel over een paar minuten opnieuw. Lukt het dan weer niet, neem dan contact op met de klantenservice.",
  ],
  call_failed: ["Het gesprek is mislukt", "Controleer het nummer en probeer het opnieuw."],
  call_refused: ["Het gesprek is geweigerd", "Vraag een beheerder van het account de belregels te controleren."],
  country_not_enabled: [
    "Deze bestemming is niet toegestaan",
    "Bellen naar dit land is niet ingeschakeld. Een beheerder kan het toevoegen onder ‘Calling rules’.",
  ],
  number_blocked: [
    "Deze bestemming is niet toegestaan",
    "Het nummer is geblokkeerd in uw organisatie. Een beheerder kan de blokkering opheffen onder ‘Calling rules’.",
  ],
  destination_not_allowed: [
    "Deze bestemming is niet toegestaan",
    "De belregels sluiten dit nummer of het land ervan uit. Een beheerder kan ze wijzigen onder ‘Calling rules’.",
  ],
  too_many_calls_at_once: [
    "Te veel gesprekken tegelijk",
    "Wacht tot een ander gesprek is afgelopen, of vraag een beheerder de limiet te verhogen onder ‘Calling rules’.",
  ],
  too_many_calls: [
    "Te veel gesprekken",
    "Wacht een minuut, of vraag een beheerder de limiet te verhogen onder ‘Calling rules’.",
  ],
  call_limit_reached: [
    "De gesprekslimiet is bereikt",
    "De minuten, het budget of de toegestane buitenlandse nummers zijn op. Wacht tot de volgende dag, of vraag een beheerder de limiet te verhogen onder ‘Calling rules’.",
  ],
  time_limit_reached: ["Het gesprek heeft de maximale duur bereikt", "Bel opnieuw om verder te praten."],
  ended_by_staff: [
    "Het team van de telefoondienst heeft het gesprek beëindigd",
    "Vraag de klantenservice naar de reden.",
  ],
  ended_token_revoked: [
    "Het gesprek is beëindigd omdat het token is ingetrokken",
    "De pagina heeft een nieuw token nodig. Een beheerder kan het maken onder Settings > Embed Phone Widget.",
  ],
  ended_organization_suspended: [
    "Het gesprek is beëindigd omdat de organisatie is geblokkeerd",
    "Vraag de eigenaar van de organisatie contact op te nemen met de klantenservice.",
  ],
  ended_organization_deleted: [
    "Het gesprek is beëindigd omdat de organisatie is verwijderd",
    "De eigenaar kan de klantenservice vragen de organisatie te herstellen.",
  ],
  ended_calls_paused: [
    "Het gesprek is beëindigd omdat alle gesprekken zijn stopgezet",
    "Het team van de telefoondienst heeft de gesprekken van alle organisaties tijdelijk stopgezet. Bel later opnieuw.",
  ],
  call_not_connected: [
    "Een opgenomen bericht kan alleen in een verbonden uitgaand gesprek worden achtergelaten",
    "Bel, wacht op de toon van de voicemail en laat dan het bericht achter.",
  ],
  no_voicemail_greeting: [
    "Er is nog geen opgenomen bericht voor voicemails",
    "Neem er een op in het dashboard onder Voicemail. Een beheerder kan er ook een voor iedereen opnemen.",
  ],
};
