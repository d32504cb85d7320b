/** Figures of the session. Only what is measured is shown, under its own name. */

import { $ } from './dom.js';
import { number, onLanguage, t } from './i18n.js';

const EVERY_MS = 500;
const SMOOTHING = 0.3;
const NONE = '–';

export function setUpMeters(app) {
  let server = null;
  let heldMs = null;

  const ms = (value) =>
    value === null || value === undefined ? NONE : t('meters.ms', { value: number(value) });
  const count = (value) => (value === null || value === undefined ? NONE : number(value));

  /** Everything that is known, as numbers. */
  function figures() {
    const media = app.media.stats;
    const roundTripMs = media.roundTripMs ?? app.connection.roundTripMs;
    if (media.heldMs === null || media.heldMs === undefined) heldMs = null;
    else heldMs = heldMs === null ? media.heldMs : heldMs + SMOOTHING * (media.heldMs - heldMs);
    const parts = [roundTripMs, app.created?.lookahead_ms, server?.made_ms, heldMs];
    const known = parts.every((part) => Number.isFinite(part));
    return {
      ...media,
      heldMs,
      roundTripMs,
      lookaheadMs: app.created?.lookahead_ms ?? null,
      madeMs: server?.made_ms ?? null,
      queuedMs: server?.queued_ms ?? null,
      serverFps: server?.fps ?? null,
      serverDropped: server?.dropped ?? null,
      sessions: server?.sessions ?? app.info?.sessions ?? null,
      capacity: server?.capacity ?? app.info?.capacity ?? null,
      delayMs: known ? parts.reduce((sum, part) => sum + part, 0) : null,
    };
  }

  async function show() {
    const now = figures();
    $('meter-fps').textContent = count(now.fps);
    $('meter-delay').textContent = ms(now.delayMs);
    $('meter-dropped').textContent = count((now.dropped ?? 0) + (now.serverDropped ?? 0));
    $('meter-buffer').textContent = ms(now.bufferMs);
    $('meter-sessions').textContent =
      now.sessions === null ? NONE : t('meters.of', { count: now.sessions, most: now.capacity });
    $('meter-path').textContent = now.path ? t(`path.${now.path}`) : NONE;
    $('meter-trip').textContent = ms(now.roundTripMs);
    $('meter-lookahead').textContent = ms(now.lookaheadMs);
    $('meter-made').textContent = ms(now.madeMs);
    $('meter-decode').textContent = ms(now.decodeMs);
    $('meter-held').textContent = ms(now.heldMs);
    $('meter-output').textContent = ms(now.outputLatencyMs);
    $('meter-gaps').textContent = count(now.gaps);
    $('meter-speech').textContent = ms(now.queuedMs);
  }

  app.on('stats', (event) => {
    server = event;
  });
  app.on('created', () => {
    server = null;
    heldMs = null;
  });
  setInterval(() => {
    app.media.measure();
    if (!document.hidden) show();
  }, EVERY_MS);
  onLanguage(show);
  return { figures };
}
