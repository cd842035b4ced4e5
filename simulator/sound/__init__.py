"""Mu-law sound: frames, tones, music, mixing."""
