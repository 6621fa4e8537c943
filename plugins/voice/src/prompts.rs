//! What a person hears: WAV files, encoded once to both codecs and shared by all calls.
//!
//! English, German, French, Spanish and Japanese are built in. A directory with `<language>/<name>.wav` replaces single prompts or
//! adds languages. No prompt says a code or names an account: a call may reach anybody.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Cursor};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use audio_codec_algorithms::{encode_alaw, encode_ulaw};

use crate::limits;
use crate::sdp::Codec;

/// The language for people whose own is missing.
const FALLBACK: &str = "en";

/// Something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prompt {
    /// Who calls, what to type, and to hang up if one did not ask for this.
    Greeting,
    /// Asks again after silence.
    Again,
    /// The digits were wrong; asks again.
    Wrong,
    /// The digits were right. Goodbye.
    Accepted,
    /// The digits were wrong too often. Goodbye.
    TooManyTries,
    /// No digits came. Goodbye.
    NoInput,
    /// Asks whether a lone 9 was meant: press it again if you did not ask for this, or type the digits.
    Report,
    /// The recovery was stopped. Goodbye.
    Reported,
}

impl Prompt {
    /// Every prompt.
    pub const ALL: [Prompt; 8] = [
        Prompt::Greeting,
        Prompt::Again,
        Prompt::Wrong,
        Prompt::Accepted,
        Prompt::TooManyTries,
        Prompt::NoInput,
        Prompt::Report,
        Prompt::Reported,
    ];

    /// The name of its file, without `.wav`.
    pub fn as_str(self) -> &'static str {
        match self {
            Prompt::Greeting => "greeting",
            Prompt::Again => "again",
            Prompt::Wrong => "wrong",
            Prompt::Accepted => "accepted",
            Prompt::TooManyTries => "too_many_tries",
            Prompt::NoInput => "no_input",
            Prompt::Report => "report",
            Prompt::Reported => "reported",
        }
    }
}

/// The built-in prompts of one language.
macro_rules! built_in {
    ($language:literal) => {
        (
            $language,
            [
                (Prompt::Greeting, include_bytes!(concat!("../prompts/", $language, "/greeting.wav"))),
                (Prompt::Again, include_bytes!(concat!("../prompts/", $language, "/again.wav"))),
                (Prompt::Wrong, include_bytes!(concat!("../prompts/", $language, "/wrong.wav"))),
                (Prompt::Accepted, include_bytes!(concat!("../prompts/", $language, "/accepted.wav"))),
                (
                    Prompt::TooManyTries,
                    include_bytes!(concat!("../prompts/", $language, "/too_many_tries.wav")),
                ),
                (Prompt::NoInput, include_bytes!(concat!("../prompts/", $language, "/no_input.wav"))),
                (Prompt::Report, include_bytes!(concat!("../prompts/", $language, "/report.wav"))),
                (Prompt::Reported, include_bytes!(concat!("../prompts/", $language, "/reported.wav"))),
            ],
        )
    };
}

/// A language and the WAV files of its prompts.
type BuiltIn = (&'static str, [(Prompt, &'static [u8]); 8]);

const BUILT_IN: [BuiltIn; 5] =
    [built_in!("en"), built_in!("de"), built_in!("fr"), built_in!("es"), built_in!("ja")];

/// A prompt in both codecs, one byte a sample.
#[derive(Debug, Clone)]
struct Encoded {
    pcmu: Arc<[u8]>,
    pcma: Arc<[u8]>,
}

/// The prompts of every language.
#[derive(Debug, Clone)]
pub struct Prompts {
    languages: HashMap<String, HashMap<Prompt, Encoded>>,
}

/// Why the prompts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// A directory or file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// A file is larger than `limits::MAX_PROMPT_BYTES`.
    #[error("{} is larger than {} bytes", path.display(), limits::MAX_PROMPT_BYTES)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A file is not a WAV file.
    #[error("{} is not a WAV file", path.display())]
    NotWav {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: hound::Error,
    },
    /// A WAV file has the wrong format.
    #[error("{} has to be 8000 Hz, 1 channel, 16 bit; re-encode it: sox in.wav -r 8000 -c 1 -b 16 out.wav", path.display())]
    Format {
        /// The file.
        path: PathBuf,
    },
    /// A language that is not built in lacks a prompt.
    #[error("the language {language:?} lacks {name}.wav: a language that is not built in needs all prompts")]
    Incomplete {
        /// The language.
        language: String,
        /// The prompt.
        name: &'static str,
    },
    /// There are more than `limits::MAX_LANGUAGES` languages.
    #[error("more than {} languages", limits::MAX_LANGUAGES)]
    TooManyLanguages,
}

impl Prompts {
    /// Loads the built-in prompts, and those of a directory over them.
    ///
    /// # Errors
    ///
    /// [`PromptError`] names the file and what to do about it.
    pub fn load(directory: Option<&Path>) -> Result<Prompts, PromptError> {
        let mut languages: HashMap<String, HashMap<Prompt, Encoded>> = HashMap::new();
        for (language, prompts) in BUILT_IN {
            for (prompt, wav) in prompts {
                let name = PathBuf::from(format!("built-in {language}/{}.wav", prompt.as_str()));
                languages.entry(language.to_owned()).or_default().insert(prompt, encode(&name, wav)?);
            }
        }
        if let Some(directory) = directory {
            load_directory(directory, &mut languages)?;
        }
        for (language, prompts) in &languages {
            if let Some(missing) = Prompt::ALL.into_iter().find(|prompt| !prompts.contains_key(prompt)) {
                return Err(PromptError::Incomplete { language: language.clone(), name: missing.as_str() });
            }
        }
        Ok(Prompts { languages })
    }

    /// A prompt in the language that fits a BCP 47 tag best: the tag, its shorter and shorter beginnings, and
    /// English in the end.
    pub fn get(&self, locale: &str, prompt: Prompt, codec: Codec) -> Arc<[u8]> {
        let tag = locale.to_ascii_lowercase().replace('_', "-");
        let mut tag = tag.as_str();
        let prompts = loop {
            if let Some(prompts) = self.languages.get(tag) {
                break Some(prompts);
            }
            match tag.rsplit_once('-') {
                Some((shorter, _)) => tag = shorter,
                None => break self.languages.get(FALLBACK),
            }
        };
        match (prompts.and_then(|prompts| prompts.get(&prompt)), codec) {
            (Some(encoded), Codec::Pcmu) => encoded.pcmu.clone(),
            (Some(encoded), Codec::Pcma) => encoded.pcma.clone(),
            // Unreachable, since `load` checked: a prompt of no length ends at once.
            (None, _) => Arc::from([]),
        }
    }
}

fn load_directory(
    directory: &Path,
    languages: &mut HashMap<String, HashMap<Prompt, Encoded>>,
) -> Result<(), PromptError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| PromptError::Read { path, source }
    };
    for entry in fs::read_dir(directory).map_err(unreadable(directory))? {
        let path = entry.map_err(unreadable(directory))?.path();
        let Some(language) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_dir()) else {
            continue;
        };
        let language = language.to_ascii_lowercase().replace('_', "-");
        for prompt in Prompt::ALL {
            let file = path.join(prompt.as_str()).with_extension("wav");
            let size = match fs::metadata(&file) {
                Ok(metadata) => metadata.len(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                Err(source) => return Err(PromptError::Read { path: file, source }),
            };
            if size > limits::MAX_PROMPT_BYTES {
                return Err(PromptError::TooLarge { path: file });
            }
            let wav = fs::read(&file).map_err(unreadable(&file))?;
            languages.entry(language.clone()).or_default().insert(prompt, encode(&file, &wav)?);
        }
        if languages.len() > limits::MAX_LANGUAGES {
            return Err(PromptError::TooManyLanguages);
        }
    }
    Ok(())
}

fn encode(path: &Path, wav: &[u8]) -> Result<Encoded, PromptError> {
    let not_wav = |source| PromptError::NotWav { path: path.to_owned(), source };
    let mut reader = hound::WavReader::new(Cursor::new(wav)).map_err(not_wav)?;
    let spec = reader.spec();
    let format = (spec.sample_rate, spec.channels, spec.bits_per_sample, spec.sample_format);
    if format != (8000, 1, 16, hound::SampleFormat::Int) {
        return Err(PromptError::Format { path: path.to_owned() });
    }
    let samples = reader.samples::<i16>().collect::<Result<Vec<_>, _>>().map_err(not_wav)?;
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

    /// The voice spells kanji out by the words "Chinese letter", for minutes.
    #[test]
    fn japanese_is_given_to_the_voice_in_kana() {
        let texts = include_str!("../prompts/render");
        let japanese: Vec<_> = texts.lines().filter(|line| line.starts_with("say ja ")).collect();
        assert_eq!(japanese.len(), Prompt::ALL.len());
        for line in japanese {
            assert!(!line.contains(|c| matches!(c, '\u{3400}'..='\u{9fff}')), "{line}");
        }
    }

    /// Whoever is called without having asked hears what to do about it.
    #[test]
    fn greetings_say_how_to_report() {
        let texts = include_str!("../prompts/render");
        let nine = |line: &str| line.contains('9') || line.contains("きゅうを おして");
        for name in ["greeting", "again", "report"] {
            let said: Vec<_> = texts
                .lines()
                .filter(|line| line.starts_with("say ") && line.split(' ').nth(3) == Some(name))
                .collect();
            assert!(said.len() == BUILT_IN.len() && said.iter().all(|line| nine(line)), "{name}: {said:?}");
        }
    }

    #[test]
    fn languages_fall_back() {
        let prompts = Prompts::load(None).unwrap();
        let greeting = |locale| prompts.get(locale, Prompt::Greeting, Codec::Pcma);
        for (locale, language) in [
            ("de-AT", "de"),
            ("fr_CA", "fr"),
            ("EN-us", "en"),
            ("es-MX", "es"),
            ("ja-JP", "ja"),
            ("zh-Hant-TW", "en"),
            ("", "en"),
            ("de-", "de"),
        ] {
            assert!(Arc::ptr_eq(&greeting(locale), &greeting(language)), "{locale}");
        }
    }

    #[test]
    fn a_directory_replaces_and_adds() {
        let directory = tempfile::tempdir().unwrap();
        wav(&directory.path().join("en/greeting.wav"), 8000, 800);
        for prompt in Prompt::ALL {
            wav(&directory.path().join(format!("pt-br/{}.wav", prompt.as_str())), 8000, 1600);
        }
        let prompts = Prompts::load(Some(directory.path())).unwrap();
        assert_eq!(prompts.get("en", Prompt::Greeting, Codec::Pcmu).len(), 800);
        assert!(prompts.get("en", Prompt::Wrong, Codec::Pcmu).len() > 8000, "the others stay");
        assert_eq!(prompts.get("pt-BR", Prompt::Wrong, Codec::Pcmu).len(), 1600);
    }

    #[test]
    fn faults_name_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let load = || Prompts::load(Some(directory.path())).unwrap_err().to_string();
        wav(&directory.path().join("xx/greeting.wav"), 8000, 800);
        assert!(load().contains("again.wav"), "{}", load());
        wav(&directory.path().join("xx/greeting.wav"), 44100, 800);
        assert!(load().contains("greeting.wav has to be 8000 Hz"), "{}", load());
        fs::write(directory.path().join("xx/greeting.wav"), b"RIFFnonsense").unwrap();
        assert!(load().contains("not a WAV file"), "{}", load());
        fs::write(directory.path().join("xx/greeting.wav"), vec![0; limits::MAX_PROMPT_BYTES as usize + 1])
            .unwrap();
        assert!(load().contains("larger than"), "{}", load());
        assert!(Prompts::load(Some(Path::new("/nonexistent"))).is_err());
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
