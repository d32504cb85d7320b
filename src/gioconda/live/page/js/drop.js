/** Files dropped anywhere: a picture is a portrait, a sound is spoken; in the check, both are checked. */

import { $ } from './dom.js';
import { t } from './i18n.js';
import { complain } from './notices.js';

const PICTURES = /\.(jpe?g|png|webp|heic|avif|gif|tiff?)$/i;
const SOUNDS = /\.(wav|mp3|m4a|aac|flac|ogg|oga|opus|mp4|mov|webm|mkv)$/i;

export function setUpDrop(takePicture, takeSound, check) {
  const places = [$('stage'), $('check-dialog')];
  const mark = (on) => places.forEach((place) => place.classList.toggle('dropping', on));
  const hasFiles = (event) => event.dataTransfer?.types.includes('Files');
  let leaving = 0;
  document.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    clearTimeout(leaving);
    mark(true);
  });
  document.addEventListener('dragleave', () => {
    leaving = setTimeout(() => mark(false), 80);
  });
  document.addEventListener('drop', (event) => {
    mark(false);
    if (!hasFiles(event)) return;
    event.preventDefault();
    const [file] = event.dataTransfer.files;
    if (!file) return;
    if (check.open) check.take(file);
    else if (file.type.startsWith('image/') || PICTURES.test(file.name)) takePicture(file);
    else if (/^(audio|video)\//.test(file.type) || SOUNDS.test(file.name)) takeSound(file);
    else complain(t('drop.unknown'));
  });
}
