#!/bin/sh
# Makes src/gioconda/assets/demo_speech.flac again; needs Debian's flite and sox.
set -eu
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flite -voice slt -o "$work/speech.wav" -t "Good morning. I am only a picture, and yet I speak to you. \
Every word you hear was made by a machine, and so was every movement of my face. \
Whoever shows you a talking picture should tell you so."
sox "$work/speech.wav" -r 16000 -c 1 src/gioconda/assets/demo_speech.flac pad 0.25 0.5 gain -n -3
