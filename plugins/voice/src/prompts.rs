//! The prompts as they are sent: encoded once to both codecs, and shared by all calls.

use std::borrow::Cow;
use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use audio_codec_algorithms::{encode_alaw, encode_ulaw};
use readmit_telephone::prompts::{self, Prompt, PromptError, Unfit};

use crate::limits;
use crate::sdp::Codec;

/// A prompt in both codecs, one byte a sample.
#[derive(Debug, Clone)]
struct Encoded {
    pcmu: Arc<[u8]>,
    pcma: Arc<[u8]>,
}

/// The prompts of every language.
#[derive(Debug, Clone)]
pub struct Prompts(prompts::Prompts<Encoded>);

impl Prompts {
    /// Loads the built-in prompts, and those of a directory over them.
    ///
    /// # Errors
    ///
    /// [`PromptError`] names the file and what to do about it.
    pub fn load(directory: Option<&Path>) -> Result<Prompts, PromptError> {
        prompts::Prompts::load(directory, encode).map(Prompts)
    }

    /// A prompt in the language that fits a BCP 47 tag best.
    pub fn get(&self, locale: &str, prompt: Prompt, codec: Codec) -> Arc<[u8]> {
        match (self.0.get(self.0.language(locale), prompt), codec) {
            (Some(encoded), Codec::Pcmu) => encoded.pcmu.clone(),
            (Some(encoded), Codec::Pcma) => encoded.pcma.clone(),
            // Unreachable, since `load` checked: a prompt of no length ends at once.
            (None, _) => Arc::from([]),
        }
    }
}

fn encode(wav: Cow<'static, [u8]>) -> Result<Encoded, Unfit> {
    let mut reader = hound::WavReader::new(Cursor::new(wav)).map_err(|_| Unfit::NotWav)?;
    let spec = reader.spec();
    let format = (spec.sample_rate, spec.channels, spec.bits_per_sample, spec.sample_format);
    if format != (8000, 1, 16, hound::SampleFormat::Int) {
        return Err(Unfit::Format);
    }
    let samples = reader.samples::<i16>().collect::<Result<Vec<_>, _>>().map_err(|_| Unfit::NotWav)?;
    Ok(Encoded {
        pcmu: samples.iter().map(|&sample| encode_ulaw(sample)).collect(),
        pcma: samples.iter().map(|&sample| encode_alaw(sample)).collect(),
    })
}

/// A prompt on its way out, frame by frame.
#[derive(Debug)]
pub struct Playout {
    audio: Arc<[u8]>,
    position: usize,
}

impl Playout {
    /// Begins with the first sample.
    pub fn new(audio: Arc<[u8]>) -> Playout {
        Playout { audio, position: 0 }
    }

    /// Writes the next frame and tells whether there was one. The last frame is filled up with silence.
    pub fn next_frame(&mut self, codec: Codec, frame: &mut [u8; limits::FRAME_SAMPLES]) -> bool {
        frame.fill(codec.silence());
        let rest = self.audio.get(self.position..).unwrap_or_default();
        let length = rest.len().min(frame.len());
        for (to, from) in frame.iter_mut().zip(rest) {
            *to = *from;
        }
        self.position += length;
        length > 0
    }

    /// Leaves out frames that came too late.
    pub fn skip(&mut self, frames: u32) {
        let samples = usize::try_from(frames).unwrap_or(usize::MAX).saturating_mul(limits::FRAME_SAMPLES);
        self.position = self.position.saturating_add(samples).min(self.audio.len());
    }

    /// Whether nothing is left to play.
    pub fn is_over(&self) -> bool {
        self.position >= self.audio.len()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn wav(path: &Path, rate: u32, samples: usize) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: rate,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let mut writer = hound::WavWriter::create(path, spec).unwrap();
        (0..samples).for_each(|sample| writer.write_sample(sample as i16).unwrap());
        writer.finalize().unwrap();
    }

    #[test]
    fn every_built_in_prompt_says_something() {
        let prompts = Prompts::load(None).unwrap();
        for language in ["en", "de", "fr", "es", "ja"] {
            for prompt in Prompt::ALL {
                let audio = prompts.get(language, prompt, Codec::Pcmu);
                let seconds = audio.len() / 8000;
                assert!((1..30).contains(&seconds), "{language}/{} lasts {seconds} s", prompt.as_str());
                let loud = audio
                    .iter()
                    .filter(|&&code| audio_codec_algorithms::decode_ulaw(code).abs() > 500)
                    .count();
                assert!(loud > audio.len() / 20, "{language}/{} is silent", prompt.as_str());
            }
        }
    }

    #[test]
    fn a_recording_has_the_rate_of_a_telephone() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("en/greeting.wav");
        let load = || Prompts::load(Some(directory.path()));
        wav(&file, 8000, 800);
        assert_eq!(load().unwrap().get("en-GB", Prompt::Greeting, Codec::Pcmu).len(), 800);
        wav(&file, 44100, 800);
        assert!(load().unwrap_err().to_string().contains("greeting.wav has to be 8000 Hz"));
        fs::write(&file, b"RIFFnonsense").unwrap();
        assert!(load().unwrap_err().to_string().contains("greeting.wav is not a WAV file"));
    }

    #[test]
    fn playout_ends_with_a_filled_frame() {
        let mut playout = Playout::new(Arc::from(vec![1; limits::FRAME_SAMPLES * 2 + 10]));
        let mut frame = [0; limits::FRAME_SAMPLES];
        assert!(playout.next_frame(Codec::Pcmu, &mut frame));
        playout.skip(1);
        assert!(!playout.is_over());
        assert!(playout.next_frame(Codec::Pcmu, &mut frame));
        assert_eq!((frame[9], frame[10]), (1, 0xff));
        assert!(playout.is_over());
        assert!(!playout.next_frame(Codec::Pcmu, &mut frame));
        playout.skip(u32::MAX);
        assert!(playout.is_over());
    }
}
