/**
 * The pages that people see: sign in, type a device code, what went wrong. Plain HTML, so that a script can fill them in.
 *
 * @module
 */

import { randomBytes } from 'node:crypto';

/** A page, ready to be sent. */
export interface Page {
  readonly status: number;
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

const loopback = 'http://localhost:* http://127.0.0.1:*';

/** The form that asks for name and password; `hidden` goes along as it is. */
export function signInPage(
  action: string,
  hidden: ReadonlyMap<string, string>,
  {
    client,
    name = '',
    problem,
  }: { readonly client: string; readonly name?: string; readonly problem?: string },
): Page {
  const form = `<form method="post" action="${escaped(action)}">
${[...hidden].map(([key, value]) => field('hidden', key, value)).join('\n')}
${credentials(name)}
<button name="answer" value="approve">Sign in</button>
<button name="answer" value="decline" formnovalidate>Cancel</button>
</form>`;
  return page(problem === undefined ? 200 : 401, 'Sign in', `to ${client}`, problem, form);
}

/** The form that asks for a device code, with name and password. */
export function devicePage(code: string, problem?: string): Page {
  const form = `<form method="post" action="/device">
<label>Code <input name="otc" value="${escaped(code)}" required autocomplete="off"></label>
${credentials('')}
<button name="answer" value="approve">Sign in</button>
<button name="answer" value="decline" formnovalidate>Cancel</button>
</form>`;
  return page(problem === undefined ? 200 : 401, 'Sign in on another device', '', problem, form);
}

/** A page that says one thing. */
export function saying(status: number, title: string, text: string): Page {
  return page(status, title, text, undefined, '');
}

/** The page that hands an answer to the client by posting it (`response_mode=form_post`). */
export function postingPage(address: string, fields: URLSearchParams): Page {
  const nonce = randomBytes(16).toString('base64url');
  const form = `<form method="post" action="${escaped(address)}">
${[...fields].map(([key, value]) => field('hidden', key, value)).join('\n')}
<button>Continue</button>
</form>
<script nonce="${nonce}">document.forms[0].submit()</script>`;
  return page(200, 'Working...', '', undefined, form, nonce);
}

function credentials(name: string): string {
  return `<label>User name <input name="login" value="${escaped(name)}" required autocomplete="username"></label>
<label>Password <input name="passwd" type="password" required autocomplete="current-password"></label>`;
}

function field(type: 'hidden', name: string, value: string): string {
  return `<input type="${type}" name="${escaped(name)}" value="${escaped(value)}">`;
}

function page(
  status: number,
  title: string,
  text: string,
  problem: string | undefined,
  form: string,
  nonce?: string,
): Page {
  const html = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title>
<style>body{font:16px system-ui;max-width:24rem;margin:4rem auto}label{display:block;margin:1rem 0}input{width:100%}</style>
<h1>${escaped(title)}</h1>
<p>${escaped(text)}</p>
${problem === undefined ? '' : `<p role="alert">${escaped(problem)}</p>`}
${form}
</html>
`;
  const script = nonce === undefined ? '' : ` script-src 'nonce-${nonce}';`;
  return {
    status,
    html,
    headers: {
      'content-security-policy': `default-src 'none'; style-src 'unsafe-inline';${script} form-action 'self' ${loopback}; frame-ancestors 'none'`,
      'referrer-policy': 'no-referrer',
    },
  };
}

function escaped(text: string): string {
  const codes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => codes[character] ?? '');
}
