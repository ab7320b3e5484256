// Runs before a page's own scripts. Records the phone's events, its connections, sockets and microphone tracks for tests
// under a symbol; the wrapped browser interfaces keep their names, so that the page does not notice them.
(() => {
  const events = [];
  const connections = [];
  const tracks = [];
  const sockets = [];
  const frames = [];
  const { parse } = JSON; // some test pages overwrite it

  const names = ["ready", "error", "callStarted", "callAnswered", "callEnded", "callOutcome", "stateChanged", "muted"];
  names.push("open", "close");
  for (const name of names) {
    window.addEventListener(`epochphone:${name}`, ({ detail }) => {
      events.push({ name, detail, state: window.EpochPhone.getState(), at: performance.now() });
    });
  }

  window.RTCPeerConnection = new Proxy(window.RTCPeerConnection, {
    construct(target, args, newTarget) {
      const connection = Reflect.construct(target, args, newTarget);
      connections.push(connection);
      return connection;
    },
  });

  window.WebSocket = new Proxy(window.WebSocket, {
    construct(target, args, newTarget) {
      const socket = Reflect.construct(target, args, newTarget);
      sockets.push(socket);
      socket.addEventListener("message", ({ data }) => {
        const { type } = parse(String(data).trim() || "{}");
        if (type) frames.push({ type, at: performance.now() });
      });
      return socket;
    },
  });

  // Pages over plain http have no media devices.
  const devices = navigator.mediaDevices;
  if (devices) {
    const ask = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (constraints) => {
      const stream = await ask(constraints);
      tracks.push(...stream.getTracks());
      return stream;
    };
  }

  /** Packets in both directions and the energy of the received audio, of the newest connection. */
  async function audio() {
    const sums = { sent: 0, received: 0, heard: 0 };
    for (const report of (await connections.at(-1).getStats()).values()) {
      if (report.type === "outbound-rtp") sums.sent += report.packetsSent;
      if (report.type === "inbound-rtp") {
        sums.received += report.packetsReceived;
        sums.heard += report.totalAudioEnergy;
      }
    }
    return sums;
  }

  /** The time at which the phone's panel first shows `text`. */
  function shownAt(text) {
    return new Promise((resolve) => {
      const look = () => {
        if (document.querySelector("epoch-phone")?.shadowRoot?.textContent.includes(text)) resolve(performance.now());
        else requestAnimationFrame(look);
      };
      look();
    });
  }

  window[Symbol.for("epoch.watch")] = {
    events,
    frames,
    audio,
    shownAt,
    liveTracks: () => tracks.filter((track) => track.readyState === "live").length,
    openSockets: () => sockets.filter((socket) => socket.readyState < WebSocket.CLOSING).length,
    tracks: () => tracks.length,
  };
})();
