/** Puts the page together. */

import { App } from './app.js';
import { setUpCheck } from './check.js';
import { setUpConsent } from './consent.js';
import { setUpDials } from './dials/dials.js';
import { $, make } from './dom.js';
import { setUpDrop } from './drop.js';
import { exposeHooks } from './hooks.js';
import { language, LANGUAGES, preferred, speak } from './i18n.js';
import { setUpMeters } from './meters.js';
import { setUpMotionPlot } from './motion-plot.js';
import { setUpPortrait } from './portrait.js';
import { setUpRecord } from './record.js';
import { setUpRenderJob } from './render-job.js';
import { setUpStage } from './stage.js';
import { setUpInterrupt } from './talk/interrupt.js';
import { setUpListen } from './talk/listen.js';
import { Microphone } from './talk/microphone.js';
import { setUpPuppet } from './talk/puppet.js';
import { setUpSoundFile } from './talk/sound-file.js';
import { setUpTabs } from './talk/tabs.js';
import { setUpTyping } from './talk/typing.js';
import { setUpVoice } from './talk/voice.js';
import { setUpTheme } from './theme.js';

function setUpLanguage() {
  const select = $('language');
  for (const [value, textContent] of Object.entries(LANGUAGES)) {
    select.append(make('option', { value, textContent, lang: value }));
  }
  select.value = language;
  select.addEventListener('change', () => speak(select.value, { remember: true }));
}

function setUpOptions(app) {
  for (const name of ['fps', 'size', 'path']) {
    const select = $(`session-${name}`);
    select.value = app.options[name];
    select.addEventListener('change', () => {
      app.setOption(name, name === 'path' ? select.value : Number(select.value));
    });
  }
}

function setUpDialogs() {
  for (const button of document.querySelectorAll('[data-close]')) {
    button.addEventListener('click', () => button.closest('dialog').close());
  }
}

await speak(preferred());
setUpLanguage();
setUpTheme();
setUpDialogs();
setUpConsent();
const check = setUpCheck();
const app = new App($('face'), $('face-video'));
setUpStage(app);
setUpOptions(app);
const portrait = setUpPortrait(app);
const tabs = setUpTabs();
const microphone = new Microphone();
setUpTyping(app);
setUpVoice(app, microphone, tabs);
const sound = setUpSoundFile(app, tabs);
setUpListen(app, microphone);
setUpPuppet(app);
setUpInterrupt(app);
setUpDials(app);
setUpDrop(portrait.take, sound.speak, check);
setUpRecord(app);
setUpRenderJob(app);
setUpMotionPlot(app);
exposeHooks(app, setUpMeters(app));
await app.start();
