// Registers the calling page of calling-settings.json with HubSpot, or updates the registered settings.
import { readFile } from "node:fs/promises";

const { APP_ID, DEVELOPER_API_KEY, HUBSPOT_API = "https://api.hubapi.com" } = process.env;
if (!/^\d+$/.test(APP_ID ?? "") || !DEVELOPER_API_KEY) {
  console.error("Set APP_ID and DEVELOPER_API_KEY: both are in your HubSpot developer account");
  process.exit(2);
}

const settings = await readFile(new URL("calling-settings.json", import.meta.url), "utf8");
if (!/#ept_[0-9A-Za-z]{38}$/.test(JSON.parse(settings).url)) {
  console.error("Put your embed token into calling-settings.json first");
  process.exit(2);
}

const url = `${HUBSPOT_API}/crm/extensions/calling/2026-03/${APP_ID}/settings?hapikey=${encodeURIComponent(DEVELOPER_API_KEY)}`;
/** @param {"POST" | "PATCH"} method */
const send = (method) => fetch(url, { method, headers: { "Content-Type": "application/json" }, body: settings });
// POST creates the settings. 409 means that they exist: PATCH updates them.
let answer = await send("POST");
if (answer.status === 409) answer = await send("PATCH");
console.log(answer.ok ? "Registered" : `HubSpot answered ${answer.status}: ${await answer.text()}`);
process.exitCode = answer.ok ? 0 : 1;
