/** The style sheet of the voicemail drop: the button that leaves a recorded message, and its messages. */
export const VOICEMAIL_DROP_STYLES = `
.voicemail{margin-top:8px}
.voicemail label{display:flex;align-items:center;gap:8px;margin-bottom:8px;color:var(--quiet);font-size:13px}
.voicemail select{flex:1;min-width:0;height:44px;padding:0 8px;font:inherit;font-size:16px;color:var(--text);background:var(--surface);border:1px solid var(--edge);border-radius:var(--r);text-overflow:ellipsis}
.leave{display:flex;align-items:center;justify-content:center;gap:8px;width:100%;min-height:44px;padding:0 8px;border:1px solid var(--edge);border-radius:var(--r);font-weight:600;overflow-wrap:anywhere}
.leave:hover{background:var(--press)}.leave[aria-disabled]{color:var(--quiet);background:var(--raised)}
.voicemail-message{margin-top:8px;color:var(--danger-text);overflow-wrap:anywhere}.voicemail-message:empty{display:none}
.voicemail-message.calm{color:var(--quiet);text-align:center}
@media (forced-colors:active){.leave{border:1px solid ButtonText}}
`;
