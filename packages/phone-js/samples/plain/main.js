/**
 * A page without a framework that calls with the custom element. The page's `#app` has src, token and nonce as
 * attributes.
 */
import { defineEpochPhone } from "@epoch-voice/phone-js/element";

defineEpochPhone();

const app = document.getElementById("app");
app.innerHTML = `<button id="account">Sign out</button> <button id="dark">Dark</button>
<section>
  <button id="call" disabled>Call Ada</button> <button id="end" disabled>End the call</button>
  <output>loading</output> <p role="alert"></p> <p>Ended: <span id="ended"></span></p>
</section>`;
const [account, dark, call, end] = app.querySelectorAll("button");

function signIn() {
  const phone = document.createElement("epoch-voice-phone");
  const { src, token, nonce } = app.dataset;
  phone.setAttribute("src", src);
  phone.setAttribute("token", token);
  phone.setAttribute("theme", "light");
  phone.nonce = nonce ?? "";
  phone.addEventListener("stateChanged", ({ detail: { state } }) => {
    app.querySelector("output").textContent = state;
    call.disabled = !phone.phone?.isReady();
    end.disabled = !phone.phone?.getCall();
  });
  phone.addEventListener("error", ({ detail }) => (app.querySelector("[role=alert]").textContent = detail.message));
  phone.addEventListener("callEnded", ({ detail }) => app.querySelector("#ended").append(detail.status));
  app.append(phone);
}

const element = () => app.querySelector("epoch-voice-phone");
call.onclick = () => element().phone.call("+12125550101", { name: "Ada", metadata: { contact: "Ada" } });
end.onclick = () => element().phone.hangup();
dark.onclick = () => element().setAttribute("theme", "dark");
account.onclick = () => {
  if (element()) element().remove();
  else signIn();
  account.textContent = element() ? "Sign out" : "Sign in";
};
signIn();
