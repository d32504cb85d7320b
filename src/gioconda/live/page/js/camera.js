/** A photo taken with the camera. */

import { $ } from './dom.js';
import { complain } from './notices.js';
import { t } from './i18n.js';

/** Why a microphone or camera was not given, in words. */
export function deviceRefusal(cause, device) {
  if (!navigator.mediaDevices) return t('device.insecure');
  if (cause?.name === 'NotAllowedError') return t(`device.${device}.denied`);
  if (cause?.name === 'NotFoundError') return t(`device.${device}.missing`);
  return t(`device.${device}.busy`);
}

/** Let the user take a photo; null where none was taken. */
export async function takePhoto() {
  const dialog = $('camera-dialog');
  const view = $('camera-view');
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({
      video: { facingMode: 'user', width: { ideal: 1280 }, height: { ideal: 960 } },
    });
  } catch (cause) {
    complain(deviceRefusal(cause, 'camera'));
    return null;
  }
  view.srcObject = stream;
  dialog.showModal();
  await view.play();
  $('camera-take').focus();
  return new Promise((resolve) => {
    let photo = null;
    $('camera-take').onclick = async () => {
      const canvas = new OffscreenCanvas(view.videoWidth, view.videoHeight);
      canvas.getContext('2d').drawImage(view, 0, 0);
      photo = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.95 });
      dialog.close();
    };
    dialog.addEventListener(
      'close',
      () => {
        for (const track of stream.getTracks()) track.stop();
        view.srcObject = null;
        resolve(photo);
      },
      { once: true },
    );
  });
}
