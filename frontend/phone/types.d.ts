// Types that several modules of the phone share. The public ones (EpochPhone…) are those of ../phone.d.ts.
import type { CSPViolations } from "./browser/csp-violations.js";
import type { Problem } from "./errors.js";
import type { CHUNK_LOADERS } from "./inline-chunks.js";

/** The response to `POST /widget/exchange`. The phone keeps the last one as `exchangeResponse`. */
export interface ExchangeResponse {
  access_token: string;
  /** Seconds. */
  expires_in: number;
  identity: string;
  /** The number that calls show by default, E.164. */
  caller_id: string;
  /** The numbers that calls may show; missing from an older server. */
  from_numbers?: { number: string; name: string }[];
  country: string;
  calling_code: string;
  trunk_prefix: string;
  international_prefix: string;
  organization: string;
  ticket?: string;
  /** Host and port of the sandbox carrier's signalling; null with the real carrier. */
  signaling: string | null;
  /** Edges of the carrier, to be tried in this order; if missing, the nearest edge is used. */
  edges?: string[];
  /** `recent`: true if the server lists a verified person's own recent calls. */
  settings?: {
    theme?: string;
    position?: string;
    recent?: boolean;
    /** The organization's outcomes, in its order; missing if it has none. */
    outcomes?: { name: string; colour: string }[];
  };
}

/** The fields of the exchange's response by which numbers are parsed and formatted. */
export type CountryFields = Pick<
  ExchangeResponse,
  "country" | "calling_code" | "trunk_prefix" | "international_prefix"
>;

/** The result of parsing a number by a country's rules. */
export interface ParsedNumber {
  /** E.164. */
  number: string;
  /** ISO 3166; null if the digits do not identify one, or the rules of all countries are not loaded. */
  country: string | null;
  /** True if it has as many digits as numbers of its country. */
  isPossible: boolean;
  /** True if it matches the pattern of its numbering plan. */
  isValid: boolean;
  /** True if it is valid and, if several countries share the calling code, belongs to one of them. */
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
  /** Tones to be sent after the answer: `0-9*#`, `,` for a pause of 2 s, `;` to wait for a person; or empty. */
  digits: string;
  /** True if a person must confirm it: its country is a guess, or the text has other words or digits too. */
  isDoubtful: boolean;
}

export interface NumberReading {
  /** The most plausible first. */
  candidates: NumberCandidate[];
  /** True if the text is an emergency number. */
  isEmergency: boolean;
  /** The text without the candidates. */
  rest: string;
}

/** A call in the response to `POST /widget/status`. */
export interface CallRecord {
  status: string;
  /** The dialled number, E.164, as the server parsed it; null if the server could not. */
  number?: string | null;
  /** The number that the call shows, E.164; null if none was chosen. */
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

/** The values with which a session begins. `base` is the URL of the phone service; null if it is not known. */
export interface SessionConfig {
  token: string;
  ticket?: string;
  base: string | null;
}

/** The settings of a page; only our own pages give a ticket. */
export type Settings = EpochPhoneConfig & { ticket?: string };

/** The payload of `callStarted`. */
export type CallDetails = EpochPhoneCallStarted;

/** The called person, as far as the page gives it. */
export type CalledPerson = Pick<EpochPhoneCallStarted, "name" | "company" | "url">;

/** A call to be placed. Without `params` it is in the pop-out already, and nothing is dialled. */
export interface CallRequest {
  details: CallDetails;
  /** The parameters that the carrier passes to the server. */
  params?: Record<string, string>;
  /**
   * Sent as tones after the answer and the extension; `,` is a pause, `;` waits for a person. Not in `details`, because
   * they may be a secret code: events, lists and the server must not get them.
   */
  digits?: string;
}

/** The tones that are being sent after the answer, or that wait for a person. */
export interface PostDialStep {
  digits: string;
  isWaiting: boolean;
}

/** The end of a call: its status, duration and reason. */
export interface CallEnd {
  status: EpochPhoneCallStatus;
  /** Seconds connected. */
  duration: number;
  message: string | null;
  /** The problem that ended the call; null for a normal end. A completed call that the service ended has one too. */
  problem: Problem | null;
  /** True if the other side hung up. */
  endedByRemote: boolean;
}

/** The call of a phone. `answeredAt` is in milliseconds since the epoch; `ended` is null until the call has ended. */
export interface PhoneCall extends CallDetails {
  answeredAt: number | null;
  ended: CallEnd | null;
}

export type DeviceKind = "microphone" | "speaker";

/** Receives the events of one call. `ended` is called exactly once. */
export interface CallListener {
  ringing(hasEarlyMedia: boolean): void;
  answered(at?: number): void;
  /** The server dials or shows other numbers, E.164, than the page's phone has. */
  corrected(numbers: Pick<CallDetails, "number" | "from">): void;
  /** The voice SDK's names of the present warnings. */
  warningsChanged(warnings: Set<string>): void;
  /** The device that was unplugged; null for none. */
  deviceLost(kind: DeviceKind | null): void;
  reconnecting(isReconnecting: boolean): void;
  /** Null when no tones are left. */
  postDialChanged(step: PostDialStep | null): void;
  ended(end: CallEnd): void;
}

/** A call from its start to its end, in this page or in the pop-out. */
export interface ActiveCall {
  readonly isInPopOut?: boolean;
  start(): void;
  hangup(): void;
  mute(isMuted: boolean): void;
  sendDigit(digit: string): void;
  /** Send the tones that wait for a person: the person continues. */
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

/** A person's preferences in this browser, as they are stored. */
export interface Preferences {
  /** Device id. */
  microphone?: string;
  /** Device id. */
  speaker?: string;
  /** The panel's offset from its default position, in px. */
  place?: { x: number; y: number };
  /** True if the keypad plays tones; default true. */
  sounds?: boolean;
  /** True or `on`: debug mode is on. A person enters it in the browser's console. */
  debug?: unknown;
}

/** Chunk name to its module. */
export type Chunks = {
  [Name in keyof typeof CHUNK_LOADERS]: Awaited<ReturnType<(typeof CHUNK_LOADERS)[Name]>>;
};

export type LoadSdk = () => Promise<typeof import("../sdk/index.js")>;

/** Observes a request or an import: calls `send` and returns its result. */
export type RequestObserver = <Result>(
  kind: "POST" | "file",
  url: string,
  send: () => Promise<Result>,
) => Promise<Result>;

/** The browser's objects and functions that the phone uses, and the loaders of its chunks. */
export interface Environment {
  /** The URL of the phone service; null until it is known. */
  base: string | null;
  /** The origin of the page that calls are placed for, if that is not this page. */
  pageOrigin?: string;
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
  importModule: (url: string) => Promise<unknown>;
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
