// The API reference: shows our OpenAPI document with Swagger UI, from our own files only.
import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import { accessibilityPlugin } from "./accessibility-plugin.js";

const SAFE_METHODS = ["GET", "HEAD", "OPTIONS"];
const csrfToken = () => /(?:^|; )csrftoken=([^;]*)/.exec(document.cookie)?.[1] ?? "";

/**
 * Add the CSRF token to requests of "Try it out", which come with the browser's session. With an API key it is not needed.
 * @param {{url: string, method?: string, headers: Record<string, string>}} request
 */
function addCsrfToken(request) {
  const isOurs = new URL(request.url, location.href).origin === location.origin;
  if (isOurs && !SAFE_METHODS.includes((request.method ?? "GET").toUpperCase())) {
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
  plugins: [accessibilityPlugin],
  requestInterceptor: addCsrfToken,
  // Its colours are inline styles for a light background only.
  syntaxHighlight: { activated: false },
  // The default sends the document's address to another company's validator.
  validatorUrl: null,
});
