/** A card on a Salesforce page that calls the record's numbers, or a typed number, with the page's phone. */
import { LightningElement, api, wire } from "lwc";
import { getRecord } from "lightning/uiRecordApi";
import { ShowToastEvent } from "lightning/platformShowToastEvent";
import { isInCall, onLogged, phoneFor } from "c/epochPhone";

const STATE_TEXTS = {
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
  /** Null without a record: on app and home pages and in the utility bar. */
  @api recordId = null;
  @api objectApiName = null;
  @api embedToken;
  /** Names of the record's fields with numbers, separated by commas. */
  @api phoneFields = "Phone, MobilePhone";

  state = "loading";
  message = "";
  typedNumber = "";
  record = null;
  phone = null;
  isAttached = false;
  unsubscribers = [];

  connectedCallback() {
    this.isAttached = true;
    this.loadPhone();
  }

  disconnectedCallback() {
    this.isAttached = false;
    for (const unsubscribe of this.unsubscribers) unsubscribe();
    this.unsubscribers = [];
  }

  @wire(getRecord, { recordId: "$recordId", fields: "$idField", optionalFields: "$optionalFields" })
  onRecord({ data }) {
    if (data) this.record = data;
  }

  get idField() {
    return this.recordId && this.objectApiName ? [`${this.objectApiName}.Id`] : undefined;
  }

  get optionalFields() {
    if (!this.idField) return undefined;
    return [...this.fieldNames, "Name"].map((name) => `${this.objectApiName}.${name}`);
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
    return STATE_TEXTS[this.state];
  }

  get cannotCall() {
    return !this.phone?.isReady() || isInCall(this.state);
  }

  callRecord(event) {
    // The second click of a double click is no other call.
    if (event.detail > 1) return;
    const name = this.record?.fields?.Name?.value ?? null;
    this.call(event.currentTarget.dataset.number, { name, url: `/${this.recordId}` });
  }

  /** A held Enter would press the buttons, and submit the form, again and again. */
  ignoreHeldEnter(event) {
    if (event.repeat && event.key === "Enter") event.preventDefault();
  }

  onInput(event) {
    this.typedNumber = event.target.value;
  }

  callTyped(event) {
    event.preventDefault();
    if (!this.cannotCall) this.call(this.typedNumber);
  }

  async loadPhone() {
    try {
      const phone = await phoneFor(this, this.embedToken);
      if (this.isAttached) this.follow(phone);
    } catch (error) {
      if (!this.isAttached) return;
      this.state = "error";
      this.showMessage(error.message);
      this.dispatchEvent(new ShowToastEvent({ title: "Phone", message: error.message, variant: "error" }));
    }
  }

  follow(phone) {
    this.unsubscribers = [
      phone.on("stateChanged", ({ state }) => {
        this.state = state;
      }),
      phone.on("ready", () => this.showMessage("")),
      phone.on("error", ({ message }) => this.showMessage(message)),
      onLogged(({ error }) => this.showMessage(error ?? "Call logged")),
    ];
    this.phone = phone;
    this.state = phone.getState();
  }

  /** `person`: who is called, where that is known. */
  call(number, person = {}) {
    this.showMessage("");
    this.phone.call(number, { ...person, metadata: { source: "salesforce", recordId: this.recordId ?? null } });
  }

  showMessage(text) {
    this.message = text;
  }
}
