/** The French texts of the phone. */
import { directionOf } from "../direction.js";
import { createExplain } from "../refusals/explain.js";
import { refusals } from "../refusals/fr.js";

export const explain = createExplain("fr", refusals);

export const core = {
  language: "fr",
  direction: directionOf("fr"),
  phone: "Téléphone",
  openPhone: "Ouvrir le téléphone",
  closePhone: "Fermer le téléphone",
  minimise: "Réduire",
  more: "Plus",
  sandbox: "Test",
  callingFrom: "De",
  automatic: "Automatique",
  phoneNumber: "Numéro de téléphone",
  placeholder: "Saisissez un numéro",
  pageNumbersOnly: "Cliquez sur un numéro de la page pour l’appeler.",
  backspace: "Supprimer le dernier chiffre",
  keypad: "Clavier",
  call: "Appeler",
  hangUp: "Raccrocher",
  mute: "Couper le micro",
  unmute: "Réactiver le micro",
  devices: "Audio",
  callAgain: "Rappeler",
  tryAgain: "Réessayer",
  newCall: "Nouvel appel",
  retry: "Réessayer",
  copyDetails: "Copier les détails",
  copied: "Copié",
  connecting: "Connexion…",
  calling: "Appel en cours…",
  ringing: "Sonnerie…",
  inCall: "En communication",
  muted: "Micro coupé",
  reconnecting: "Rétablissement de la connexion…",
  endedByRemote: "Votre correspondant a raccroché",
  callInOtherTab: "En communication dans un autre onglet",
  callInPopOut: "Dans une fenêtre séparée",
  extension: "poste {digits}",
  sendTones: "Envoyer {digits}",
  sendingTones: "Envoi de {digits}",
  holdForPlus: "Maintenir pour +",
  states: {
    loading: "connexion",
    ready: "prêt",
    dialing: "appel en cours",
    ringing: "sonnerie",
    "in-progress": "en communication",
    completed: "appel terminé",
    failed: "appel non abouti",
    error: "ne fonctionne pas",
  },
  endedWith: {
    completed: "Appel terminé",
    canceled: "Appel annulé",
    busy: "La ligne est occupée",
    "no-answer": "Pas de réponse",
    failed: "L’appel a échoué",
    refused: "L’appel a été refusé",
  },
  statusHints: {
    busy: "Réessayez dans quelques minutes.",
    "no-answer": "Personne n’a décroché. Réessayez plus tard.",
  },
};

export const dialer = {
  callQuality: {
    lost: "Connexion perdue : rétablissement du son en cours",
    microphone: "Le microphone a été débranché. Un autre est maintenant utilisé.",
    speaker: "Le haut-parleur a été débranché. Un autre est maintenant utilisé.",
    silent: "Aucun son de votre microphone",
    "not-sent": "Votre correspondant ne vous entend peut-être pas",
    "not-heard": "Aucun son de votre correspondant",
    slow: "Mauvaise connexion : le son arrive en retard",
    lossy: "Mauvaise connexion : une partie du son est perdue",
    poor: "Mauvaise connexion",
  },
  whichNumber: "Quel numéro voulez-vous appeler ?",
  unclearNumber: "Numéro ambigu : appuyez sur Appeler pour choisir",
  tones: "puis {digits}",
  recent: "Appels récents",
  clearRecent: "Effacer",
  statuses: {
    canceled: "Annulé",
    busy: "Occupé",
    "no-answer": "Pas de réponse",
    failed: "Échec",
    refused: "Refusé",
  },
};

export const outcomes = {
  title: "Comment s’est passé l’appel ?",
  note: "Remarque",
  save: "Enregistrer",
  later: "Plus tard",
  saved: "Enregistré",
  notSaved: "Non enregistré. {reason}",
  missing: "Il manque le résultat de l’appel au {number}",
  add: "Ajouter",
  remove: "Supprimer",
};

export const voicemail = {
  leave: "Laisser un message",
  greeting: "Message",
  left: "La messagerie enregistre votre message. Vous pouvez passer l’appel suivant.",
  notLeft: "Le message n’a pas été laissé. {reason}",
};

export const missedCalls = {
  title: "Appels manqués ({count})",
  callBack: "Rappeler",
  seen: "Marquer comme vus",
};

export const clickToCall = {
  title: "Appeler le {number}",
};

export const settingsSheet = {
  title: "Plus",
  check: "Vérifier mon téléphone",
  popOut: "Appeler dans une fenêtre",
  popOutWhy: "Un appel dans une fenêtre continue quand vous quittez cette page.",
  back: "Retour",
  microphone: "Microphone",
  speaker: "Haut-parleur",
  systemDefault: "Par défaut du système",
  unnamedDevice: "Appareil",
  namesHidden: "Les noms des appareils apparaissent une fois le microphone autorisé, au premier appel.",
  speakerNotSelectable: "Ce navigateur utilise le haut-parleur du système.",
  sounds: "Tonalités du clavier",
  deviceNotUsable: "Cet appareil n’est pas utilisable pour le moment. Le précédent reste utilisé.",
  movePanel: "Déplacer le panneau",
  moveLeft: "À gauche",
  moveUp: "En haut",
  moveDown: "En bas",
  moveRight: "À droite",
  resetPosition: "Rétablir la position",
};

export const popOut = {
  connecting: "Connexion à la page…",
  lost: "La connexion avec la page est perdue",
  lostFix:
    "Fermez cette fenêtre, puis rappelez depuis la page. Une page qui envoie Cross-Origin-Opener-Policy doit envoyer same-origin-allow-popups.",
  sandbox: "Test : les appels passent par un opérateur simulé et n’atteignent personne.",
};

export const diagnostics = {
  title: "Vérifier mon téléphone",
  back: "Retour",
  intro:
    "Aucun téléphone ne sonne et rien n’est facturé. Le navigateur peut demander l’accès au microphone : dites quelques mots.",
  again: "Vérifier à nouveau",
  copy: "Copier le rapport",
  copied: "Copié",
  report: "Rapport, à sélectionner et à copier",
  allPassed: "Tout fonctionne.",
  someFailed: "Tout ne fonctionne pas. Voyez ci-dessus ce qu’il faut faire.",
  marks: { ok: "OK", failed: "Problème", notTried: "Non vérifié" },
  steps: {
    microphone: { name: "Microphone", testing: "Écoute…", passed: "Le microphone fonctionne" },
    token: { name: "Jeton", testing: "Vérification…", passed: "Le jeton fonctionne ici" },
    signaling: { name: "Opérateur", testing: "Connexion…", passed: "L’opérateur répond" },
    media: { name: "Son", testing: "Envoi…", passed: "Le son est transmis" },
  },
  faults: {
    not_tried: ["Non vérifié : il faut un jeton qui fonctionne", ""],
    in_call: ["Un appel est en cours", "Vérifiez à nouveau quand il sera terminé."],
    microphone_silent: [
      "Le microphone ne capte aucun son",
      "Réactivez-le sur le casque ou dans les réglages de son du système, ou choisissez un autre microphone.",
    ],
    signaling_failed: [
      "L’opérateur est injoignable",
      "Autorisez cet ordinateur à accéder à wss://*.twilio.com : un pare-feu, un proxy ou le connect-src de la page l’empêche.",
    ],
    media_failed: [
      "Le navigateur ne peut pas envoyer de son",
      "Autorisez WebRTC dans le navigateur et ses extensions, puis vérifiez à nouveau.",
    ],
    media_blocked: [
      "Le son ne peut pas sortir de ce réseau",
      "Autorisez cet ordinateur à envoyer de l’UDP à l’opérateur : un pare-feu ou un VPN l’empêche.",
    ],
  },
};

/** @type {import("../texts.js").ProblemTexts} */
export const problems = {
  invalid_embed_token: [
    "Le jeton n’est pas valide",
    "Le jeton de cette page est incorrect ou ne commence pas par ept_. Vérifiez le jeton qui a été collé.",
  ],
  revoked_embed_token: [
    "Le jeton n’est pas valide ou a été révoqué",
    "Générez-en un nouveau dans Dashboard > Settings et placez-le dans cette page.",
  ],
  domain_not_allowed: [
    "Domaine non autorisé",
    "Ajoutez le domaine de cette page aux domaines autorisés du jeton dans «\u00a0Settings\u00a0».",
  ],
  organization_suspended: [
    "L’organisation est suspendue",
    "Demandez au propriétaire du compte de contacter l’assistance.",
  ],
  plan_not_supported: [
    "L’offre de l’organisation ne comprend pas le téléphone",
    "Passez à l’offre Pro ou à une offre supérieure.",
  ],
  no_phone_number: ["Aucun numéro de téléphone", "Obtenez un numéro dans Dashboard > Settings."],
  too_many_requests: ["Trop de demandes", "Attendez une minute. Le téléphone réessaie automatiquement."],
  service_unavailable: [
    "Le service est momentanément indisponible",
    "Le téléphone réessaie automatiquement. Vous n’avez rien à faire.",
  ],
  network_error: [
    "Le service téléphonique est injoignable",
    "Vérifiez la connexion Internet, et si un bloqueur de publicité ou un pare-feu bloque le service téléphonique.",
  ],
  offline: ["Vous êtes hors ligne", "Le téléphone se reconnecte automatiquement au retour du réseau."],
  page_interferes: [
    "Cette page empêche le téléphone de fonctionner",
    "Chargez phone.js avant le script de cette page qui remplace fetch, JSON ou Promise.",
  ],
  sdk_load_failed: [
    "Le téléphone n’a pas pu être chargé",
    "Vérifiez si un bloqueur de publicité ou le réseau empêche le chargement du script.",
  ],
  part_load_failed: [
    "Cette partie du téléphone n’a pas pu être chargée",
    "Vérifiez la connexion Internet, puis réessayez.",
  ],
  ambiguous_number: ["Le numéro est ambigu", "Choisissez le numéro dans le téléphone."],
  invalid_number: [
    "Le numéro de téléphone n’est pas valide",
    "Saisissez le numéro avec son indicatif, ou avec + et l’indicatif du pays.",
  ],
  emergency_number: [
    "Les numéros d’urgence ne peuvent pas être appelés",
    "Utilisez un téléphone mobile ou un téléphone fixe.",
  ],
  from_not_allowed: [
    "Ce numéro ne peut pas être utilisé",
    "Choisissez un autre numéro, ou demandez à un administrateur du compte de l’ajouter à ce jeton.",
  ],
  invalid_extension: ["Numéro de poste non valide", "Un numéro de poste compte de 1 à 20 caractères : 0-9, * et #."],
  invalid_digits: [
    "Chiffres non valides",
    "Au plus 100 caractères : 0-9, *, #, virgule ou p pour une pause, ; ou w pour attendre votre confirmation.",
  ],
  url_invalid: [
    "L’url de l’appel n’est pas valide",
    "Ce doit être une URL http ou https d’au plus 1 000 caractères, sans nom d’utilisateur.",
  ],
  invalid_metadata: [
    "Les métadonnées de l’appel ne sont pas valides",
    "Passez un objet d’au plus 2 000 caractères de JSON et 32 niveaux, sans fonctions, Map, Set, NUL ni moitiés isolées de paires de substitution.",
  ],
  microphone_denied: [
    "L’accès au microphone a été refusé",
    "Autorisez le microphone pour ce site dans la barre d’adresse, puis rappelez.",
  ],
  microphone_dismissed: [
    "La demande d’accès au microphone a été fermée",
    "Rappelez et choisissez Autoriser quand le navigateur le demande.",
  ],
  microphone_not_found: ["Aucun microphone trouvé", "Branchez un microphone ou un casque, puis rappelez."],
  microphone_in_use: ["Un autre programme utilise le microphone", "Fermez ce programme, puis rappelez."],
  microphone_blocked: [
    "La page n’autorise pas le microphone",
    'La page doit autoriser le microphone : Permissions-Policy microphone=(self), et allow="microphone" sur un iframe.',
  ],
  insecure_page: ["Le microphone exige une page sécurisée", "Ouvrez cette page en https."],
  browser_not_supported: [
    "Ce navigateur ne permet pas d’appeler",
    "Utilisez une version actuelle de Chrome, Edge, Firefox ou Safari.",
  ],
  connection_failed: ["L’appel n’a pas pu être établi", "Vérifiez la connexion Internet, puis réessayez."],
  window_blocked: [
    "Le navigateur a bloqué la fenêtre du téléphone",
    "Autorisez les fenêtres pop-up pour ce site afin d’appeler dans une fenêtre. D’ici là, les appels passent dans cette page : ne la quittez pas pendant la communication.",
  ],
  window_lost: [
    "La fenêtre du téléphone ne répond pas",
    "Réessayez et laissez la fenêtre ouverte pendant son chargement. Une page qui envoie Cross-Origin-Opener-Policy doit envoyer same-origin-allow-popups.",
  ],
  call_in_progress: ["Un appel est en cours", "Raccrochez, puis appelez ce numéro."],
  call_elsewhere: [
    "Un appel est déjà en cours dans un autre onglet",
    "Terminez d’abord cet appel, dans cet autre onglet ou dans celui-ci.",
  ],
  call_rate_limited: ["Trop de demandes", "Attendez une minute, puis rappelez."],
  call_unavailable: [
    "Le service est momentanément indisponible",
    "Rappelez dans quelques minutes. En cas de nouvel échec, contactez l’assistance.",
  ],
  call_failed: ["L’appel a échoué", "Vérifiez le numéro, puis réessayez."],
  call_refused: ["L’appel a été refusé", "Demandez à un administrateur du compte de vérifier les règles d’appel."],
  country_not_enabled: [
    "Cette destination n’est pas autorisée",
    "Les appels vers ce pays ne sont pas activés. Un administrateur peut l’ajouter dans «\u00a0Calling rules\u00a0».",
  ],
  number_blocked: [
    "Cette destination n’est pas autorisée",
    "Le numéro est bloqué dans votre organisation. Un administrateur peut le débloquer dans «\u00a0Calling rules\u00a0».",
  ],
  destination_not_allowed: [
    "Cette destination n’est pas autorisée",
    "Les règles d’appel excluent ce numéro ou son pays. Un administrateur peut les modifier dans «\u00a0Calling rules\u00a0».",
  ],
  too_many_calls_at_once: [
    "Trop d’appels à la fois",
    "Attendez qu’un autre appel se termine, ou demandez à un administrateur de relever la limite dans «\u00a0Calling rules\u00a0».",
  ],
  too_many_calls: [
    "Trop d’appels",
    "Attendez une minute, ou demandez à un administrateur de relever la limite dans «\u00a0Calling rules\u00a0».",
  ],
  call_limit_reached: [
    "La limite d’appels est atteinte",
    "Les minutes, le budget ou les numéros étrangers autorisés sont épuisés. Attendez le lendemain, ou demandez à un administrateur de relever la limite dans «\u00a0Calling rules\u00a0».",
  ],
  time_limit_reached: ["L’appel a atteint sa durée maximale", "Rappelez pour continuer."],
  ended_by_staff: ["L’équipe du service téléphonique a mis fin à l’appel", "Demandez-en la raison à l’assistance."],
  ended_token_revoked: [
    "L’appel a pris fin parce que son jeton a été révoqué",
    "La page a besoin d’un nouveau jeton. Un administrateur peut le générer dans Settings > Embed Phone Widget.",
  ],
  ended_organization_suspended: [
    "L’appel a pris fin parce que l’organisation a été suspendue",
    "Demandez au propriétaire de l’organisation de contacter l’assistance.",
  ],
  ended_organization_deleted: [
    "L’appel a pris fin parce que l’organisation a été supprimée",
    "Le propriétaire peut demander à l’assistance de la restaurer.",
  ],
  ended_calls_paused: [
    "L’appel a pris fin parce que tous les appels ont été suspendus",
    "L’équipe du service téléphonique a suspendu les appels de toutes les organisations. Rappelez plus tard.",
  ],
  call_not_connected: [
    "Un message enregistré ne peut être laissé que pendant un appel sortant en cours",
    "Appelez, attendez le bip de la messagerie, puis laissez le message.",
  ],
  no_voicemail_greeting: [
    "Il n’y a pas encore de message enregistré pour les messageries",
    "Enregistrez-en un dans le tableau de bord, sous Voicemail. Un administrateur peut aussi en enregistrer un pour tous.",
  ],
};
