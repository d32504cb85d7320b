#!/bin/sh
# Makes the example speech again, and the instants of its phones that a test compares lips with;
# needs Debian's flite and sox.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
text="Good morning. I am only a picture, and yet I speak to you. \
Every word you hear was made by a machine, and so was every movement of my face. \
Whoever shows you a talking picture should tell you so."
flite -voice slt -o "$work/speech.wav" -t "$text"
# Phone and end in seconds, before the quarter of a second of silence that sox puts first.
flite -voice slt -psdur -o none -t "$text" > tests/data/demo_speech_phones.txt
sox -D "$work/speech.wav" -r 16000 -c 1 src/gioconda/assets/demo_speech.flac pad 0.25 0.5 gain -n -3
