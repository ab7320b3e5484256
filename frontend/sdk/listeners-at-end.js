/**
 * Make the SDK's media connection take its listeners off the signaling connection when a call ends. By itself it does so
 * at the answer only: each call that ends before the answer would leave two on a connection that all calls of a page share.
 * @param {any} PeerConnection The SDK's class, which its types do not have.
 */
export function removeListenersAtEnd({ prototype }) {
  const { close } = prototype;
  prototype.close = function () {
    for (const event of ["answer", "ringing"]) this.pstream.removeListener(event, this._onAnswerOrRinging);
    close.call(this);
  };
}
