/** A card that calls the record's numbers, or one that is typed, with the page's phone. */
import { LightningElement, api, wire } from "lwc";
import { getRecord } from "lightning/uiRecordApi";
import { ShowToastEvent } from "lightning/platformShowToastEvent";
import { isInCall, onLogged, phoneFor } from "c/epochPhone";

const STATES = {
  loading: "Loading",
  ready: "Ready",
  dialing: "Dialing",
  ringing: "Ringing",
  "in-progress": "In a call",
  completed: "Ready",
  failed: "Ready",
  error: "Not available",
};

export default class EpochDialer extends LightningElement {
  /** Null where there is no record: on app and home pages and in the utility bar. */
  @api recordId = null;
  @api objectApiName = null;
  @api embedToken;
  /** Names of the record's fields that hold numbers, with commas between them. */
  @api phoneFields = "Phone, MobilePhone";

  state = "loading";
  message = "";
  typed = "";
  record = null;
  phone = null;
  isHere = false;
  endings = [];

  connectedCallback() {
    this.isHere = true;
    this.start();
  }

  disconnectedCallback() {
    this.isHere = false;
    for (const end of this.endings) end();
    this.endings = [];
  }

  @wire(getRecord, { recordId: "$recordId", fields: "$idField", optionalFields: "$numberFields" })
  receive({ data }) {
    if (data) this.record = data;
  }

  get idField() {
    return this.recordId && this.objectApiName ? [`${this.objectApiName}.Id`] : undefined;
  }

  get numberFields() {
    if (!this.idField) return undefined;
    return this.fieldNames.map((name) => `${this.objectApiName}.${name}`);
  }

  get fieldNames() {
    const names = (this.phoneFields ?? "").split(",").map((name) => name.trim());
    return names.filter(Boolean);
  }

  get numbers() {
    if (!this.recordId) return [];
    const values = this.fieldNames.map((name) => this.record?.fields?.[name]?.value);
    return [...new Set(values.filter(Boolean))];
  }

  get stateText() {
    return STATES[this.state];
  }

  get cannotCall() {
    return !this.phone?.isReady() || isInCall(this.state);
  }

  callRecord(event) {
    this.call(event.currentTarget.dataset.number);
  }

  type(event) {
    this.typed = event.target.value;
  }

  callTyped(event) {
    event.preventDefault();
    if (!this.cannotCall) this.call(this.typed);
  }

  async start() {
    try {
      const phone = await phoneFor(this, this.embedToken);
      if (this.isHere) this.follow(phone);
    } catch (problem) {
      if (!this.isHere) return;
      this.state = "error";
      this.say(problem.message);
      this.dispatchEvent(new ShowToastEvent({ title: "Phone", message: problem.message, variant: "error" }));
    }
  }

  follow(phone) {
    this.endings = [
      phone.on("stateChanged", ({ state }) => {
        this.state = state;
      }),
      phone.on("ready", () => this.say("")),
      phone.on("error", ({ message }) => this.say(message)),
      onLogged(({ error }) => this.say(error ?? "Call logged")),
    ];
    this.phone = phone;
    this.state = phone.getState();
  }

  call(number) {
    this.say("");
    this.phone.call(number, { metadata: { source: "salesforce", recordId: this.recordId ?? null } });
  }

  say(text) {
    this.message = text;
  }
}
