// Styles of the open chat.

export const PANEL_STYLE = `
h2,p,dl,dd,ul,fieldset,blockquote{margin:0;padding:0;border:0;min-width:0}
ul{list-style:none}
img{display:block;max-width:100%}
small{font-size:12.5px}
b,strong{font-weight:600}
.muted{color:var(--muted)}
.wrong{color:var(--wrong)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.panel{position:fixed;right:20px;bottom:92px;width:392px;max-width:calc(100vw - 40px);height:min(660px,calc(100vh - 112px));display:flex;flex-direction:column;background:var(--bg);border-radius:18px;box-shadow:var(--shadow);overflow:hidden;animation:rise .18s ease-out}
.left .panel{right:auto;left:20px}
@keyframes rise{from{opacity:0;transform:translateY(12px) scale(.98)}}
.panel.over::after{content:attr(data-drop);position:absolute;inset:8px;z-index:3;display:grid;place-items:center;border:2px dashed var(--link);border-radius:12px;background:var(--bg);opacity:.94;font-weight:600}
header{display:flex;align-items:center;gap:12px;padding:14px 12px 14px 16px;background:var(--accent);color:var(--on-accent)}
header>div{flex:1;min-width:0}
header h2{font-size:16px;font-weight:600;line-height:1.3;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
header p{font-size:13px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
header p.here::before{content:"";display:inline-block;width:8px;height:8px;margin-right:6px;border-radius:50%;background:#5fdd8c}
header .face{width:40px;height:40px;font-size:15px;background:none;box-shadow:inset 0 0 0 1.5px currentColor;color:inherit}
header :focus-visible{outline-color:currentColor}
header .text{color:inherit;padding:4px 6px}
.sure{display:flex;align-items:center;flex-wrap:wrap;justify-content:flex-end;font-size:13px;max-width:150px}
.face{flex:none;width:30px;height:30px;border-radius:50%;display:grid;place-items:center;overflow:hidden;background:var(--bubble);color:var(--muted);font-size:12px;font-weight:600}
.face img{width:100%;height:100%;object-fit:cover}
.icon{flex:none;width:36px;height:36px;border-radius:50%;display:grid;place-items:center}
.icon:hover{background:rgb(127 140 155/.22)}
.text{color:var(--link);font-weight:600;text-decoration:underline;text-underline-offset:2px;border-radius:4px}
.bar{padding:8px 16px;background:#fff1cf;color:#4d3800;font-size:13px}
.middle{position:relative;flex:1;min-height:0;display:flex}
.log{flex:1;min-width:0;overflow:hidden auto;overscroll-behavior:contain;background:var(--ground);padding:16px 14px}
.log:focus-visible{outline-offset:-3px}
.list{display:flex;flex-direction:column;gap:3px;min-height:100%;justify-content:flex-end}
.older{align-self:center;padding:4px 8px;font-size:13px}
.line{align-self:center;margin:14px 0 6px;padding:0 12px;font-size:12.5px;color:var(--muted);text-align:center}
.entry{display:flex;align-items:flex-end;gap:8px;padding-left:38px;padding-right:34px;animation:appear .16s ease-out}
@keyframes appear{from{opacity:0;transform:translateY(6px)}}
.entry.first{margin-top:9px}
.entry>.face{margin-left:-38px;align-self:flex-end}
.entry.own{flex-direction:row-reverse;padding:0 0 0 56px}
.stack{display:flex;flex-direction:column;align-items:flex-start;min-width:0;max-width:100%}
.own .stack{align-items:flex-end}
.author{padding:0 4px 3px;color:var(--muted)}
.bubble{position:relative;max-width:100%;padding:9px 13px;border-radius:16px;background:var(--bubble);overflow-wrap:anywhere}
.own .bubble{background:var(--accent);color:var(--on-accent);--link:var(--on-accent)}
.entry.first .bubble{border-top-left-radius:16px}
.entry:not(.own) .bubble{border-bottom-left-radius:5px}
.own .bubble{border-bottom-right-radius:5px}
.bubble.bare{padding:0;background:none}
.bubble.pending{opacity:.75}
.bubble .reply{position:absolute;right:-34px;bottom:0;width:28px;height:28px;color:var(--muted);opacity:0}
.entry:hover .reply,.reply:focus-visible{opacity:1}
@media (hover:none){.bubble .reply{opacity:.6}}
.rich>:first-child{margin-top:0}
.rich>:last-child{margin-bottom:0}
.rich p,.rich ul,.rich ol,.rich pre,.rich blockquote,.rich table{margin:0 0 8px}
.rich ul,.rich ol{padding-left:20px;list-style:revert}
.rich li{margin:2px 0}
.rich blockquote,.quoted{padding-left:10px;border-left:3px solid currentColor;opacity:.8}
.rich a{color:var(--link);text-decoration:underline;text-underline-offset:2px}
.quoted{font-size:13.5px;margin-bottom:6px;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;overflow:hidden}
.meta{display:flex;gap:5px;align-items:center;padding:3px 4px 0;color:var(--muted);font-size:12px;min-height:20px}
.state.READ{color:var(--link)}
.state.failed,.failed{color:var(--wrong)}
.failed{font-size:13px;padding:2px 4px}
.reactions{display:flex;gap:4px;margin:-5px 8px 0;z-index:1}
.reactions span{padding:1px 7px;border-radius:11px;background:var(--bg);border:1px solid var(--line);font-size:13px}
.files{display:flex;flex-direction:column;gap:6px}
.rich+.files{margin-top:8px}
.picture{display:block;border-radius:12px;overflow:hidden}
.picture img{width:auto;height:auto;max-height:260px;background:var(--bubble);min-width:60px;min-height:40px;object-fit:cover}
.media{display:block;max-width:100%;border-radius:10px}
.file{display:flex;align-items:center;gap:10px;padding:9px 12px;border-radius:12px;border:1px solid var(--line);background:var(--bg);color:var(--text);text-decoration:none}
.file span{min-width:0;overflow-wrap:anywhere}
.file b{display:block;font-size:14px;line-height:1.3}
.file small{color:var(--muted)}
.main,.second{display:block;padding:9px 16px;border-radius:10px;font-weight:600;text-align:center;text-decoration:none;border:1px solid transparent}
.main{background:var(--accent);color:var(--on-accent)}
.main:hover{filter:brightness(1.08)}
.second{border-color:var(--line);color:var(--link)}
.second:hover,.item:hover:not(:disabled),.chip:hover:not(:disabled){background:var(--ground)}
.main:disabled,.second:disabled,.chip:disabled:not(.on){opacity:.55}
.chips{display:flex;flex-wrap:wrap;gap:6px;padding-top:7px}
.chip{padding:6px 13px;border-radius:17px;border:1.5px solid var(--link);color:var(--link);background:var(--bg);font-weight:600;font-size:14px;text-align:left;overflow-wrap:anywhere}
.chip.on{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
.typing{display:flex;gap:4px;padding:14px}
.typing i{width:7px;height:7px;border-radius:50%;background:var(--muted);animation:blink 1.2s infinite}
.typing i:nth-of-type(2){animation-delay:.2s}
.typing i:nth-of-type(3){animation-delay:.4s}
@keyframes blink{50%{opacity:.25}}
.jump{position:absolute;right:14px;bottom:10px;background:var(--bg);box-shadow:0 2px 10px rgb(16 28 40/.25)}
.composer{border-top:1px solid var(--line);padding:8px 10px;background:var(--bg)}
.writing{display:flex;align-items:flex-end;gap:6px}
.writing textarea{flex:1;min-width:0;min-height:38px;max-height:140px;padding:8px 12px;border:1px solid var(--muted);border-radius:19px;background:var(--bg);resize:none;line-height:1.4;font-size:15px}
.writing textarea::placeholder{color:var(--muted);opacity:1}
.writing textarea:focus-visible{outline-offset:-1px}
.send{background:var(--accent);color:var(--on-accent);margin:1px 0}
.send:hover{background:var(--accent);filter:brightness(1.08)}
.send:disabled{background:var(--bubble);color:var(--muted);filter:none}
.quoting{display:flex;align-items:center;gap:8px;padding:2px 4px 8px}
.quoting .quoted{flex:1;margin:0}
.uploads{display:flex;flex-direction:column;gap:4px;padding-bottom:8px;max-height:150px;overflow:auto}
.uploads li{display:flex;align-items:center;gap:8px;padding:4px 4px 4px 8px;border-radius:10px;background:var(--ground);font-size:13.5px}
.uploads li>span{flex:1;min-width:0;overflow-wrap:anywhere}
.uploads img{width:34px;height:34px;border-radius:6px;object-fit:cover}
.uploads .bad{color:var(--wrong)}
progress{display:block;width:100%;height:5px;margin-top:3px;accent-color:var(--accent)}
@media (max-width:520px){.panel,.left .panel{inset:0;width:auto;max-width:none;height:var(--height,100dvh);border-radius:0}.writing textarea{font-size:16px}.icon{width:42px;height:42px}header{padding-top:calc(12px + env(safe-area-inset-top))}.composer{padding-bottom:calc(8px + env(safe-area-inset-bottom))}}
@media (forced-colors:active){.bubble,.main,.panel,.icon{border:1px solid}}
`;
