/**
 * The style of the page. There is no script: a finding is chosen by opening it, and `:has` lights its path.
 *
 * @module
 */

const base = `
:root{color-scheme:light dark;--paper:#fbfbfa;--card:#fff;--ink:#1d2126;--soft:#5c6570;--rule:#d9dde2;--box:#fff;--around:#f1f3f5;--inner:#e7ebef;--line:#9aa5b1;--lit:#b3261e;--glow:#fde8e6;--error:#b3261e;--warning:#8a5a00;--note:#35618e;--good:#1c6b3a;--code:#f1f3f5}
@media(prefers-color-scheme:dark){:root{--paper:#14171a;--card:#1b1f24;--ink:#e6e9ec;--soft:#9aa5b1;--rule:#343b43;--box:#262c33;--around:#191d22;--inner:#20262c;--line:#66717d;--lit:#ff8a80;--glow:#4a2320;--error:#ff8a80;--warning:#f0b45a;--note:#8ebcf0;--good:#7fd19b;--code:#14171a}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
header{padding:20px 16px 12px;max-width:1240px;margin:auto}
h1{font-size:22px;line-height:1.25;margin:0 0 4px}
h1.error{color:var(--error)}h1.good{color:var(--good)}
h2{font-size:16px;margin:28px 0 8px}
p{margin:6px 0}
header p,.quiet{color:var(--soft)}
main{display:grid;gap:8px 28px;padding:0 16px 48px;max-width:1240px;margin:auto;grid-template-columns:minmax(0,1fr)}
figure{margin:0}
figure svg{display:block;width:100%;max-width:520px;height:auto;margin:auto}
figcaption{color:var(--soft);font-size:13px;max-width:520px;margin:6px auto 0}
@media(min-width:900px){main{grid-template-columns:minmax(0,11fr) minmax(0,13fr)}figure{position:sticky;top:16px;align-self:start}figure svg{max-height:calc(100vh - 72px)}h2:first-child{margin-top:0}}
details{background:var(--card);border:1px solid var(--rule);border-radius:8px;margin:0 0 8px;overflow:hidden}
summary{padding:10px 12px;cursor:pointer;list-style:none;overflow-wrap:anywhere}
summary::-webkit-details-marker{display:none}
summary:focus-visible{outline:2px solid var(--note);outline-offset:-2px}
summary{position:relative;padding-right:34px}summary::after{content:'+';position:absolute;right:13px;top:8px;color:var(--soft);font-size:18px;line-height:1.4}details[open]>summary::after{content:'–'}
summary b{font-weight:600}
summary .says{display:block;margin-top:2px}
details[open]>summary{border-bottom:1px solid var(--rule)}
.body{padding:8px 12px 12px}
.severity{display:inline-block;min-width:62px;margin-right:8px;font-size:12px;font-weight:700;letter-spacing:.03em;text-transform:uppercase}
.severity.error{color:var(--error)}.severity.warning{color:var(--warning)}.severity.note{color:var(--note)}
dl{margin:0;display:grid;grid-template-columns:auto minmax(0,1fr);gap:4px 12px}
dt{color:var(--soft);font-size:13px;line-height:22px}
dd{margin:0;overflow-wrap:anywhere}
@media(max-width:520px){dl{grid-template-columns:minmax(0,1fr);gap:0}dt{margin-top:8px}}
ol{margin:0;padding:0;list-style:none}
ol li{display:grid;grid-template-columns:16px 64px minmax(0,1fr);gap:0 6px;overflow-wrap:anywhere}
ol li>:nth-child(2){color:var(--soft)}
li.stop{color:var(--lit)}
code,pre{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
pre{margin:6px 0 0;padding:8px 10px;border-radius:6px;background:var(--code);overflow-x:auto;border:1px solid var(--rule)}
.back{display:inline-block;margin-top:10px;color:var(--note)}
@media(min-width:900px){.back{display:none}}
table{border-collapse:collapse;width:100%;font-size:14px}
td{padding:3px 8px 3px 0;border-top:1px solid var(--rule);vertical-align:top;overflow-wrap:anywhere}
td:first-child{width:20px}
svg text{font:11.5px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;fill:var(--ink)}
svg .note{font-size:10.5px;fill:var(--soft)}
svg rect{fill:var(--box);stroke:var(--rule);stroke-width:1}
svg .network rect{fill:var(--around);stroke:var(--line)}
svg .subnet rect{fill:var(--inner);stroke:none}
svg .network>text:first-of-type{font-weight:600}
svg .internet rect,svg .site rect{fill:none;stroke:var(--line);stroke-dasharray:4 3}
svg .endpoint rect{stroke:var(--note)}
svg .firewall rect,svg .gateway rect{stroke:var(--warning)}
svg .service rect{stroke:var(--good)}
svg .line{fill:none;stroke:var(--line);stroke-width:1.2}
svg .pending,svg .outside{stroke-dasharray:3 3}
svg .path{fill:none;stroke:var(--lit);stroke-width:2.6;stroke-linejoin:round;stroke-linecap:round;display:none}
svg .missed{stroke-dasharray:1 6}
svg .cross{stroke-width:3.4}
@media print{details{break-inside:avoid}figure{position:static}}
`;

/** The style of a page with so many findings. */
export function styleOf(findings: number): string {
  const each = (rule: (at: number) => string): string =>
    Array.from({ length: findings }, (_, at) => `body:has(#f${at}[open]) ${rule(at)}`).join(',');
  if (findings === 0) return base;
  return `${base}${each((at) => `svg .path.f${at}`)}{display:inline}
${each((at) => `svg .box.f${at}:not(.network):not(.subnet)>rect`)}{stroke:var(--lit);stroke-width:2.2;fill:var(--glow)}
${each((at) => `svg :is(.network,.subnet).f${at}>rect`)}{stroke:var(--lit);stroke-opacity:.55}
`;
}
