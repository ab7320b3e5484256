/** Between HubSpot and the phone: dials what HubSpot asks for and tells it what becomes of each call. */
import { endStatus, engagementProperties, mayHide } from "./engagement.js";

const ENGAGEMENT_WAIT_MS = 15_000;
const LONGEST_LABEL = 60;
const LONGEST_ID = 64;
const IN_CALL = ["dialing", "ringing", "in-progress"];
const BUSY = "A call is under way. Hang up before you call another number";
const NOT_LOGGED = "HubSpot did not log this call on the record";

export class Link {
  #hubspot;
  #phone;
  #notice;
  #loggedIn = false;
  /** The one number to dial once the phone is ready, or null. */
  #pending = null;
  #problem = null;
  /** Calls that HubSpot has not been told everything of, by call id, the oldest first. */
  #calls = new Map();

  /** `hubspot` is the SDK's object after its handshake, `phone` the page's EpochPhone, `notice(text)` shows a text. */
  constructor(hubspot, phone, notice) {
    this.#hubspot = hubspot;
    this.#phone = phone;
    this.#notice = notice;
  }

  start() {
    const phone = this.#phone;
    phone.on("stateChanged", () => this.#settle());
    phone.on("error", (problem) => this.#failed(problem));
    phone.on("callStarted", (call) => this.#started(call));
    phone.on("callAnswered", ({ callId }) => this.#hubspot.callAnswered({ externalCallId: callId }));
    phone.on("callEnded", (call) => this.#ended(call));
    this.#settle();
  }

  /** HubSpot asks for a call; `data` is whatever it sent. */
  dial(data) {
    const number = data?.phoneNumber;
    if (typeof number !== "string" || !number.trim()) {
      this.#refuse("Invalid phone number");
      return;
    }
    const request = { number, metadata: metadataOf(data) };
    const state = this.#phone.getState();
    if (state === "loading") this.#pending = request;
    else if (IN_CALL.includes(state)) this.#refuse(BUSY, number);
    else this.#place(request);
  }

  hangup() {
    this.#phone.hangup();
  }

  /** HubSpot made the record of a call. */
  engaged(data) {
    const call = this.#calls.get(data?.externalCallId) ?? this.#firstUnlogged();
    if (!call || !isId(data?.engagementId)) return;
    call.engagementId = data.engagementId;
    this.#complete(call);
  }

  notEngaged(data) {
    const call = this.#calls.get(data?.externalCallId) ?? this.#firstUnlogged();
    if (!call) return;
    call.isUnlogged = true;
    this.#notice(NOT_LOGGED);
    this.#complete(call);
  }

  /** Tell HubSpot whether people can call, and dial what waited for that. */
  #settle() {
    const state = this.#phone.getState();
    const usable = state !== "loading" && state !== "error";
    if (usable) this.#problem = null;
    if (usable === this.#loggedIn) return;
    this.#loggedIn = usable;
    if (!usable) {
      this.#hubspot.userLoggedOut();
      return;
    }
    this.#hubspot.userLoggedIn();
    const request = this.#pending;
    this.#pending = null;
    if (request) this.#place(request);
  }

  #place({ number, metadata }) {
    this.#notice("");
    // A number that cannot be dialled is told by an `error` event before this returns.
    if (!this.#phone.call(number, { metadata })) this.#show(this.#problem.message, number);
  }

  #failed(problem) {
    this.#problem = problem;
    this.#hubspot.sendError({ message: problem.message });
    if (this.#phone.getState() !== "error") return;
    if (this.#pending) this.#show(problem.message, this.#pending.number);
    this.#pending = null;
  }

  #refuse(message, number = "") {
    this.#hubspot.sendError({ message });
    this.#show(message, number);
  }

  #show(message, number) {
    const label = number.trim().slice(0, LONGEST_LABEL);
    this.#notice(label ? `${message}: ${label}` : message);
  }

  #started(call) {
    this.#notice("");
    this.#calls.set(call.callId, { started: call, ended: null, engagementId: null, isUnlogged: false });
    this.#hubspot.outgoingCall({
      externalCallId: call.callId,
      toNumber: call.number,
      fromNumber: call.from,
      callStartTime: Date.parse(call.startedAt),
      createEngagement: true,
    });
  }

  #ended(ended) {
    const call = this.#calls.get(ended.callId);
    call.ended = ended;
    this.#hubspot.callEnded({
      externalCallId: ended.callId,
      ...(call.engagementId === null ? {} : { engagementId: call.engagementId }),
      callEndStatus: endStatus(ended.status),
    });
    if (!this.#complete(call)) setTimeout(() => this.#giveUp(call), ENGAGEMENT_WAIT_MS);
  }

  #giveUp(call) {
    if (this.#calls.has(call.started.callId)) this.notEngaged({ externalCallId: call.started.callId });
  }

  /** Close a call with HubSpot once it is over and its record is known, or known to be missing. */
  #complete(call) {
    const { started, ended, engagementId, isUnlogged } = call;
    if (!ended || (engagementId === null && !isUnlogged)) return false;
    this.#calls.delete(started.callId);
    this.#hubspot.callCompleted({
      externalCallId: started.callId,
      ...(engagementId === null ? {} : { engagementId }),
      hideWidget: mayHide(ended.status),
      engagementProperties: engagementProperties(started, ended),
    });
    return true;
  }

  #firstUnlogged() {
    return [...this.#calls.values()].find((call) => call.engagementId === null);
  }
}

const isId = (value) => Number.isFinite(value) || (typeof value === "string" && value !== "");

/** Which record a call belongs to, for our own call list. */
function metadataOf(data) {
  const known = ["portalId", "objectId", "objectType", "ownerId"]
    .filter((name) => isId(data[name]))
    .map((name) => [name, String(data[name]).slice(0, LONGEST_ID)]);
  return { source: "hubspot", ...Object.fromEntries(known) };
}
