"""Every place in the sources that writes something, and why what it writes is marked, or need not.

A place that is not here fails ``test_every_writer.py``: enter it under what makes its output
carry credentials, watermark and metadata, with a test in ``test_every_output.py``, or under the
reason why it shows no made face and holds no made voice.
"""

from __future__ import annotations

#: Of outputs: what sees to it that they are marked and signed.
OUTPUTS = {
    # VideoWriter seals the stage before it gets its name; its encoders write only into stages.
    "animation.py:Animation.save save": "saving.save, which opens a writer",
    "saving.py:save.opened open_writer": "VideoWriter seals",
    "video/writer.py:open_writer VideoWriter": "VideoWriter seals",
    "video/writer.py:_encoder ContainerEncoder": "into a stage of VideoWriter",
    "video/writer.py:_encoder GifEncoder": "into a stage of VideoWriter",
    "video/writer.py:_encoder PictureEncoder": "into a stage of VideoWriter",
    "video/container.py:ContainerEncoder.__init__ open": "into a stage of VideoWriter",
    "video/gif.py:GifEncoder.__init__ open": "into a stage of VideoWriter",
    "video/pictures.py:PictureEncoder.__init__ open": "into a stage of VideoWriter; the sound is "
    "signed where it was made from a text, and otherwise is the caller's own, nothing made",
    "video/pictures.py:PictureEncoder.add save": "into a stage of VideoWriter",
    "cli/making.py:save_animation save": "Animation.save",
    "live/server/job_process.py:render save": "Animation.save",
    # On another machine: frames are marked there, the file is sealed where it comes home.
    "cluster/far_video.py:make FarVideoWriter": "sealed by cli.batches when it is home",
    "cli/batches.py:_Batch._saved write_bytes": "seals the stage",
    "live/host/running.py:RunningSession.start_output AwayFileOutput": "sealed by far_files",
    "cluster/far_files.py:Incoming._write open": "a stage, sealed before it gets its name",
    # Live.
    "live/host/running.py:RunningSession.start_output open_output": "FileOutput seals",
    "cli/living.py:live open_output": "FileOutput seals",
    "live/outputs/opening.py:open_output FileOutput": "FileOutput seals",
    "live/outputs/opening.py:open_output StreamOutput": "marked frames; the container says so",
    "live/outputs/opening.py:open_output CameraOutput": "marked frames",
    "live/outputs/file.py:FileOutput.__init__ Muxer": "a stage of FileOutput",
    "live/outputs/file.py:copy_packets open": "a stage of FileOutput",
    "live/outputs/fragments.py:cut_to_whole open": "a recording, sealed by whoever has it cut",
    "live/outputs/carrier.py:main Muxer": "marked frames; the container says so",
    "live/outputs/muxing.py:Muxer.__init__ open": "of FileOutput and StreamOutput",
    "live/host/encoders.py:create_encoder JpegEncoder": "marked frames; each says so in its XMP",
    "live/host/encoders.py:JpegEncoder.encode imencode": "marked frames; each says so in its XMP",
    "live/host/encoders.py:create_encoder CodecEncoder": "marked frames; the session says so",
    "live/host/encoders.py:CodecEncoder.__init__ create": "marked frames; the session says so",
    "live/server/rtc/tracks.py:FaceSound.__init__ create": "sound of a session that says so",
    # A voice alone.
    "speaking.py:save_speech open": "seals the stage",
    # Stills.
    "trust/seal.py:seal_image save": "seals",
    "trust/stills.py:save_still write_bytes": "what seal_image returned",
    "live/host/portraits.py:_encoded save": "the sheet is marked there and signed in face.py; the "
    "square is the picture's own pixels, nothing made",
}

#: Of all else: why it need not be marked.
OTHERS = {
    # Motion: numbers, from which nobody can be recognised.
    "cli/making.py:perform save": "motion",
    "cli/capturing.py:track save": "motion",
    "cli/motions.py:MotionTarget.save save": "motion",
    "cli/motions.py:edit save": "motion",
    "motion_files.py:_write open": "motion",
    "motion_files.py:_write savez_compressed": "motion",
    "motion_files.py:_write write_bytes": "motion; glTF shows a face that is nobody's",
    "motion_plot.py:plot_motion savefig": "a plot of motion",
    # Inputs on their way in.
    "cli/batches.py:_regular open": "a copy of an input",
    "cluster/renderer.py:Renderer._sound.opened fdopen": "a copy of an input",
    "cluster/renderer.py:Renderer._written write_bytes": "a copy of an input",
    "speech/sound.py:Sound._spooled fdopen": "a copy of an input",
    "speaking.py:_written open": "speech for Sound, deleted with it; save_speech gives it out",
    "live/server/retention.py:Store.put open": "an upload",
    "measure/live/trials.py:_another save": "a portrait to be uploaded",
    "voices/command.py:CommandVoice._said write_text": "a text for another program",
    # Keys, ledgers, settings and what is told of other files.
    "cli/consenting.py:export write_text": "the ledger",
    "cli/trusting.py:export write_bytes": "a certificate",
    "trust/home.py:write_private fdopen": "keys and ledgers",
    "trust/seal.py:_seal_file open": "what seals",
    "trust/verify/report.py:write_report open": "a finding, a plot",
    "trust/verify/report.py:write_report write_text": "a finding",
    "trust/verify/report_picture.py:write_picture savefig": "a finding, a plot",
    "portrait/cache.py:DiskCache.store fdopen": "landmarks and masks, in the private cache",
    "portrait/cache.py:DiskCache.store savez": "landmarks and masks, in the private cache",
    "sandbox/confinement.py:confine open": "a setting of the system",
    "sandbox/file_tasks.py:load open": "a black picture, to load a library",
    "sandbox/file_tasks.py:load save": "a black picture, to load a library",
    "sandbox/zygote.py:_load save": "a black picture, to load a library",
    "trust/credentials/organisation.py:_try save": "a blank picture, signed to try a certificate",
    "video/codecs.py:_try_audio create": "a trial of an encoder, in memory",
    "video/codecs.py:_try_video create": "a trial of an encoder, in memory",
    # Measuring and training; none of it is a face that leaves the machine.
    "measure/performances.py:save_face savez_compressed": "curves",
    "measure/reenact.py:_Comparison.add imencode": "a real frame, in memory, to be compared",
    "measure/speed.py:_frames open_writer": "into a temporary folder; VideoWriter seals",
    "measure/speed.py:_pipeline_at save": "into a temporary folder; Animation.save seals",
    "measure/speed.py:warm_up save": "into a temporary folder; Animation.save seals",
    "measure/speed.py:_write_speech open": "a sound to be animated",
    "measure/trust/clips.py:footage_of write_bytes": "with consent, not marked yet, in a folder of "
    "the run that its user alone can open and that goes with it; there is no option to keep it",
    "measure/trust/fresh.py:_make save": "Animation.save seals; a temporary folder",
    "measure/trust/trade_off.py:plot savefig": "a plot",
    "measure/trust/transcoding.py:encoded open": "in memory, to be attacked",
    "measure/trust/transcoding.py:jpeg imencode": "in memory, to be attacked",
    "performance/readout.py:Readout.save savez": "weights",
    "train/corpus.py:Corpus.save save": "training material",
    "train/corpus.py:Corpus.save write_text": "training material",
    "train/corpus.py:synthesise save": "training material",
    "train/espeak_worker.py:main open": "training material",
    "train/espeak_worker.py:main save": "training material",
    "train/export.py:export_onnx save": "weights",
    "train/voices.py:espeak_speech write_text": "training material",
    "train/voices.py:festival_speech write_bytes": "training material",
}
