/** The CSS of the panel's settings sheet. */
export const SETTINGS_STYLES = `
.bar-row{display:flex;align-items:center;gap:4px;margin:-8px -8px 8px}
h2{margin:0;font-size:16px;font-weight:600}
.bar-row .icon:dir(rtl) svg{transform:scaleX(-1)}
.pick{display:block;margin-bottom:12px}
.pick span{display:block;margin-bottom:4px;font-weight:600}
select{font:inherit;color:var(--text);background:var(--surface);border:1px solid var(--edge);border-radius:8px;width:100%;height:44px;padding:0 8px}
select:disabled{color:var(--quiet)}
p{margin:0 0 12px}
.second+.second{margin-top:8px}
.check{display:flex;align-items:center;gap:12px;min-height:44px;font-weight:600;cursor:pointer}
.move{display:flex;flex-wrap:wrap;align-items:center;justify-content:space-between;gap:4px;margin-bottom:8px;font-weight:600}
.arrows{display:flex;direction:ltr}.move .icon{width:36px}
.check input{all:revert;width:20px;height:20px;flex:none;margin:0;accent-color:var(--accent-strong)}
`;
