/**
 * An example of an HTTP server that receives and verifies webhooks.
 * Run: EPOCH_WEBHOOK_SECRET=whsec_… PORT=8080 node examples/receiver.mjs
 */
import { createServer } from "node:http";
import { readEvent, WebhookVerificationError } from "../index.mjs";

const { EPOCH_WEBHOOK_SECRET: secret = "", PORT: port = "8080" } = process.env;

createServer(async (request, response) => {
  const chunks = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    return; // The client closed the connection during its request.
  }
  try {
    const event = readEvent(secret, request.headers, Buffer.concat(chunks));
    console.log(event.id, event.type);
    // A real receiver stores the event before it answers.
    response.writeHead(204).end();
  } catch (error) {
    if (!(error instanceof WebhookVerificationError)) throw error;
    response.writeHead(400).end();
  }
}).listen(Number(port), "127.0.0.1");
