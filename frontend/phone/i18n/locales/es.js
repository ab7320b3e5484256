/** The Spanish texts of the phone. */
import { directionOf } from "../direction.js";
import { refusals } from "../refusals/es.js";
import { createExplain } from "../refusals/explain.js";

export const explain = createExplain("es", refusals);

export const core = {
  language: "es",
  direction: directionOf("es"),
  phone: "Teléfono",
  openPhone: "Abrir el teléfono",
  closePhone: "Cerrar el teléfono",
  minimise: "Minimizar",
  more: "Más",
  sandbox: "Pruebas",
  callingFrom: "Desde",
  automatic: "Automático",
  phoneNumber: "Número de teléfono",
  placeholder: "Escriba un número",
  pageNumbersOnly: "Haga clic en un número de la página para llamar.",
  backspace: "Borrar el último dígito",
  keypad: "Teclado",
  call: "Llamar",
  hangUp: "Colgar",
  mute: "Silenciar",
  unmute: "Activar el micrófono",
  devices: "Audio",
  callAgain: "Volver a llamar",
  tryAgain: "Intentar de nuevo",
  newCall: "Nueva llamada",
  retry: "Reintentar",
  copyDetails: "Copiar los detalles",
  copied: "Copiado",
  connecting: "Conectando…",
  calling: "Llamando…",
  ringing: "Sonando…",
  inCall: "En llamada",
  muted: "Micrófono silenciado",
  reconnecting: "Restableciendo la conexión…",
  endedByRemote: "La otra parte terminó la llamada",
  callInOtherTab: "En llamada en otra pestaña",
  callInPopOut: "En una ventana aparte",
  extension: "extensión {digits}",
  sendTones: "Enviar {digits}",
  sendingTones: "Enviando {digits}",
  holdForPlus: "Mantener pulsado para +",
  states: {
    loading: "conectando",
    ready: "listo",
    dialing: "llamando",
    ringing: "sonando",
    "in-progress": "en llamada",
    completed: "llamada terminada",
    failed: "no se conectó la llamada",
    error: "no funciona",
  },
  endedWith: {
    completed: "Llamada terminada",
    canceled: "Llamada cancelada",
    busy: "La línea está ocupada",
    "no-answer": "No contestan",
    failed: "La llamada falló",
    refused: "La llamada fue rechazada",
  },
  statusHints: {
    busy: "Inténtelo de nuevo en unos minutos.",
    "no-answer": "Nadie contestó. Inténtelo más tarde.",
  },
};

export const dialer = {
  callQuality: {
    lost: "Conexión perdida: intentando recuperar el sonido",
    microphone: "Se desconectó el micrófono. Ahora se usa otro.",
    speaker: "Se desconectó el altavoz. Ahora se usa otro.",
    silent: "Su micrófono no recoge sonido",
    "not-sent": "Es posible que no le oigan",
    "not-heard": "No llega sonido de la otra parte",
    slow: "Mala conexión: las voces llegan con retraso",
    lossy: "Mala conexión: se pierde parte del sonido",
    poor: "Mala conexión",
  },
  whichNumber: "¿A qué número quiere llamar?",
  unclearNumber: "No está claro qué número es: pulse Llamar para elegir",
  tones: "después {digits}",
  recent: "Llamadas recientes",
  clearRecent: "Borrar",
  statuses: {
    canceled: "Cancelada",
    busy: "Ocupado",
    "no-answer": "Sin respuesta",
    failed: "Fallida",
    refused: "Rechazada",
  },
};

export const outcomes = {
  title: "¿Cómo fue?",
  note: "Nota",
  save: "Guardar",
  later: "Más tarde",
  saved: "Guardado",
  notSaved: "No se guardó. {reason}",
  missing: "Falta el resultado de {number}",
  add: "Añadir",
  remove: "Quitar",
};

export const voicemail = {
  leave: "Dejar mensaje de voz",
  greeting: "Mensaje",
  left: "El buzón de voz está grabando su mensaje. Ya puede hacer la siguiente llamada.",
  notLeft: "No se dejó el mensaje. {reason}",
};

export const missedCalls = {
  title: "Llamadas perdidas ({count})",
  callBack: "Devolver la llamada",
  seen: "Marcar como vistas",
};

export const clickToCall = {
  title: "Llamar al {number}",
};

export const settingsSheet = {
  title: "Más",
  check: "Comprobar mi teléfono",
  popOut: "Llamar en una ventana",
  popOutWhy: "Una llamada en una ventana sigue cuando deja esta página.",
  back: "Volver",
  microphone: "Micrófono",
  speaker: "Altavoz",
  systemDefault: "Predeterminado del sistema",
  unnamedDevice: "Dispositivo",
  namesHidden: "Los nombres de los dispositivos aparecen cuando se permite el micrófono, en la primera llamada.",
  speakerNotSelectable: "Este navegador usa el altavoz del sistema.",
  sounds: "Sonidos del teclado",
  deviceNotUsable: "Este dispositivo no se puede usar ahora. Se sigue usando el anterior.",
  movePanel: "Mover el panel",
  moveLeft: "A la izquierda",
  moveUp: "Arriba",
  moveDown: "Abajo",
  moveRight: "A la derecha",
  resetPosition: "Restablecer la posición",
};

export const popOut = {
  connecting: "Conectando con la página…",
  lost: "Se ha perdido la conexión con la página",
  lostFix:
    "Cierre esta ventana y vuelva a llamar desde la página. Una página que envía Cross-Origin-Opener-Policy debe enviar same-origin-allow-popups.",
  sandbox: "Pruebas: las llamadas van a un operador simulado y no llegan a nadie.",
};

export const diagnostics = {
  title: "Comprobar mi teléfono",
  back: "Volver",
  intro:
    "No suena ningún teléfono y no se cobra nada. El navegador puede pedir permiso para el micrófono: diga unas palabras.",
  again: "Comprobar otra vez",
  copy: "Copiar el informe",
  copied: "Copiado",
  report: "Informe, para seleccionar y copiar",
  allPassed: "Todo funciona.",
  someFailed: "No todo funciona. Vea arriba qué hacer.",
  marks: { ok: "Bien", failed: "Problema", notTried: "No se probó" },
  steps: {
    microphone: { name: "Micrófono", testing: "Escuchando…", passed: "El micrófono funciona" },
    token: { name: "Token", testing: "Consultando…", passed: "El token funciona aquí" },
    signaling: { name: "Operador", testing: "Conectando…", passed: "El operador responde" },
    media: { name: "Audio", testing: "Enviando…", passed: "El audio se transmite" },
  },
  faults: {
    not_tried: ["No se probó: hace falta un token que funcione", ""],
    in_call: ["Hay una llamada en curso", "Compruebe otra vez cuando termine."],
    microphone_silent: [
      "El micrófono no capta ningún sonido",
      "Actívelo en los auriculares o en los ajustes de sonido del sistema, o elija otro micrófono.",
    ],
    signaling_failed: [
      "No se puede contactar con el operador",
      "Permita que este equipo se conecte a wss://*.twilio.com: lo impide un cortafuegos, un proxy o el connect-src de la página.",
    ],
    media_failed: [
      "El navegador no puede enviar audio",
      "Permita WebRTC en el navegador y en sus extensiones, y compruebe otra vez.",
    ],
    media_blocked: [
      "El audio no puede salir de esta red",
      "Permita que este equipo envíe UDP al operador: lo impide un cortafuegos o una VPN.",
    ],
  },
};

/** @type {import("../texts.js").ProblemTexts} */
export const problems = {
  invalid_embed_token: [
    "El token no es válido",
    "El token de esta página es incorrecto o no empieza por ept_. Revise el token que se pegó.",
  ],
  revoked_embed_token: [
    "El token no es válido o fue revocado",
    "Genere uno nuevo en Dashboard > Settings y póngalo en esta página.",
  ],
  domain_not_allowed: [
    "Dominio no permitido",
    "Añada el dominio de esta página a los dominios permitidos del token en «Settings».",
  ],
  organization_suspended: [
    "La organización está suspendida",
    "Pida al propietario de la cuenta que contacte con soporte.",
  ],
  plan_not_supported: ["El plan de la organización no incluye el teléfono", "Cambie al plan Pro o superior."],
  no_phone_number: ["No hay ningún número de teléfono", "Consiga un número en Dashboard > Settings."],
  too_many_requests: ["Demasiadas solicitudes", "Espere un minuto. El teléfono volverá a intentarlo automáticamente."],
  service_unavailable: [
    "El servicio no está disponible por el momento",
    "El teléfono volverá a intentarlo automáticamente. No hay que hacer nada.",
  ],
  network_error: [
    "No se puede conectar con el servicio telefónico",
    "Revise la conexión a internet y compruebe si un bloqueador de anuncios o un cortafuegos bloquea el servicio.",
  ],
  offline: ["No hay conexión", "El teléfono volverá a conectarse automáticamente cuando haya red."],
  page_interferes: [
    "Esta página impide que el teléfono funcione",
    "Cargue phone.js antes del script de esta página que sustituye fetch, JSON o Promise.",
  ],
  sdk_load_failed: [
    "No se pudo cargar el teléfono",
    "Revise si un bloqueador de anuncios o la red impiden cargar el script.",
  ],
  part_load_failed: [
    "No se pudo cargar esta parte del teléfono",
    "Revise la conexión a internet e inténtelo de nuevo.",
  ],
  ambiguous_number: ["No está claro a qué número se refiere", "Elija el número en el teléfono."],
  invalid_number: [
    "El número de teléfono no es válido",
    "Escriba el número con su prefijo, o con + y el código del país.",
  ],
  emergency_number: ["No se puede llamar a números de emergencia", "Use un móvil o un teléfono fijo."],
  from_not_allowed: [
    "Este número no se puede usar",
    "Elija otro número o pida a un administrador de la cuenta que lo añada a este token.",
  ],
  invalid_extension: ["Extensión no válida", "Una extensión tiene de 1 a 20 caracteres: 0-9, * y #."],
  invalid_digits: [
    "Dígitos no válidos",
    "Como máximo 100 caracteres: 0-9, *, #, coma o p para una pausa, y ; o w para esperar su confirmación.",
  ],
  url_invalid: [
    "La url de la llamada no es válida",
    "Debe ser una URL http o https de 1000 caracteres como máximo, sin nombre de usuario.",
  ],
  invalid_metadata: [
    "Los metadatos de la llamada no son válidos",
    "Deben ser un objeto de 2000 caracteres de JSON y 32 niveles como máximo, sin funciones, Map, Set, NUL ni mitades sueltas de pares sustitutos.",
  ],
  microphone_denied: [
    "Se denegó el acceso al micrófono",
    "Permita el micrófono para este sitio en la barra de direcciones y vuelva a llamar.",
  ],
  microphone_dismissed: [
    "Se cerró la solicitud de permiso para el micrófono",
    "Vuelva a llamar y elija Permitir cuando el navegador lo pregunte.",
  ],
  microphone_not_found: [
    "No se encontró ningún micrófono",
    "Conecte un micrófono o unos auriculares y vuelva a llamar.",
  ],
  microphone_in_use: ["Otro programa está usando el micrófono", "Cierre ese programa y vuelva a llamar."],
  microphone_blocked: [
    "La página no permite usar el micrófono",
    'La página debe permitir el micrófono: Permissions-Policy microphone=(self), y allow="microphone" en un iframe.',
  ],
  insecure_page: ["El micrófono necesita una página segura", "Abra esta página con https."],
  browser_not_supported: [
    "Este navegador no puede hacer llamadas",
    "Use una versión actual de Chrome, Edge, Firefox o Safari. Las extensiones que desactivan WebRTC también impiden las llamadas.",
  ],
  connection_failed: ["No se pudo conectar la llamada", "Revise la conexión a internet e inténtelo de nuevo."],
  window_blocked: [
    "El navegador bloqueó la ventana del teléfono",
    "Permita las ventanas emergentes de este sitio para llamar en una ventana. Mientras tanto se llama en esta página: no la deje mientras habla.",
  ],
  window_lost: [
    "La ventana del teléfono no responde",
    "Inténtelo de nuevo y deje la ventana abierta mientras carga. Una página que envía Cross-Origin-Opener-Policy debe enviar same-origin-allow-popups.",
  ],
  call_in_progress: ["Hay una llamada en curso", "Cuelgue y llame después a este número."],
  call_elsewhere: [
    "Ya hay una llamada en curso en otra pestaña",
    "Primero cuelgue esa llamada, en esa pestaña o en esta.",
  ],
  call_rate_limited: ["Demasiadas solicitudes", "Espere un minuto y vuelva a llamar."],
  call_unavailable: [
    "El servicio no está disponible por el momento",
    "Vuelva a llamar en unos minutos. Si falla de nuevo, contacte con el soporte.",
  ],
  call_failed: ["La llamada falló", "Revise el número e inténtelo de nuevo."],
  call_refused: ["La llamada fue rechazada", "Pida a un administrador de la cuenta que revise las reglas de llamada."],
  country_not_enabled: [
    "Este destino no está permitido",
    "Las llamadas a este país no están activadas. Un administrador puede añadirlo en «Calling rules».",
  ],
  number_blocked: [
    "Este destino no está permitido",
    "El número está bloqueado en su organización. Un administrador puede desbloquearlo en «Calling rules».",
  ],
  destination_not_allowed: [
    "Este destino no está permitido",
    "Las reglas de llamada excluyen este número o su país. Un administrador puede cambiarlas en «Calling rules».",
  ],
  too_many_calls_at_once: [
    "Demasiadas llamadas a la vez",
    "Espere a que termine otra llamada, o pida a un administrador que suba el límite en «Calling rules».",
  ],
  too_many_calls: [
    "Demasiadas llamadas",
    "Espere un minuto, o pida a un administrador que suba el límite en «Calling rules».",
  ],
  call_limit_reached: [
    "Se alcanzó el límite de llamadas",
    "Se agotaron los minutos, el presupuesto o los números extranjeros permitidos. Espere al día siguiente, o pida a un administrador que suba el límite en «Calling rules».",
  ],
  time_limit_reached: ["La llamada alcanzó su duración máxima", "Vuelva a llamar para continuar."],
  ended_by_staff: ["El equipo del servicio telefónico terminó la llamada", "Pregunte el motivo al soporte."],
  ended_token_revoked: [
    "La llamada terminó porque se revocó su token",
    "La página necesita un token nuevo. Un administrador puede generarlo en Settings > Embed Phone Widget.",
  ],
  ended_organization_suspended: [
    "La llamada terminó porque se suspendió la organización",
    "Pida al propietario de la organización que contacte con soporte.",
  ],
  ended_organization_deleted: [
    "La llamada terminó porque se eliminó la organización",
    "El propietario puede pedir al soporte que la restaure.",
  ],
  ended_calls_paused: [
    "La llamada terminó porque se pausaron todas las llamadas",
    "El equipo del servicio telefónico pausó las llamadas de todas las organizaciones. Llame más tarde.",
  ],
  call_not_connected: [
    "Solo se puede dejar un mensaje grabado en una llamada saliente en curso",
    "Llame, espere el tono del buzón de voz y deje entonces el mensaje.",
  ],
  no_voicemail_greeting: [
    "Todavía no hay ningún mensaje grabado para buzones de voz",
    "Grabe uno en el panel de control, en Voicemail. Un administrador también puede grabar uno para todos.",
  ],
};
