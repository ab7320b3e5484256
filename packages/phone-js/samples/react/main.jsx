/** A React application that calls with the package. The page's `#app` has src, token and nonce as attributes. */
import { EpochPhoneProvider, useEpochPhone, useEpochPhoneEvent } from "@epoch-voice/phone-js/react";
import { StrictMode, useState } from "react";
import { createRoot } from "react-dom/client";

function Contact({ name, number }) {
  const { phone, state, isReady, call, error } = useEpochPhone();
  const [ended, setEnded] = useState([]);
  useEpochPhoneEvent("callEnded", ({ status }) => setEnded([...ended, status]));
  return (
    <section>
      <button disabled={!isReady} onClick={() => phone.call(number, { name, metadata: { contact: name } })}>
        Call {name}
      </button>
      <button disabled={!call} onClick={() => phone.hangup()}>
        End the call
      </button>
      <output>{state}</output>
      {error && <p role="alert">{error.message}</p>}
      <p>Ended: {ended.join(", ")}</p>
    </section>
  );
}

function App({ src, token, nonce }) {
  const [isSignedIn, setSignedIn] = useState(true);
  const [theme, setTheme] = useState("light");
  return (
    <main>
      <button onClick={() => setSignedIn(!isSignedIn)}>{isSignedIn ? "Sign out" : "Sign in"}</button>
      <button onClick={() => setTheme("dark")}>Dark</button>
      {isSignedIn && (
        <EpochPhoneProvider src={src} token={token} nonce={nonce} settings={{ theme }}>
          <Contact name="Ada" number="+12125550101" />
        </EpochPhoneProvider>
      )}
    </main>
  );
}

const root = document.getElementById("app");
createRoot(root).render(
  <StrictMode>
    <App {...root.dataset} />
  </StrictMode>,
);
