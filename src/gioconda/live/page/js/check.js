/** Check a file: send it, wait, show what can be known of it. Needs no session. */

import { showFinding } from './check-finding.js';
import { $ } from './dom.js';
import { number, onLanguage, t } from './i18n.js';
import { wordsOf } from './notices.js';
import { verifyFile } from './rest.js';

/** The dialog; returns what takes a file that was dropped on the page. */
export function setUpCheck() {
  const dialog = $('check-dialog');
  let sending = null;
  let shown = null;

  function rest() {
    sending = null;
    $('check-progress').hidden = true;
    $('check-drop').hidden = false;
  }

  function forget() {
    shown = null;
    $('check-finding').hidden = true;
    $('check-finding').replaceChildren();
    $('check-error').hidden = true;
  }

  function redraw() {
    if (!shown) return;
    $('check-finding').replaceChildren(...showFinding(shown.finding, shown.name));
  }

  async function take(file) {
    sending?.abort();
    const own = new AbortController();
    sending = own;
    forget();
    $('check-drop').hidden = true;
    $('check-progress').hidden = false;
    const bar = $('check-bar');
    bar.value = 0;
    const { name } = file;
    const onSent = (part) => {
      if (sending !== own) return;
      if (part < 1) {
        bar.value = part;
        $('check-words').textContent = t('check.sending', { name, percent: number(100 * part) });
      } else {
        // How long a search takes is not known before.
        bar.removeAttribute('value');
        $('check-words').textContent = t('check.looking', { name });
      }
    };
    onSent(0);
    $('check-cancel').focus();
    try {
      const finding = await verifyFile(file, { onSent, signal: own.signal });
      if (sending !== own) return;
      shown = { finding, name };
      redraw();
      $('check-finding').hidden = false;
      rest();
      $('check-finding').focus();
    } catch (cause) {
      if (sending !== own) return;
      rest();
      if (cause.name !== 'AbortError') {
        $('check-error').textContent = wordsOf(cause, 'check');
        $('check-error').hidden = false;
      }
      $('check-choose').focus();
    }
  }

  $('check-open').addEventListener('click', () => dialog.showModal());
  $('check-choose').addEventListener('click', () => $('check-file').click());
  $('check-file').addEventListener('change', ({ target }) => {
    if (target.files[0]) take(target.files[0]);
    target.value = '';
  });
  $('check-cancel').addEventListener('click', () => {
    sending?.abort();
    if (sending) {
      rest();
      $('check-choose').focus();
    }
  });
  dialog.addEventListener('paste', (event) => {
    const [file] = event.clipboardData?.files ?? [];
    if (!file) return;
    event.preventDefault();
    event.stopPropagation();
    take(file);
  });
  dialog.addEventListener('close', () => {
    sending?.abort();
    rest();
    forget();
  });
  onLanguage(redraw);

  return {
    take,
    get open() {
      return dialog.open;
    },
  };
}
