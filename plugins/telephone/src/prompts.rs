//! What a person hears: WAV files.
//!
//! English, German, French, Spanish and Japanese are built in. A directory with `<language>/<name>.wav` replaces single
//! prompts or adds languages. No prompt says a code or names an account: a call may reach anybody.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::limits;

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

/// The prompts of every language, each as a plugin keeps it.
#[derive(Debug, Clone)]
pub struct Prompts<A> {
    languages: HashMap<String, HashMap<Prompt, A>>,
}

/// Why a file cannot be a prompt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It is no WAV file.
    #[error("is not a WAV file; make one of it: sox in.mp3 -r 8000 -c 1 -b 16 out.wav")]
    NotWav,
    /// It has the wrong format.
    #[error("has to be 8000 Hz, 1 channel, 16 bit; re-encode it: sox in.wav -r 8000 -c 1 -b 16 out.wav")]
    Format,
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
    #[error("{} is larger than {} bytes: shorten it", path.display(), limits::MAX_PROMPT_BYTES)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A file cannot be a prompt.
    #[error("{} {why}", path.display())]
    Unfit {
        /// The file.
        path: PathBuf,
        /// Why.
        why: Unfit,
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
    #[error("more than {} languages: take some out of the directory", limits::MAX_LANGUAGES)]
    TooManyLanguages,
}

impl<A> Prompts<A> {
    /// Loads the built-in prompts, and those of a directory over them. `read` makes of a file what the plugin keeps.
    ///
    /// # Errors
    ///
    /// [`PromptError`] names the file and what to do about it.
    pub fn load(
        directory: Option<&Path>,
        read: impl Fn(Cow<'static, [u8]>) -> Result<A, Unfit>,
    ) -> Result<Self, PromptError> {
        let mut loading = Loading { languages: HashMap::new(), read };
        for (language, prompts) in BUILT_IN {
            for (prompt, wav) in prompts {
                let name = PathBuf::from(format!("built-in {language}/{}.wav", prompt.as_str()));
                loading.add(language, prompt, &name, Cow::Borrowed(wav))?;
            }
        }
        if let Some(directory) = directory {
            loading.directory(directory)?;
        }
        let languages = loading.languages;
        for (language, prompts) in &languages {
            if let Some(missing) = Prompt::ALL.into_iter().find(|prompt| !prompts.contains_key(prompt)) {
                return Err(PromptError::Incomplete { language: language.clone(), name: missing.as_str() });
            }
        }
        Ok(Self { languages })
    }

    /// The language that fits a BCP 47 tag best: the tag, its shorter and shorter beginnings, and English in the end.
    pub fn language(&self, locale: &str) -> &str {
        let tag = locale.to_ascii_lowercase().replace('_', "-");
        let mut tag = tag.as_str();
        loop {
            if let Some((language, _)) = self.languages.get_key_value(tag) {
                return language;
            }
            match tag.rsplit_once('-') {
                Some((shorter, _)) => tag = shorter,
                None => return FALLBACK,
            }
        }
    }

    /// A prompt in a language that there is, as [`Prompts::language`] names them.
    pub fn get(&self, language: &str, prompt: Prompt) -> Option<&A> {
        self.languages.get(language)?.get(&prompt)
    }
}

struct Loading<A, R> {
    languages: HashMap<String, HashMap<Prompt, A>>,
    read: R,
}

impl<A, R: Fn(Cow<'static, [u8]>) -> Result<A, Unfit>> Loading<A, R> {
    fn directory(&mut self, directory: &Path) -> Result<(), PromptError> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| PromptError::Read { path, source }
        };
        for entry in fs::read_dir(directory).map_err(unreadable(directory))? {
            let path = entry.map_err(unreadable(directory))?.path();
            let Some(language) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_dir())
            else {
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
                self.add(&language, prompt, &file, Cow::Owned(wav))?;
            }
            if self.languages.len() > limits::MAX_LANGUAGES {
                return Err(PromptError::TooManyLanguages);
            }
        }
        Ok(())
    }

    fn add(
        &mut self,
        language: &str,
        prompt: Prompt,
        file: &Path,
        wav: Cow<'static, [u8]>,
    ) -> Result<(), PromptError> {
        let kept = (self.read)(wav).map_err(|why| PromptError::Unfit { path: file.to_owned(), why })?;
        self.languages.entry(language.to_owned()).or_default().insert(prompt, kept);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes what begins like a WAV file.
    fn load(directory: Option<&Path>) -> Result<Prompts<usize>, PromptError> {
        Prompts::load(
            directory,
            |wav| if wav.starts_with(b"RIFF") { Ok(wav.len()) } else { Err(Unfit::NotWav) },
        )
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
        let prompts = load(None).unwrap();
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
            assert_eq!(prompts.language(locale), language, "{locale}");
        }
    }

    #[test]
    fn a_directory_replaces_and_adds_and_its_faults_name_the_file() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, wav: &[u8]| {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, wav).unwrap();
        };
        let load = || load(Some(directory.path()));
        write("en/greeting.wav", b"RIFF....");
        let prompts = load().unwrap();
        assert_eq!(prompts.get("en", Prompt::Greeting), Some(&8));
        assert!(prompts.get("en", Prompt::Wrong) > Some(&16_000), "the others stay");
        for prompt in Prompt::ALL {
            assert_eq!(load().is_ok(), prompt == Prompt::Greeting, "{prompt:?} is missing");
            write(&format!("pt-BR/{}.wav", prompt.as_str()), b"RIFF");
        }
        assert_eq!(load().unwrap().language("pt_BR"), "pt-br");
        write("en/again.wav", b"ID3");
        assert!(load().unwrap_err().to_string().contains("again.wav is not a WAV file"));
        write("en/again.wav", &vec![0; limits::MAX_PROMPT_BYTES as usize + 1]);
        assert!(load().unwrap_err().to_string().contains("again.wav is larger than"));
        assert!(super::tests::load(Some(Path::new("/nonexistent"))).is_err());
    }
}
