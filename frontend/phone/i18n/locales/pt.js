/** The Portuguese texts of the phone, as in Brazil. */
import { directionOf } from "../direction.js";
import { createExplain } from "../refusals/explain.js";
import { refusals } from "../refusals/pt.js";

export const explain = createExplain("pt", refusals);

export const core = {
  language: "pt",
  direction: directionOf("pt"),
  phone: "Telefone",
  openPhone: "Abrir o telefone",
  closePhone: "Fechar o telefone",
  minimise: "Minimizar",
  more: "Mais",
  sandbox: "Teste",
  callingFrom: "De",
  automatic: "Automático",
  phoneNumber: "Número de telefone",
  placeholder: "Digite um número",
  pageNumbersOnly: "Clique em um número da página para ligar.",
  backspace: "Apagar o último dígito",
  keypad: "Teclado",
  call: "Ligar",
  hangUp: "Desligar",
  mute: "Silenciar",
  unmute: "Ativar o microfone",
  devices: "Áudio",
  callAgain: "Ligar novamente",
  tryAgain: "Tentar novamente",
  newCall: "Nova chamada",
  retry: "Tentar novamente",
  copyDetails: "Copiar os detalhes",
  copied: "Copiado",
  connecting: "Conectando…",
  calling: "Ligando…",
  ringing: "Chamando…",
  inCall: "Em chamada",
  muted: "Microfone silenciado",
  reconnecting: "Restabelecendo a conexão…",
  endedByRemote: "A outra pessoa desligou",
  callInOtherTab: "Em chamada em outra aba",
  callInPopOut: "Em uma janela separada",
  extension: "ramal {digits}",
  sendTones: "Enviar {digits}",
  sendingTones: "Enviando {digits}",
  holdForPlus: "Segure para +",
  states: {
    loading: "conectando",
    ready: "pronto",
    dialing: "ligando",
    ringing: "chamando",
    "in-progress": "em chamada",
    completed: "chamada encerrada",
    failed: "chamada não completada",
    error: "não funciona",
  },
  endedWith: {
    completed: "Chamada encerrada",
    canceled: "Chamada cancelada",
    busy: "A linha está ocupada",
    "no-answer": "Ninguém atendeu",
    failed: "A chamada falhou",
    refused: "A chamada foi recusada",
  },
  statusHints: {
    busy: "Tente novamente em alguns minutos.",
    "no-answer": "Tente novamente mais tarde.",
  },
};

export const dialer = {
  callQuality: {
    lost: "Conexão perdida: tentando restabelecer o som",
    microphone: "O microfone foi desconectado. Agora outro está em uso.",
    speaker: "O alto-falante foi desconectado. Agora outro está em uso.",
    silent: "Nenhum som do seu microfone",
    "not-sent": "Talvez a outra pessoa não ouça você",
    "not-heard": "Nenhum som da outra pessoa",
    slow: "Conexão ruim: as vozes chegam com atraso",
    lossy: "Conexão ruim: parte do som se perde",
    poor: "Conexão ruim",
  },
  whichNumber: "Para qual número deseja ligar?",
  unclearNumber: "Número ambíguo: pressione Ligar para escolher",
  tones: "depois {digits}",
  recent: "Chamadas recentes",
  clearRecent: "Limpar",
  statuses: {
    canceled: "Cancelada",
    busy: "Ocupado",
    "no-answer": "Sem resposta",
    failed: "Falhou",
    refused: "Recusada",
  },
};

export const outcomes = {
  title: "Como foi?",
  note: "Nota",
  save: "Salvar",
  later: "Mais tarde",
  saved: "Salvo",
  notSaved: "Não foi salvo. {reason}",
  missing: "Falta o resultado de {number}",
  add: "Adicionar",
  remove: "Remover",
};

export const voicemail = {
  leave: "Deixar mensagem de voz",
  greeting: "Mensagem",
  left: "A caixa postal está gravando a sua mensagem. Você já pode fazer a próxima chamada.",
  notLeft: "A mensagem não foi deixada. {reason}",
};

export const missedCalls = {
  title: "Chamadas perdidas ({count})",
  callBack: "Retornar",
  seen: "Marcar como vistas",
};

export const clickToCall = {
  title: "Ligar para {number}",
};

export const settingsSheet = {
  title: "Mais",
  check: "Verificar meu telefone",
  popOut: "Ligar em uma janela",
  popOutWhy: "Uma chamada em uma janela continua quando você sai desta página.",
  back: "Voltar",
  microphone: "Microfone",
  speaker: "Alto-falante",
  systemDefault: "Padrão do sistema",
  unnamedDevice: "Dispositivo",
  namesHidden: "Os nomes dos dispositivos aparecem quando o microfone é permitido, na primeira chamada.",
  speakerNotSelectable: "Este navegador usa o alto-falante do sistema.",
  sounds: "Sons do teclado",
  deviceNotUsable: "Este dispositivo não pode ser usado agora. O anterior continua em uso.",
  movePanel: "Mover o painel",
  moveLeft: "Para a esquerda",
  moveUp: "Para cima",
  moveDown: "Para baixo",
  moveRight: "Para a direita",
  resetPosition: "Restaurar a posição",
};

export const popOut = {
  connecting: "Conectando à página…",
  lost: "A conexão com a página foi perdida",
  lostFix:
    "Feche esta janela e ligue novamente a partir da página. Uma página que envia Cross-Origin-Opener-Policy deve enviar same-origin-allow-popups.",
  sandbox: "Teste: as chamadas vão para uma operadora simulada e não chegam a ninguém.",
};

export const diagnostics = {
  title: "Verificar meu telefone",
  back: "Voltar",
  intro: "Nenhum telefone toca e nada é cobrado. O navegador pode pedir o microfone: diga algumas palavras.",
  again: "Verificar novamente",
  copy: "Copiar o relatório",
  copied: "Copiado",
  report: "Relatório, para selecionar e copiar",
  allPassed: "Tudo funciona.",
  someFailed: "Nem tudo funciona. Veja acima o que fazer.",
  marks: { ok: "Certo", failed: "Problema", notTried: "Não verificado" },
  steps: {
    microphone: { name: "Microfone", testing: "Ouvindo…", passed: "O microfone funciona" },
    token: { name: "Token", testing: "Consultando…", passed: "O token funciona aqui" },
    signaling: { name: "Operadora", testing: "Conectando…", passed: "A operadora responde" },
    media: { name: "Áudio", testing: "Enviando…", passed: "O áudio é transmitido" },
  },
  faults: {
    not_tried: ["Não verificado: é preciso um token que funcione", ""],
    in_call: ["Há uma chamada em andamento", "Verifique novamente quando ela terminar."],
    microphone_silent: [
      "O microfone não capta nenhum som",
      "Ative-o no fone de ouvido ou nas configurações de som do sistema, ou escolha outro microfone.",
    ],
    signaling_failed: [
      "Não é possível contatar a operadora",
      "Permita que este computador acesse wss://*.twilio.com: um firewall, um proxy ou o connect-src da página impede isso.",
    ],
    media_failed: [
      "O navegador não consegue enviar áudio",
      "Permita WebRTC no navegador e nas extensões dele e verifique novamente.",
    ],
    media_blocked: [
      "O áudio não consegue sair desta rede",
      "Permita que este computador envie UDP à operadora: um firewall ou uma VPN impede isso.",
    ],
  },
};

/** @type {import("../texts.js").ProblemTexts} */
export const problems = {
  invalid_embed_token: [
    "O token não é válido",
    "O token desta página está incorreto ou não começa com ept_. Verifique o token que foi colado.",
  ],
  revoked_embed_token: [
    "O token não é válido ou foi revogado",
    "Gere um novo em Dashboard > Settings e coloque-o nesta página.",
  ],
  domain_not_allowed: [
    "Domínio não permitido",
    "Adicione o domínio desta página aos domínios permitidos do token em “Settings”.",
  ],
  organization_suspended: [
    "A organização está suspensa",
    "Peça ao proprietário da conta que entre em contato com o suporte.",
  ],
  plan_not_supported: ["O plano da organização não inclui o telefone", "Mude para o plano Pro ou superior."],
  no_phone_number: ["Não há nenhum número de telefone", "Obtenha um número em Dashboard > Settings."],
  too_many_requests: ["Solicitações demais", "Espere um minuto. O telefone tenta novamente sozinho."],
  service_unavailable: [
    "O serviço está temporariamente indisponível",
    "O telefone tenta novamente sozinho. Não é preciso fazer nada.",
  ],
  network_error: [
    "Não é possível contatar o serviço de telefonia",
    "Verifique a conexão com a internet e se um bloqueador de anúncios ou um firewall bloqueia o serviço.",
  ],
  offline: ["Sem conexão", "O telefone se reconecta sozinho quando a rede voltar."],
  page_interferes: [
    "Esta página impede o telefone de funcionar",
    "Carregue phone.js antes do script desta página que substitui fetch, JSON ou Promise.",
  ],
  sdk_load_failed: [
    "Não foi possível carregar o telefone",
    "Verifique se um bloqueador de anúncios ou a rede impede o carregamento do script.",
  ],
  part_load_failed: [
    "Não foi possível carregar esta parte do telefone",
    "Verifique a conexão com a internet e tente novamente.",
  ],
  ambiguous_number: ["Não está claro qual é o número", "Escolha o número no telefone."],
  invalid_number: [
    "O número de telefone não é válido",
    "Digite o número com o código de área, ou com + e o código do país.",
  ],
  emergency_number: ["Não é possível ligar para números de emergência", "Use um celular ou um telefone fixo."],
  from_not_allowed: [
    "Este número não pode ser usado",
    "Escolha outro número ou peça a um administrador da conta que o adicione a este token.",
  ],
  invalid_extension: ["Ramal inválido", "Um ramal tem de 1 a 20 caracteres: 0-9, * e #."],
  invalid_digits: [
    "Dígitos inválidos",
    "No máximo 100 caracteres: 0-9, *, #, vírgula ou p para uma pausa, ; ou w para esperar a sua confirmação.",
  ],
  url_invalid: [
    "A url da chamada não é válida",
    "Ela deve ser uma URL http ou https de no máximo 1.000 caracteres, sem nome de usuário.",
  ],
  invalid_metadata: [
    "Os metadados da chamada não são válidos",
    "Passe um objeto de no máximo 2.000 caracteres de JSON e 32 níveis, sem funções, Map, Set, NUL ou metades soltas de pares substitutos.",
  ],
  microphone_denied: [
    "O acesso ao microfone foi negado",
    "Permita o microfone para este site na barra de endereço e ligue novamente.",
  ],
  microphone_dismissed: [
    "O pedido de acesso ao microfone foi fechado",
    "Ligue novamente e escolha Permitir quando o navegador perguntar.",
  ],
  microphone_not_found: [
    "Nenhum microfone foi encontrado",
    "Conecte um microfone ou um fone de ouvido e ligue novamente.",
  ],
  microphone_in_use: ["Outro programa está usando o microfone", "Feche esse programa e ligue novamente."],
  microphone_blocked: [
    "A página não permite usar o microfone",
    'A página precisa permitir o microfone: Permissions-Policy microphone=(self), e allow="microphone" em um iframe.',
  ],
  insecure_page: ["O microfone exige uma página segura", "Abra esta página com https."],
  browser_not_supported: [
    "Este navegador não consegue fazer chamadas",
    "Use uma versão atual do Chrome, Edge, Firefox ou Safari.",
  ],
  connection_failed: ["Não foi possível completar a chamada", "Verifique a conexão com a internet e tente novamente."],
  window_blocked: [
    "O navegador bloqueou a janela do telefone",
    "Permita pop-ups para este site para ligar em uma janela. Até lá, as chamadas são feitas nesta página: não saia dela enquanto fala.",
  ],
  window_lost: [
    "A janela do telefone não responde",
    "Tente novamente e deixe a janela aberta enquanto carrega. Uma página que envia Cross-Origin-Opener-Policy deve enviar same-origin-allow-popups.",
  ],
  call_in_progress: ["Há uma chamada em andamento", "Desligue e depois ligue para este número."],
  call_elsewhere: [
    "Já há uma chamada em andamento em outra aba",
    "Encerre primeiro essa chamada, naquela aba ou nesta.",
  ],
  call_rate_limited: ["Solicitações demais", "Espere um minuto e ligue novamente."],
  call_unavailable: [
    "O serviço está temporariamente indisponível",
    "Ligue novamente em alguns minutos. Se falhar outra vez, entre em contato com o suporte.",
  ],
  call_failed: ["A chamada falhou", "Verifique o número e tente novamente."],
  call_refused: ["A chamada foi recusada", "Peça a um administrador da conta que verifique as regras de chamadas."],
  country_not_enabled: [
    "Este destino não é permitido",
    "As chamadas para este país não estão ativadas. Um administrador pode adicioná-lo em “Calling rules”.",
  ],
  number_blocked: [
    "Este destino não é permitido",
    "O número está bloqueado na sua organização. Um administrador pode desbloqueá-lo em “Calling rules”.",
  ],
  destination_not_allowed: [
    "Este destino não é permitido",
    "As regras de chamadas excluem este número ou o país dele. Um administrador pode alterá-las em “Calling rules”.",
  ],
  too_many_calls_at_once: [
    "Chamadas demais ao mesmo tempo",
    "Espere até que outra chamada termine ou peça a um administrador que aumente o limite em “Calling rules”.",
  ],
  too_many_calls: [
    "Chamadas demais",
    "Espere um minuto ou peça a um administrador que aumente o limite em “Calling rules”.",
  ],
  call_limit_reached: [
    "O limite de chamadas foi atingido",
    "Os minutos, o orçamento ou os números estrangeiros permitidos acabaram. Espere até o dia seguinte ou peça a um administrador que aumente o limite em “Calling rules”.",
  ],
  time_limit_reached: ["A chamada atingiu a duração máxima", "Ligue novamente para continuar."],
  ended_by_staff: ["A equipe do serviço de telefonia encerrou a chamada", "Pergunte o motivo ao suporte."],
  ended_token_revoked: [
    "A chamada terminou porque o token dela foi revogado",
    "A página precisa de um novo token. Um administrador pode gerá-lo em Settings > Embed Phone Widget.",
  ],
  ended_organization_suspended: [
    "A chamada terminou porque a organização foi suspensa",
    "Peça ao proprietário da organização que entre em contato com o suporte.",
  ],
  ended_organization_deleted: [
    "A chamada terminou porque a organização foi excluída",
    "O proprietário pode pedir ao suporte que a restaure.",
  ],
  ended_calls_paused: [
    "A chamada terminou porque todas as chamadas foram pausadas",
    "A equipe do serviço de telefonia pausou as chamadas de todas as organizações. Ligue mais tarde.",
  ],
  call_not_connected: [
    "Uma mensagem gravada só pode ser deixada durante uma chamada de saída em andamento",
    "Ligue, espere o sinal da caixa postal e então deixe a mensagem.",
  ],
  no_voicemail_greeting: [
    "Ainda não há mensagem gravada para caixas postais",
    "Grave uma no painel, em Voicemail. Um administrador também pode gravar uma para todos.",
  ],
};
