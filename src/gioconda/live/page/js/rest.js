/** The server's REST routes. Errors are `ServerError` with the server's own sentence. */

/** Everything is found relative to the page, so that it also works behind a path of a proxy. */
export const BASE = new URL('.', document.baseURI);

export class ServerError extends Error {
  /**
   * @param {number} status 0 where no answer came at all
   * @param {string} code
   * @param {string} message the server's sentence
   * @param {number | null} retryAfterS
   * @param {{reason?: string, param?: string, day?: string}} [more] which refusal of its code it
   *   is, which field it is about, and the day it names
   */
  constructor(status, code, message, retryAfterS = null, more = {}) {
    super(message);
    this.name = 'ServerError';
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
    this.reason = more.reason ?? '';
    this.param = more.param ?? '';
    this.day = more.day ?? '';
  }
}

/** A path of the server as an absolute address. */
export function address(path) {
  return new URL(path.replace(/^\//, ''), BASE).href;
}

/** Where the live WebSocket is. */
export function socketAddress() {
  const url = new URL('v1/live', BASE);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}

async function refusal(response) {
  let code = `http_${response.status}`;
  let message = response.statusText || String(response.status);
  let more = {};
  try {
    const { error } = await response.json();
    if (error?.message) ({ code = code, message, ...more } = error);
  } catch {
    // Not every refusal comes from our own code: a proxy answers in HTML.
  }
  const wait = Number.parseFloat(response.headers.get('Retry-After') ?? '');
  return new ServerError(response.status, code, message, Number.isFinite(wait) ? wait : null, more);
}

/**
 * Ask the server.
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>} the answer's JSON; null where it has none
 */
export async function ask(path, options = {}) {
  let response;
  try {
    response = await fetch(address(path), { credentials: 'same-origin', ...options });
  } catch (cause) {
    if (cause.name === 'AbortError') throw cause;
    throw new ServerError(0, 'unreachable', '');
  }
  if (!response.ok) throw await refusal(response);
  // An answer without content may still name a type.
  if (response.status === 204) return null;
  const isJson = (response.headers.get('Content-Type') ?? '').includes('json');
  return isJson ? response.json() : null;
}

const asJson = (value) => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(value),
});

function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    // A file's own name is nobody's business but its owner's.
    if (value instanceof Blob) data.append(name, value, name);
    else if (value !== null && value !== undefined) data.append(name, value);
  }
  return { method: 'POST', body: data };
}

/**
 * What the server is and has, once it lets us in.
 * @throws {ServerError} with status 401 where it needs a token that was not shown
 */
export async function enterServer() {
  const info = await ask('v1/server');
  // What the server is may be known to all; what it does may not.
  if (info.token_required) await portraitInfo('example');
  return info;
}

export const login = (token) => ask('v1/login', asJson({ token }));

export const portraitInfo = (id) => ask(`v1/portraits/${encodeURIComponent(id)}`);
/** Send a picture and on what basis it may be animated, fields of the form. */
export const uploadPortrait = (picture, consent, signal) =>
  ask('v1/portraits', { ...form({ ...consent, file: picture }), signal });
/** Take the consent to animate a portrait back, for good. */
export const revokePortrait = (id, reason) =>
  ask(`v1/portraits/${encodeURIComponent(id)}/revoke`, asJson({ reason }));
export const deletePortrait = (id) =>
  ask(`v1/portraits/${encodeURIComponent(id)}`, { method: 'DELETE' });

export const speakFile = (session, sound) =>
  ask(`v1/sessions/${encodeURIComponent(session)}/speech`, form({ file: sound }));

/** STUN and TURN servers for WebRTC; none where the server cannot tell. */
export const iceServers = () => ask('v1/ice-servers').catch(() => []);

export const offer = (description) => ask('offer', asJson(description));

/**
 * Have a file checked. `fetch` does not tell how much was sent, so this is the older way to ask.
 * @param {File} file
 * @param {{onSent: (part: number) => void, signal: AbortSignal}} options
 * @returns {Promise<object>} the finding
 */
export function verifyFile(file, { onSent, signal }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const unreachable = () => reject(new ServerError(0, 'unreachable', ''));
    request.open('POST', address('v1/verify'));
    request.responseType = 'text';
    request.upload.addEventListener('progress', ({ loaded, total }) => onSent(total ? loaded / total : 0));
    request.upload.addEventListener('load', () => onSent(1));
    request.addEventListener('load', async () => {
      const { status, responseText } = request;
      const answer = new Response(responseText, {
        status: status >= 200 && status < 600 ? status : 500,
        headers: { 'Retry-After': request.getResponseHeader('Retry-After') ?? '' },
      });
      if (answer.ok) resolve(JSON.parse(responseText));
      else reject(await refusal(answer));
    });
    request.addEventListener('error', unreachable);
    request.addEventListener('timeout', unreachable);
    request.addEventListener('abort', () => reject(new DOMException('', 'AbortError')));
    signal.addEventListener('abort', () => request.abort());
    request.send(form({ file }).body);
  });
}

export const startJob = (fields) => ask('v1/jobs', form(fields));
export const job = (id) => ask(`v1/jobs/${encodeURIComponent(id)}`);
export const cancelJob = (id) => ask(`v1/jobs/${encodeURIComponent(id)}`, { method: 'DELETE' });
