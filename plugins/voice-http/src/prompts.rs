//! What a person hears: WAV files that the provider fetches from the listener. They are those of the SIP plugin.
//!
//! English, German, French, Spanish and Japanese are built in. A directory with `<language>/<name>.wav` replaces single prompts or adds
//! languages. No prompt says a code or names an account: a call may reach anybody, and so may a prompt's URL.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hyper::body::Bytes;

use crate::limits;

/// The language for people whose own is missing.
const FALLBACK: &str = "en";

/// Something to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prompt {
    /// Who calls, what to type, and what to do if one did not ask for this.
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
    /// A 9 alone was typed: asks whether the person did not ask for this.
    Report,
    /// The person did not ask for this; the organization is told. Goodbye.
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
                (Prompt::Greeting, built_in!($language, "greeting")),
                (Prompt::Again, built_in!($language, "again")),
                (Prompt::Wrong, built_in!($language, "wrong")),
                (Prompt::Accepted, built_in!($language, "accepted")),
                (Prompt::TooManyTries, built_in!($language, "too_many_tries")),
                (Prompt::NoInput, built_in!($language, "no_input")),
                (Prompt::Report, built_in!($language, "report")),
                (Prompt::Reported, built_in!($language, "reported")),
            ],
        )
    };
    ($language:literal, $name:literal) => {
        include_bytes!(concat!("../../voice/prompts/", $language, "/", $name, ".wav"))
    };
}

/// A language and the WAV files of its prompts.
type BuiltIn = (&'static str, [(Prompt, &'static [u8]); 8]);

const BUILT_IN: [BuiltIn; 5] =
    [built_in!("en"), built_in!("de"), built_in!("fr"), built_in!("es"), built_in!("ja")];

/// The prompts of every language.
#[derive(Debug, Clone)]
pub struct Prompts {
    languages: HashMap<String, HashMap<Prompt, Bytes>>,
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
    /// A file is larger than `limits::MAX_PROMPT`.
    #[error("{} is larger than {} bytes", path.display(), limits::MAX_PROMPT)]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A file is not a WAV file.
    #[error("{} is not a WAV file; make one of it: sox in.mp3 -r 8000 -c 1 -b 16 out.wav", path.display())]
    NotWav {
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
        let mut languages: HashMap<String, HashMap<Prompt, Bytes>> = HashMap::new();
        for (language, prompts) in BUILT_IN {
            let prompts = prompts.map(|(prompt, wav)| (prompt, Bytes::from_static(wav)));
            languages.insert(language.to_owned(), HashMap::from(prompts));
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

    /// The path of a prompt below the public URL.
    pub fn path(language: &str, prompt: Prompt) -> String {
        format!("/prompts/{language}/{}.wav", prompt.as_str())
    }

    /// The file of a path below the public URL.
    pub fn file(&self, path: &str) -> Option<Bytes> {
        let (language, name) = path.strip_prefix("/prompts/")?.split_once('/')?;
        let name = name.strip_suffix(".wav")?;
        let prompt = Prompt::ALL.into_iter().find(|prompt| prompt.as_str() == name)?;
        self.languages.get(language)?.get(&prompt).cloned()
    }
}

fn load_directory(
    directory: &Path,
    languages: &mut HashMap<String, HashMap<Prompt, Bytes>>,
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
            if size > limits::MAX_PROMPT {
                return Err(PromptError::TooLarge { path: file });
            }
            let wav = fs::read(&file).map_err(unreadable(&file))?;
            if !(wav.starts_with(b"RIFF") && wav.get(8..12) == Some(b"WAVE".as_slice())) {
                return Err(PromptError::NotWav { path: file });
            }
            languages.entry(language.clone()).or_default().insert(prompt, wav.into());
        }
        if languages.len() > limits::MAX_LANGUAGES {
            return Err(PromptError::TooManyLanguages);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prompt_is_found_at_its_path_and_nothing_else_is() {
        let prompts = Prompts::load(None).unwrap();
        for language in ["en", "de", "fr", "es", "ja"] {
            for prompt in Prompt::ALL {
                let file = prompts.file(&Prompts::path(language, prompt)).unwrap();
                assert!(file.starts_with(b"RIFF") && file.len() > 16_000, "{language}/{prompt:?}");
            }
        }
        for path in
            ["/prompts/en/greeting", "/prompts/xx/greeting.wav", "/prompts/en/../greeting.wav", "/", ""]
        {
            assert_eq!(prompts.file(path), None, "{path}");
        }
    }

    #[test]
    fn languages_fall_back() {
        let prompts = Prompts::load(None).unwrap();
        for (locale, language) in [
            ("de-AT", "de"),
            ("fr_CA", "fr"),
            ("EN-us", "en"),
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
        let wav = b"RIFF\0\0\0\0WAVEfmt ";
        write("en/greeting.wav", wav);
        let load = || Prompts::load(Some(directory.path()));
        let prompts = load().unwrap();
        assert_eq!(prompts.file("/prompts/en/greeting.wav").as_deref(), Some(wav.as_slice()));
        assert!(prompts.file("/prompts/en/wrong.wav").unwrap().len() > 16_000, "the others stay");
        for prompt in Prompt::ALL {
            assert_eq!(load().is_ok(), prompt == Prompt::Greeting, "{prompt:?} is missing");
            write(&format!("pt-BR/{}.wav", prompt.as_str()), wav);
        }
        assert_eq!(load().unwrap().language("pt_BR"), "pt-br");
        write("en/again.wav", b"ID3");
        assert!(load().unwrap_err().to_string().contains("again.wav is not a WAV file"));
        write("en/again.wav", &vec![0; limits::MAX_PROMPT as usize + 1]);
        assert!(load().unwrap_err().to_string().contains("again.wav is larger than"));
    }
}
