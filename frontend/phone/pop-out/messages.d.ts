// The messages between a page's phone and the pop-out, a window with its own phone, whose calls continue when the page is
// left. Do not rename a field: a page that was opened before an update exchanges messages with a pop-out of the new version.
import type { CallDetails, CallRequest, DeviceKind, PostDialStep, Settings } from "../types.d.ts";

/** Posted by the pop-out to its opener, repeatedly. */
export interface Announcement {
  epochphone: "window";
  /** The id of the connection that the pop-out has; null without one. */
  link: string | null;
}

/** The page's answer, with a port. */
export interface Welcome {
  epochphone: "page";
  /** The id of the new connection. */
  link: string;
  token: string;
  ticket?: string;
  settings: Settings;
}

/** From the page through the port. */
export interface Command {
  dial?: CallRequest;
  /** The id of the call to hang up. */
  hangup?: string;
  mute?: boolean;
  digit?: string;
  /** Send the tones that wait for a person: the person continues. */
  continuePostDial?: true;
  /** The page has handled the end of the call with this id. */
  heard?: string;
  /** A new ticket, after `renew`. */
  ticket?: string;
  /** Hang up and close the pop-out. */
  close?: true;
}

/** From the pop-out through the port. */
export interface Report {
  /** The pop-out's present call; null if it has none. */
  call?: CallSnapshot | null;
  /** The pop-out asks for a ticket, because its own has expired. */
  renew?: true;
  /** The pop-out is in a call for another token. */
  busy?: true;
}

export interface CallSnapshot {
  details: CallDetails;
  state: EpochPhoneState;
  answeredAt: number | null;
  ended: SnapshotEnd | null;
  muted: boolean;
  /** The device that was unplugged. */
  lost: DeviceKind | null;
  reconnecting: boolean;
  warnings: string[];
  /** Missing from a pop-out that was opened before an update. */
  postDial?: PostDialStep | null;
}

export interface SnapshotEnd {
  status: EpochPhoneCallStatus;
  duration: number;
  message: string | null;
  /** True if the other side hung up. */
  theirs: boolean;
  problem: SnapshotProblem | null;
}

export interface SnapshotProblem {
  code: string;
  message: string;
  /** Advice for this case alone (`specificFix` of a Problem). */
  advice?: string;
  /** The server's advice; `details` has the facts in it. */
  help?: string;
  details?: object;
  isLasting?: boolean;
}
