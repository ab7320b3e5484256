/** The CSS of the diagnostics view, which is in the panel's settings sheet. */
export const DIAGNOSTICS_STYLES = `
.quiet{color:var(--quiet)}
.steps{list-style:none;margin:0 0 12px;padding:0}
.step{display:flex;gap:12px;padding:8px 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
.step-mark{flex:none;display:grid;place-items:center;width:20px;height:22px;color:var(--quiet)}
.step-name{font-weight:600}
.step[data-mark=ok] .step-mark{color:var(--text)}
.step[data-mark=failed] .step-mark,.step[data-mark=failed] .quiet{color:var(--danger-text)}
.verdict{font-weight:600;margin:0}
.verdict[data-bad]{color:var(--danger-text)}
textarea{font:12px/1.4 ui-monospace,monospace;color:var(--text);background:var(--raised);border:1px solid var(--edge);border-radius:8px;width:100%;margin-top:12px;padding:8px;resize:vertical}
`;
