// Types that several modules of the phone share. The public ones (EpochPhone…) are those of ../phone.d.ts.
import type { CSPViolations } from "./browser/csp-violations.js";
import type { Problem } from "./errors.js";
import type { CHUNK_LOADERS } from "./inline-chunks.js";

/** The answer of `POST /widget/exchange`. */
export interface ExchangeResponse {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  identity: string;
  /** The number that is shown where nothing else chooses. */
  caller_id: string;
  /** The numbers that calls may show; an older server does not tell them. */
  from_numbers?: { number: string; name: string }[];
  country: string;
  calling_code: string;
  trunk_prefix: string;
  international_prefix: string;
  organization: string;
  ticket?: string;
  /** Host and port of the sandbox carrier's signalling; null with the real carrier. */
  signaling: string | null;
  /** Edges of the carrier, to be tried in this order; missing where the nearest one is right. */
  edges?: string[];
  /** `recent`: the server tells a verified person their own recent calls. `outcomes`: a call can get one of these. */
  settings?: {
    theme?: string;
    position?: string;
    recent?: boolean;
    /** Of the organization, in its order; missing where it has none. */
    outcomes?: { name: string; colour: string }[];
  };
}

/** The fields of the exchange's answer that numbers are read and written with. */
export type CountryFields = Pick<
  ExchangeResponse,
  "country" | "calling_code" | "trunk_prefix" | "international_prefix"
>;

/** A number as a country's rules read it. */
export interface ParsedNumber {
  /** E.164. */
  number: string;
  /** ISO 3166; null where the digits do not tell, or the rules of all countries are not loaded. */
  country: string | null;
  /** True if it has as many digits as numbers of its country. */
  isPossible: boolean;
  /** True if numbers of its plan can begin so. */
  isValid: boolean;
  /** True if it is valid and, where several countries share the calling code, of one of them. */
  isAssigned: boolean;
}

/** A number that a text may mean. */
export interface NumberCandidate {
  /** E.164. */
  number: string;
  /** ISO 3166 or null. */
  country: string | null;
  /** Digits to be sent after the answer, or empty. */
  extension: string;
  /** Tones to be sent after the answer: `0-9*#`, `,` a pause of 2 s, `;` waits for a key; or empty. */
  digits: string;
  /** True if a person must confirm it: its country is a guess, or other words or digits stand beside it. */
  isDoubtful: boolean;
}

export interface NumberReading {
  /** The most plausible first. */
  candidates: NumberCandidate[];
  /** True if the text is an emergency number. */
  isEmergency: boolean;
  /** The text beside the candidates. */
  rest: string;
}

/** A call in the answer of `POST /widget/status`. */
export interface CallRecord {
  status: string;
  /** The dialled number, E.164, as the server parsed it; null where it is none. */
  number?: string | null;
  /** The number that is shown, E.164; null where none was chosen. */
  from?: string | null;
  message?: string | null;
  end_reason?: string | null;
  help?: string | null;
  details?: Record<string, unknown> | null;
}

/** The fields that the server requires in each request. */
export interface Credentials {
  token: string;
  ticket?: string;
}

/** The values with which a session begins; `base` is null where no address of the service is known. */
export interface SessionConfig {
  token: string;
  ticket?: string;
  base: string | null;
}

/** The settings of a page, and what only our own pages give. */
export type Settings = EpochPhoneConfig & { ticket?: string };

/** The payload of `callStarted`. */
export type CallDetails = EpochPhoneCallStarted;

/** The called person, as the page says; the parts that it gave. */
export type CalledPerson = Pick<EpochPhoneCallStarted, "name" | "company" | "url">;

/** A call that is to be made. Without `params` it goes on in the pop-out already, and nothing is to be dialled. */
export interface CallRequest {
  details: CallDetails;
  /** The carrier's parameters. */
  params?: Record<string, string>;
  /**
   * Sent as tones after the answer and the extension; `,` is a pause, `;` waits for a key. Not in `details`: a code may
   * be secret, and events, lists and the server are told nothing of it.
   */
  digits?: string;
}

/** The tones that are being sent after the answer, or that wait for a person's key. */
export interface PostDialStep {
  digits: string;
  isWaiting: boolean;
}

/** The outcome of a call. */
export interface CallEnd {
  status: EpochPhoneCallStatus;
  /** Seconds connected. */
  duration: number;
  message: string | null;
  /** The reason if there is one, also of a completed call that the service ended. */
  problem: Problem | null;
  /** True if the other side hung up. */
  endedByRemote: boolean;
}

/** The call of a phone: `answeredAt` in milliseconds since the epoch, `ended` once it is over. */
export interface PhoneCall extends CallDetails {
  answeredAt: number | null;
  ended: CallEnd | null;
}

export type DeviceKind = "microphone" | "speaker";

/** Receives what happens in one call. `ended` is called exactly once. */
export interface CallListener {
  ringing(hasEarlyMedia: boolean): void;
  answered(at?: number): void;
  /** The server dials or shows another number, E.164, than the page's phone read or expected. */
  corrected(numbers: Pick<CallDetails, "number" | "from">): void;
  /** The voice SDK's names of the warnings that hold now. */
  warningsChanged(warnings: Set<string>): void;
  /** A device was unplugged. */
  deviceLost(kind: DeviceKind | null): void;
  reconnecting(isReconnecting: boolean): void;
  /** Null when no tones are left. */
  postDialChanged(step: PostDialStep | null): void;
  ended(end: CallEnd): void;
}

/** A call under way, in this page or in the pop-out. */
export interface ActiveCall {
  readonly isInPopOut?: boolean;
  start(): void;
  hangup(): void;
  mute(isMuted: boolean): void;
  sendDigit(digit: string): void;
  /** Send the tones that wait for a key. */
  continuePostDial(): void;
}

/** A call in another tab of this site. */
export interface RemoteCall {
  number: string;
  name?: string;
  company?: string;
  answeredAt: number | null;
  hangup(): void;
}

/** A person's choices in this browser. */
export interface Preferences {
  /** Device id. */
  microphone?: string;
  /** Device id. */
  speaker?: string;
  /** The distance that the panel was moved from its own place, in px. */
  place?: { x: number; y: number };
  /** True if keys sound; default true. */
  sounds?: boolean;
  /** `on`: debug mode, switched on by hand. */
  debug?: unknown;
}

/** Chunk name to its module. */
export type Chunks = {
  [Name in keyof typeof CHUNK_LOADERS]: Awaited<ReturnType<(typeof CHUNK_LOADERS)[Name]>>;
};

export type LoadSdk = () => Promise<typeof import("../sdk/index.js")>;

/** Watches a request or an import: calls `send` and returns its result. */
export type RequestObserver = <Result>(
  kind: "POST" | "file",
  url: string,
  send: () => Promise<Result>,
) => Promise<Result>;

/** The browser's functions that the phone uses. */
export interface Environment {
  /** Address of the phone service; null until it is known. */
  base: string | null;
  /** The origin that calls are placed for, where it is not this page's own. */
  page?: string;
  window: Window & typeof globalThis;
  document: Document;
  navigator: Navigator;
  /** True if the globals that the phone needs still work. */
  isIntact: boolean;
  /** The nonce of the phone's script tag. */
  nonce?: string;
  /** Set in debug mode. */
  requestObserver: RequestObserver | null;
  fetch: (url: string, options: RequestInit) => Promise<Response>;
  load: (url: string) => Promise<unknown>;
  now: () => number;
  random: () => number;
  cspViolations: CSPViolations;
  readonly preferences: Preferences;
  wait: (milliseconds: number) => Promise<void>;
  afterPaint: (work: () => void) => void;
  afterFirstPaint: (work: () => void) => void;
  whenIdle: (work: () => void, timeout: number) => void;
  loadSdk: LoadSdk;
  loadChunk: <Name extends keyof Chunks>(name: Name) => Promise<Chunks[Name]>;
}
