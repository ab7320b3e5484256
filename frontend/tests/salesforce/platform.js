// Stand-ins for the Salesforce modules that the kit's component imports. They call the object `salesforce`, which the
// test passes into the sandbox.
/* global salesforce */
const asDefault = null;
export const EpochWidget = "/resource/1/EpochWidget";
export const EpochCallLogger_logCall = (call) => salesforce.logCall(call);
export const loadScript = (component, url) => salesforce.loadScript(component, url);

/** A wire adapter: gives the record's fields whenever its settings change. */
export class getRecord {
  constructor(provide) {
    this.provide = provide;
  }
  connect() {}
  disconnect() {}
  update({ recordId, optionalFields }) {
    if (recordId) this.provide({ data: salesforce.record(recordId, optionalFields), error: undefined });
  }
}

export class ShowToastEvent extends CustomEvent {
  constructor(detail) {
    super("lightning__showtoast", { bubbles: true, composed: true, detail });
  }
}
export { asDefault as platformResourceLoader, asDefault as platformShowToastEvent, asDefault as uiRecordApi };
