//! Prompts of a fifth of a second, so that tests do not listen to whole sentences.

use std::path::Path;

const RATE: u32 = 8000;
const SAMPLES: u32 = RATE / 5;

/// Writes every prompt of the voice plugin into `directory`.
pub(crate) fn write(directory: &Path) {
    std::fs::create_dir_all(directory.join("en")).unwrap();
    for name in ["greeting", "again", "wrong", "accepted", "too_many_tries", "no_input", "report", "reported"]
    {
        std::fs::write(directory.join(format!("en/{name}.wav")), tone()).unwrap();
    }
}

/// A tone of 400 Hz as a WAV file: PCM, mono, 16 bit.
fn tone() -> Vec<u8> {
    let bytes = SAMPLES * 2;
    let mut wav = Vec::new();
    wav.extend(b"RIFF");
    wav.extend((36 + bytes).to_le_bytes());
    wav.extend(b"WAVEfmt ");
    wav.extend(16_u32.to_le_bytes());
    for word in [1_u16, 1] {
        wav.extend(word.to_le_bytes());
    }
    wav.extend(RATE.to_le_bytes());
    wav.extend((RATE * 2).to_le_bytes());
    for word in [2_u16, 16] {
        wav.extend(word.to_le_bytes());
    }
    wav.extend(b"data");
    wav.extend(bytes.to_le_bytes());
    for sample in 0..SAMPLES {
        let loud: i16 = if sample % 20 < 10 { 4000 } else { -4000 };
        wav.extend(loud.to_le_bytes());
    }
    wav
}
