/** A Vue application that calls with the package. The page's `#app` has src, token and nonce as attributes. */
import { createApp } from "vue";
import App from "./App.vue";

const root = document.getElementById("app");
createApp(App, { ...root.dataset }).mount(root);
