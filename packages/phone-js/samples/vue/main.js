/** A Vue application that calls through the package. The page's `#app` has the address, the token and the nonce. */
import { createApp } from "vue";
import App from "./App.vue";

const root = document.getElementById("app");
createApp(App, { ...root.dataset }).mount(root);
