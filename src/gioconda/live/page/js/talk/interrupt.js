/** Stop: a button, and Escape from anywhere. */

import { $ } from '../dom.js';

export function setUpInterrupt(app) {
  const button = $('interrupt');
  button.addEventListener('click', () => app.interrupt());
  app.on('speaking', ({ speaking }) => {
    // A button that goes dead under the finger loses the focus: keep it on the face.
    if (!speaking && document.activeElement === button) $('stage').focus();
    button.disabled = !speaking;
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !document.querySelector('dialog[open]')) app.interrupt();
  });
}
