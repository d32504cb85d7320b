/** Render a file: portrait and sound or text to an mp4, with its progress. */

import { $ } from './dom.js';
import { language, number, t } from './i18n.js';
import { complainOf } from './notices.js';
import { address, cancelJob, job, startJob } from './rest.js';

/** Of a job; its events are named after them. */
const STATES = ['queued', 'running', 'done', 'failed', 'cancelled'];
const ASK_EVERY_MS = 1000;

export function setUpRenderJob(app) {
  const form = $('job-form');
  let running = null;
  let events = null;
  let timer = 0;

  const source = () => form.elements['job-source'].value;

  function showSource() {
    $('job-sound-field').hidden = source() !== 'sound';
    $('job-text-field').hidden = source() !== 'text';
    $('job-sound').required = source() === 'sound';
    $('job-text').required = source() === 'text';
  }

  function rest() {
    events?.close();
    clearTimeout(timer);
    events = null;
    running = null;
    $('job-cancel').hidden = true;
    form.hidden = false;
  }

  /** One report of the server; true while there is more to come. */
  function take(report) {
    const { state, progress: part } = report;
    if (state === 'done') {
      $('job-bar').value = 1;
      $('job-words').textContent = t('job.done');
      $('job-download').href = address(`v1/jobs/${running}/file`);
      $('job-download').hidden = false;
      rest();
      return false;
    }
    if (state === 'failed' || state === 'cancelled') {
      $('job-words').textContent = state === 'cancelled'
        ? t('job.cancelled') : t('job.failed', { message: report.error });
      rest();
      return false;
    }
    $('job-bar').value = part;
    $('job-words').textContent = part > 0
      ? t('job.running', { percent: number(100 * part) }) : t('job.waiting');
    return true;
  }

  async function ask() {
    const id = running;
    try {
      const report = await job(id);
      if (id === running && take(report)) timer = setTimeout(ask, ASK_EVERY_MS);
    } catch (cause) {
      complainOf(cause);
      rest();
    }
  }

  function follow(id) {
    running = id;
    events = new EventSource(address(`v1/jobs/${id}/events`));
    const onReport = ({ data }) => {
      if (id === running && data) take(JSON.parse(data));
    };
    for (const state of STATES) events.addEventListener(state, onReport);
    // Where the stream is cut, for instance by a proxy, ask instead.
    events.onerror = () => {
      events?.close();
      if (id === running) ask();
    };
  }

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { fps, size, seed } = app.options;
    const { controls = {}, background, label } = app.settings;
    const options = {
      fps, size, seed, controls, ...(background && { background }), ...(label && { label, language }),
    };
    const fields = { portrait: app.portrait, options: JSON.stringify(options) };
    if (source() === 'sound') fields.sound = $('job-sound').files[0];
    else {
      fields.text = $('job-text').value;
      fields.voice = $('type-voice').disabled ? null : $('type-voice').value;
    }
    $('job-progress').hidden = false;
    $('job-download').hidden = true;
    $('job-cancel').hidden = false;
    $('job-bar').value = 0;
    $('job-words').textContent = t('job.sending');
    form.hidden = true;
    try {
      follow((await startJob(fields)).id);
    } catch (cause) {
      $('job-progress').hidden = true;
      complainOf(cause, 'job');
      rest();
    }
  });
  $('job-cancel').addEventListener('click', async () => {
    const id = running;
    if (!id) return;
    rest();
    $('job-words').textContent = t('job.cancelled');
    await cancelJob(id).catch(complainOf);
  });
  for (const radio of form.elements['job-source']) radio.addEventListener('change', showSource);
  showSource();
}
