/** The user's webcam moves the face: small JPEGs, up to 25 a second, none where the line is full. */

import { deviceRefusal } from '../camera.js';
import { $ } from '../dom.js';
import { complain } from '../notices.js';
import { Kind } from '../protocol.js';

const WIDTH = 320;
const HEIGHT = 240;
const EVERY_MS = 1000 / 25;
const QUALITY = 0.75;

export function setUpPuppet(app) {
  const on = $('puppet-on');
  const view = $('puppet-view');
  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const context = canvas.getContext('2d', { alpha: false });
  let stream = null;
  let timer = 0;
  let busy = false;

  const what = () => document.querySelector('[name="puppet-what"]:checked').value;

  function cut() {
    if (busy || view.readyState < 2) return;
    busy = true;
    const timeS = performance.now() / 1000;
    // The middle of the picture in 4:3, whatever the camera's own shape.
    const scale = Math.max(WIDTH / view.videoWidth, HEIGHT / view.videoHeight);
    const [w, h] = [view.videoWidth * scale, view.videoHeight * scale];
    context.drawImage(view, (WIDTH - w) / 2, (HEIGHT - h) / 2, w, h);
    canvas.toBlob(
      async (blob) => {
        if (blob && stream) {
          const jpeg = new Uint8Array(await blob.arrayBuffer());
          app.connection.sendPacket(Kind.WEBCAM, jpeg, { timeS });
        }
        busy = false;
      },
      'image/jpeg',
      QUALITY,
    );
  }

  async function begin() {
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: {
          facingMode: 'user',
          width: { ideal: 640 },
          height: { ideal: 480 },
          frameRate: { ideal: 25 },
        },
      });
    } catch (cause) {
      on.checked = false;
      complain(deviceRefusal(cause, 'camera'));
      return;
    }
    if (!on.checked) {
      end();
      return;
    }
    view.srcObject = stream;
    view.hidden = false;
    await view.play();
    app.update({ puppet: what() });
    timer = setInterval(cut, EVERY_MS);
  }

  function end() {
    clearInterval(timer);
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
    view.srcObject = null;
    view.hidden = true;
    if (app.settings.puppet) app.update({ puppet: 'off' });
  }

  on.addEventListener('change', () => (on.checked ? begin() : end()));
  for (const radio of document.querySelectorAll('[name="puppet-what"]')) {
    radio.addEventListener('change', () => on.checked && app.update({ puppet: what() }));
  }
}
