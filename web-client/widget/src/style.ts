// Styles of the element and its button, adopted by the shadow root at once; those of the open chat come with it.
// `!important` stands where a page could reach in: on the host element, and there the inner rule wins. No unit depends on
// the page's font size.

export const STYLE = `
:host{all:initial!important;display:block!important;position:fixed!important;z-index:2147483000!important;inset:auto 0 0 auto!important;width:0!important;height:0!important;direction:ltr!important;visibility:visible!important;opacity:1!important;pointer-events:auto!important;transform:none!important;color-scheme:light dark!important}
.root{--bg:#fff;--ground:#f5f7f9;--text:#18222d;--muted:#566270;--line:#dfe4ea;--bubble:#e9eef2;--link:var(--link-light,#0b6275);--wrong:#b3261e;--shadow:0 12px 40px rgb(16 28 40/.22),0 2px 8px rgb(16 28 40/.12);--accent:#0e6f86;--on-accent:#fff;font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;color:var(--text);-webkit-text-size-adjust:100%;text-align:left}
@media (prefers-color-scheme:dark){.root{--bg:#161c23;--ground:#0f141a;--text:#e7edf3;--muted:#9dabba;--line:#2b3540;--bubble:#242e39;--link:var(--link-dark,#7cc7d8);--wrong:#ff9b93;--shadow:0 12px 40px rgb(0 0 0/.6)}}
*,*::before,*::after{box-sizing:border-box}
[hidden]{display:none!important}
button,input,select,textarea{font:inherit;color:inherit;margin:0;letter-spacing:inherit}
button{cursor:pointer;border:0;background:none;padding:0;-webkit-tap-highlight-color:transparent}
button:disabled{cursor:default}
svg{flex:none;display:block}
:focus{outline:none}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
.launcher{position:fixed;right:20px;bottom:20px;width:60px;height:60px;border-radius:50%;background:var(--accent);color:var(--on-accent);display:grid;place-items:center;box-shadow:0 6px 20px rgb(16 28 40/.28);transition:transform .15s ease,box-shadow .15s ease}
.launcher:hover{transform:translateY(-2px);box-shadow:0 10px 26px rgb(16 28 40/.32)}
.launcher:focus-visible{outline:3px solid var(--bg);box-shadow:0 0 0 6px var(--link)}
.left .launcher{right:auto;left:20px}
.badge{position:absolute;top:-4px;right:-4px;min-width:22px;height:22px;padding:0 6px;border-radius:11px;background:#c5221f;color:#fff;font-size:13px;font-weight:600;line-height:22px;text-align:center;box-shadow:0 0 0 2px var(--bg)}
@media (max-width:520px){.launcher.open{display:none}}
@media (prefers-reduced-motion:reduce){*,*::before,*::after{animation:none!important;transition:none!important}}
@media print{:host{display:none!important}}
@media (forced-colors:active){.launcher{border:1px solid}}
`;
