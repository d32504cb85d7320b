/** The answers in the form about consent: what is wrong with them, and how the server takes them. */

import { language, t } from './i18n.js';

/** A day of this machine's calendar, as fields of dates have it. */
function today() {
  const now = new Date();
  const two = (n) => String(n).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

/** Key of what is wrong with each answer; empty where nothing is. */
function faults({ elements }) {
  const said = (name) => elements[name].value.trim();
  const [given, until, now] = [said('given'), said('until'), today()];
  return {
    basis: said('basis') ? '' : 'consent.need.basis',
    of: said('of') ? '' : 'consent.need.of',
    // ISO days compare as texts do.
    given: given > now ? 'consent.need.given' : '',
    until: until && until < now ? 'consent.need.until'
      : until && given && until < given ? 'consent.need.order' : '',
    minor: said('minor') ? '' : 'consent.need.minor',
    guardian: said('guardian') ? '' : 'consent.need.guardian',
    relation: said('relation') ? '' : 'consent.need.relation',
  };
}

/** Let each field say what is wrong with it in the page's words; the browser asks before it sends. */
export function check(form) {
  for (const [name, key] of Object.entries(faults(form))) {
    const found = form.elements[name];
    const fields = found instanceof RadioNodeList ? [...found] : [found];
    for (const field of fields) {
      field.setCustomValidity(key ? t(key) : '');
      if (!key) field.removeAttribute('aria-invalid');
    }
  }
}

/** The answers as the server takes them; what is hidden is not among them. */
export function answers(form) {
  const data = new FormData(form);
  const said = { language };
  for (const name of ['basis', 'minor', 'of', 'given', 'until']) {
    const value = data.get(name)?.trim();
    if (value) said[name] = value;
  }
  if (data.get('guardian')) {
    said.guardian = `${data.get('guardian').trim()}, ${data.get('relation').trim()}`;
  }
  return said;
}
