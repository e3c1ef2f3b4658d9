// Styles of what asks for more than words: boxes, lists, forms and cards.

export const MORE_STYLE = `
.rich pre{padding:8px 10px;border-radius:8px;background:rgb(127 140 155/.18);overflow:auto}
.rich code{font:13px/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.rich hr{border:0;border-top:1px solid currentColor;opacity:.3;margin:8px 0}
.rich table{border-collapse:collapse;font-size:14px}
.rich td,.rich th{border:1px solid rgb(127 140 155/.5);padding:3px 7px;text-align:left}
.box{display:flex;flex-direction:column;gap:8px;width:284px;max-width:100%;padding:13px 14px;border-radius:14px;background:var(--bg);border:1px solid var(--line);color:var(--text);text-decoration:none;overflow-wrap:anywhere}
.lead{display:flex;gap:10px}
.lead>svg{margin-top:1px;color:var(--link)}
.lead span>*{display:block}
.lead b{font-size:16px}
.box.link{padding:0;overflow:hidden;gap:0}
.box.link:hover b{text-decoration:underline}
.box.link img{width:100%;max-height:150px;object-fit:cover}
.box.link .words{padding:11px 14px}
.words{display:block;flex:1;min-width:0}
.words>*{display:block}
.words span{font-size:14px}
.words small{color:var(--muted);line-height:1.35}
.row{display:flex;flex-wrap:wrap;gap:8px}
.section .chips{padding-top:0}
.section{display:flex;flex-direction:column;gap:4px}
.head{color:var(--muted);font-weight:600;padding-top:2px}
.item{display:flex;align-items:center;gap:10px;width:100%;padding:9px 10px;border:1px solid var(--line);border-radius:10px;text-align:left;font-size:14.5px;font-weight:500}
.item small{font-weight:400}
.item img{width:40px;height:40px;border-radius:7px;object-fit:cover}
.mark{flex:none;width:20px;height:20px;border-radius:6px;border:1.5px solid var(--muted);display:grid;place-items:center}
.mark.on{background:var(--accent);border-color:var(--accent);color:var(--on-accent)}
.done{display:inline-flex;align-items:center;gap:6px;color:var(--muted);font-size:13px;font-weight:600}
.field{display:flex;flex-direction:column;gap:4px;margin-bottom:11px}
.field label,.field legend{padding:0;font-size:14px;font-weight:600}
.field legend{margin-bottom:3px}
.field small{color:var(--muted);font-weight:400}
.field small.wrong{color:var(--wrong)}
.field .check{display:flex;gap:9px;align-items:flex-start;padding:3px 0;font-weight:400;font-size:14.5px}
.check input{flex:none;width:18px;height:18px;margin-top:1px;accent-color:var(--accent)}
.field input:not([type=checkbox],[type=radio]),.field select,.field textarea{width:100%;min-height:38px;padding:7px 10px;border:1px solid var(--muted);border-radius:9px;background:var(--bg);resize:vertical}
.field [aria-invalid=true]{border-color:var(--wrong)!important}
.facts{display:flex;flex-direction:column;gap:5px}
.facts dt{font-size:12.5px}
.facts dd{font-weight:600}
.card .facts>div{display:flex;gap:10px}
.card .facts dt{flex:0 0 38%;font-size:14px}
.c-text.strong{font-weight:600}
.s-small{font-size:13px}.s-medium{font-size:16px}.s-large{font-size:19px}.s-extralarge{font-size:23px}
.a-center{text-align:center}.a-right{text-align:right}
.c-image{border-radius:8px}
.w-small{width:44px}.w-medium{width:80px}.w-large{width:150px}
.c-group,.c-columns>div{display:flex;flex-direction:column;gap:8px}
.c-group.toned{padding:10px;border-radius:10px;background:var(--ground)}
.c-columns{display:flex;gap:10px}
.c-columns>.stretch{flex:1;min-width:0}
.leave{overflow:auto;padding:18px 16px;border-top:1px solid var(--line)}
.leave b{font-size:17px}
.leave p{color:var(--muted);margin:2px 0 14px}
.leave .main{width:100%}
.leave .text{display:block;margin-top:10px}
@media (max-width:520px){.field input:not([type=checkbox],[type=radio]),.field select,.field textarea{font-size:16px}}
`;
