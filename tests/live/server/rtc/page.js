// Connects by POST /offer and keeps when flashes are shown and clicks are heard, in milliseconds.
async (options) => {
  const pc = new RTCPeerConnection();
  const seen = { pc, frames: [], flashes: [], clicks: [], events: [], streams: new Set(), rtp: [] };
  window.seen = seen;
  const video = document.createElement('video');
  Object.assign(video, { autoplay: true, playsInline: true });
  document.body.append(video);
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: 8, height: 8 });
  const pixels = canvas.getContext('2d', { willReadFrequently: true });

  let bright = false;
  const onFrame = (now, data) => {
    pixels.drawImage(video, 0, 0, 8, 8);
    const light = pixels.getImageData(4, 4, 1, 1).data[1];
    seen.frames.push(data.expectedDisplayTime);
    seen.rtp.push(data.rtpTimestamp);
    if (light > 150 && !bright) seen.flashes.push(data.expectedDisplayTime);
    bright = light > 150;
    video.requestVideoFrameCallback(onFrame);
  };
  video.requestVideoFrameCallback(onFrame);

  const listen = async (track) => {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    let quietTo = -1e9;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const now = performance.now();
      const samples = new Float32Array(value.numberOfFrames);
      value.copyTo(samples, { planeIndex: 0, format: 'f32-planar' });
      for (let i = 0; i < samples.length; i++) {
        if (Math.abs(samples[i]) < 0.1) continue;
        const at = now + 1000 * (i - samples.length) / value.sampleRate;
        if (at > quietTo) seen.clicks.push(at);
        quietTo = at + 300;
      }
      value.close();
    }
  };

  pc.ontrack = ({ track, streams, receiver }) => {
    seen.streams.add(streams[0].id);
    video.srcObject = streams[0];
    if (options.target !== undefined) receiver.jitterBufferTarget = options.target;
    if (track.kind === 'audio') listen(track.clone());
  };
  pc.addTransceiver('video', { direction: 'recvonly' });
  if (options.microphone) {
    const { microphone, ...rest } = options;
    options = rest;
    const own = await navigator.mediaDevices.getUserMedia({ audio: true });
    pc.addTransceiver(own.getAudioTracks()[0], { direction: 'sendrecv' });
  } else {
    pc.addTransceiver('audio', { direction: 'recvonly' });
  }
  seen.channel = pc.createDataChannel('gioconda');
  seen.channel.onmessage = (e) => seen.events.push(JSON.parse(e.data));
  await pc.setLocalDescription(await pc.createOffer());
  await new Promise((done) => {
    const check = () => pc.iceGatheringState === 'complete' && done();
    pc.onicegatheringstatechange = check;
    setTimeout(done, 3000);
    check();
  });
  const { target, ...asked } = options;
  const reply = await fetch('/offer', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ sdp: pc.localDescription.sdp, type: 'offer', ...asked }),
  });
  const answer = await reply.json();
  if (!reply.ok) throw new Error(answer.error.message);
  seen.session = answer.session;
  await pc.setRemoteDescription({ sdp: answer.sdp, type: answer.type });
}
