/** Connects HubSpot and the phone: dials the numbers that HubSpot sends, and reports each call to HubSpot. */
import { IN_CALL_STATES } from "../shared/states.js";
import { endStatus, engagementProperties, mayHideWidget } from "./engagement.js";

/** @import CallingExtensions from "@hubspot/calling-extensions-sdk" */
/** @import { OnCallEnded } from "@hubspot/calling-extensions-sdk" */

/**
 * @typedef {{number: string, options: EpochPhoneCallOptions}} DialRequest
 * @typedef {number | string} EngagementId
 * @typedef {object} ReportedCall A call that is not completed in HubSpot yet.
 * @property {EpochPhoneCallStarted} started
 * @property {EpochPhoneCallEnded | null} ended
 * @property {EngagementId | null} engagementId HubSpot's record of the call.
 * @property {boolean} hasNoRecord HubSpot failed to create a record, or the server creates it.
 * @property {boolean} isLoggedByServer The server writes the call on its HubSpot record; the page must not.
 */

const ENGAGEMENT_TIMEOUT_MS = 15_000;
const MAX_LABEL_LENGTH = 60;
const MAX_ID_LENGTH = 64;
// HubSpot redirects to the portal's data centre.
const HUBSPOT_APP = "https://app.hubspot.com";
/** @type {Record<string, string>} */
const OBJECT_TYPE_IDS = { CONTACT: "0-1", COMPANY: "0-2" };
const LOGGED_OBJECT_TYPES = ["CONTACT", "COMPANY", "DEAL", "TICKET"];
const OBJECT_TYPE_ID = /^\d{1,3}-\d{1,12}$/;
const BUSY_ERROR = "A call is under way. Hang up before you call another number";
const NOT_LOGGED_NOTICE = "HubSpot did not log this call on the record";

export class CallingBridge {
  #hubspot;
  #phone;
  #showNotice;
  #serverLoggedPortalId;
  #isLoggedIn = false;
  /**
   * Waits for the phone to be ready.
   * @type {DialRequest | null}
   */
  #pendingRequest = null;
  /** @type {EpochPhoneError | null} */
  #lastError = null;
  /**
   * By call id, the oldest first.
   * @type {Map<string, ReportedCall>}
   */
  #calls = new Map();

  /**
   * @param {CallingExtensions} hubspot After its handshake.
   * @param {EpochPhoneApi} phone
   * @param {(text: string) => void} showNotice
   * @param {string} serverLoggedPortalId The HubSpot account whose calls the server writes; empty if it writes none.
   */
  constructor(hubspot, phone, showNotice, serverLoggedPortalId = "") {
    this.#hubspot = hubspot;
    this.#phone = phone;
    this.#showNotice = showNotice;
    this.#serverLoggedPortalId = serverLoggedPortalId;
  }

  start() {
    const phone = this.#phone;
    phone.on("stateChanged", () => this.#onStateChanged());
    phone.on("error", (error) => this.#onError(error));
    phone.on("callStarted", (call) => this.#onCallStarted(call));
    phone.on("callAnswered", ({ callId }) => this.#hubspot.callAnswered({ externalCallId: callId }));
    phone.on("callEnded", (call) => this.#onCallEnded(call));
    this.#onStateChanged();
  }

  /**
   * HubSpot asks for a call.
   * @param {unknown} data Whatever HubSpot sent.
   */
  dial(data) {
    const fields = fieldsOf(data);
    const number = fields.phoneNumber;
    if (typeof number !== "string" || !number.trim()) {
      this.#refuse("Invalid phone number");
      return;
    }
    const request = { number, options: { metadata: metadataOf(fields), url: recordUrlOf(fields) } };
    const state = this.#phone.getState();
    if (state === "loading") this.#pendingRequest = request;
    else if (IN_CALL_STATES.includes(state)) this.#refuse(BUSY_ERROR, number);
    else this.#place(request);
  }

  hangup() {
    this.#phone.hangup();
  }

  /**
   * HubSpot created the record of a call.
   * @param {unknown} data
   */
  onEngagementCreated(data) {
    const { externalCallId, engagementId } = fieldsOf(data);
    const call = this.#findCall(externalCallId);
    if (!call || !isId(engagementId)) return;
    call.engagementId = engagementId;
    this.#completeIfKnown(call);
  }

  /** @param {unknown} data */
  onEngagementFailed(data) {
    const call = this.#findCall(fieldsOf(data).externalCallId);
    if (!call) return;
    call.hasNoRecord = true;
    this.#showNotice(NOT_LOGGED_NOTICE);
    this.#completeIfKnown(call);
  }

  /** Tell HubSpot whether the phone can call, and dial the waiting number. */
  #onStateChanged() {
    const state = this.#phone.getState();
    const isUsable = state !== "loading" && state !== "error";
    if (isUsable) this.#lastError = null;
    if (isUsable === this.#isLoggedIn) return;
    this.#isLoggedIn = isUsable;
    if (!isUsable) {
      this.#hubspot.userLoggedOut();
      return;
    }
    this.#hubspot.userLoggedIn();
    const request = this.#pendingRequest;
    this.#pendingRequest = null;
    if (request) this.#place(request);
  }

  /** @param {DialRequest} request */
  #place({ number, options }) {
    this.#showNotice("");
    // For a number that cannot be dialled, `error` is emitted before call() returns.
    if (!this.#phone.call(number, options) && this.#lastError) this.#showProblem(this.#lastError.message, number);
  }

  /** @param {EpochPhoneError} error */
  #onError(error) {
    this.#lastError = error;
    this.#hubspot.sendError({ message: error.message });
    if (this.#phone.getState() !== "error") return;
    if (this.#pendingRequest) this.#showProblem(error.message, this.#pendingRequest.number);
    this.#pendingRequest = null;
  }

  /** @param {string} message */
  #refuse(message, number = "") {
    this.#hubspot.sendError({ message });
    this.#showProblem(message, number);
  }

  /**
   * @param {string} message
   * @param {string} number
   */
  #showProblem(message, number) {
    const label = number.trim().slice(0, MAX_LABEL_LENGTH);
    this.#showNotice(label ? `${message}: ${label}` : message);
  }

  /** @param {EpochPhoneCallStarted} call */
  #onCallStarted(call) {
    this.#showNotice("");
    const isLoggedByServer = this.#serverLoggedPortalId !== "" && this.#isLoggedByServer(call.metadata ?? {});
    const state = { ended: null, engagementId: null, hasNoRecord: isLoggedByServer, isLoggedByServer };
    this.#calls.set(call.callId, { started: call, ...state });
    this.#hubspot.outgoingCall({
      externalCallId: call.callId,
      toNumber: call.number,
      fromNumber: call.from,
      callStartTime: Date.parse(call.startedAt),
      createEngagement: !isLoggedByServer,
    });
  }

  /**
   * True if the server writes the call on its HubSpot record: the same rule as in src/crm/engagement.py.
   * @param {EpochPhoneMetadata} metadata
   */
  #isLoggedByServer({ portalId, objectId, objectType }) {
    const type = String(objectType);
    const isKnownType = LOGGED_OBJECT_TYPES.includes(type.toUpperCase()) || OBJECT_TYPE_ID.test(type);
    return portalId === this.#serverLoggedPortalId && /^\d{1,20}$/.test(String(objectId)) && isKnownType;
  }

  /** @param {EpochPhoneCallEnded} ended */
  #onCallEnded(ended) {
    const call = this.#calls.get(ended.callId);
    if (!call) return;
    call.ended = ended;
    const report = {
      externalCallId: ended.callId,
      ...(call.engagementId === null ? {} : { engagementId: call.engagementId }),
      callEndStatus: endStatus(ended.status),
    };
    // The SDK's types require an engagement id, but not every call has one yet.
    this.#hubspot.callEnded(/** @type {OnCallEnded} */ (report));
    if (!this.#completeIfKnown(call)) setTimeout(() => this.#giveUpOnRecord(call), ENGAGEMENT_TIMEOUT_MS);
  }

  /** @param {ReportedCall} call */
  #giveUpOnRecord({ started: { callId } }) {
    if (this.#calls.has(callId)) this.onEngagementFailed({ externalCallId: callId });
  }

  /**
   * Complete the call with HubSpot if it has ended and its record is known, or known to be missing.
   * @param {ReportedCall} call
   */
  #completeIfKnown({ started, ended, engagementId, hasNoRecord, isLoggedByServer }) {
    if (!ended || (engagementId === null && !hasNoRecord)) return false;
    this.#calls.delete(started.callId);
    this.#hubspot.callCompleted({
      externalCallId: started.callId,
      ...(engagementId === null ? {} : { engagementId }),
      hideWidget: mayHideWidget(ended.status),
      ...(isLoggedByServer ? {} : { engagementProperties: engagementProperties(started, ended) }),
    });
    return true;
  }

  /**
   * The call with this id; without an id, the oldest call that has no record yet.
   * @param {unknown} callId
   */
  #findCall(callId) {
    const call = typeof callId === "string" ? this.#calls.get(callId) : undefined;
    return call ?? [...this.#calls.values()].find(({ engagementId }) => engagementId === null);
  }
}

/**
 * The fields of a message's data.
 * @param {unknown} data
 * @returns {Record<string, unknown>}
 */
const fieldsOf = (data) => (typeof data === "object" && data !== null ? { ...data } : {});

/**
 * @param {unknown} value
 * @returns {value is EngagementId}
 */
const isId = (value) => Number.isFinite(value) || (typeof value === "string" && value !== "");

/**
 * The record in HubSpot that a call belongs to, for our own call list.
 * @param {Record<string, unknown>} fields
 * @returns {EpochPhoneMetadata}
 */
function metadataOf(fields) {
  const known = ["portalId", "objectId", "objectType", "ownerId"]
    .filter((name) => isId(fields[name]))
    .map((name) => [name, String(fields[name]).slice(0, MAX_ID_LENGTH)]);
  return { source: "hubspot", ...Object.fromEntries(known) };
}

/**
 * The URL of the HubSpot record that is called; null if HubSpot does not name the record.
 * @param {Record<string, unknown>} fields
 */
function recordUrlOf({ portalId, objectId, objectType }) {
  const typeId = OBJECT_TYPE_IDS[String(objectType)];
  if (!typeId || !isId(portalId) || !isId(objectId)) return null;
  const [portal, record] = [portalId, objectId].map((id) => encodeURIComponent(String(id).slice(0, MAX_ID_LENGTH)));
  return `${HUBSPOT_APP}/contacts/${portal}/record/${typeId}/${record}`;
}
