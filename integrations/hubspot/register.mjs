// Registers the calling page of calling-settings.json with HubSpot, or changes what is registered.
import { readFile } from "node:fs/promises";

const { APP_ID, DEVELOPER_API_KEY, HUBSPOT_API = "https://api.hubapi.com" } = process.env;
if (!/^\d+$/.test(APP_ID ?? "") || !DEVELOPER_API_KEY) {
  console.error("Set APP_ID and DEVELOPER_API_KEY: both stand in your HubSpot developer account");
  process.exit(2);
}

const body = await readFile(new URL("calling-settings.json", import.meta.url), "utf8");
if (!/#ept_[0-9A-Za-z]{38}$/.test(JSON.parse(body).url)) {
  console.error("Put your embed token into calling-settings.json first");
  process.exit(2);
}

const address = `${HUBSPOT_API}/crm/extensions/calling/2026-03/${APP_ID}/settings?hapikey=${encodeURIComponent(DEVELOPER_API_KEY)}`;
const send = (method) => fetch(address, { method, headers: { "Content-Type": "application/json" }, body });
// Settings that are there already are changed instead.
let answer = await send("POST");
if (answer.status === 409) answer = await send("PATCH");
console.log(answer.ok ? "Registered" : `HubSpot answered ${answer.status}: ${await answer.text()}`);
process.exitCode = answer.ok ? 0 : 1;
