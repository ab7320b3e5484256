// The API's reference: Swagger UI on our own document, with our own files only.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { accessible } from "./accessibility-plugin.js";

const SAFE = ["GET", "HEAD", "OPTIONS"];
const csrfToken = () => /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";

/** What "Try it out" sends with the browser's session must carry the token; with a key it need not. */
function withToken(request) {
  const isOurs = new URL(request.url, location.href).origin === location.origin;
  if (isOurs && !SAFE.includes((request.method ?? "GET").toUpperCase())) {
    request.headers["x-csrftoken"] = csrfToken();
  }
  return request;
}

SwaggerUI({
  url: "/schema",
  dom_id: "#reference",
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "list",
  plugins: [accessible],
  requestInterceptor: withToken,
  // Its colours are written into the elements, for one background only.
  syntaxHighlight: { activated: false },
  // Otherwise the document's address would be sent to somebody else's validator.
  validatorUrl: null,
});
