//! The prompts as the provider fetches them from the listener: under a path that everybody may know, since no prompt
//! says a code or names an account.

use std::borrow::Cow;
use std::path::Path;

use hyper::body::Bytes;
use readmit_telephone::prompts::{self, Prompt, PromptError, Unfit};

/// The prompts of every language.
#[derive(Debug, Clone)]
pub struct Prompts(prompts::Prompts<Bytes>);

impl Prompts {
    /// Loads the built-in prompts, and those of a directory over them. Providers play any WAV file.
    ///
    /// # Errors
    ///
    /// [`PromptError`] names the file and what to do about it.
    pub fn load(directory: Option<&Path>) -> Result<Prompts, PromptError> {
        let read = |wav: Cow<'static, [u8]>| {
            if !(wav.starts_with(b"RIFF") && wav.get(8..12) == Some(b"WAVE".as_slice())) {
                return Err(Unfit::NotWav);
            }
            Ok(match wav {
                Cow::Borrowed(wav) => Bytes::from_static(wav),
                Cow::Owned(wav) => wav.into(),
            })
        };
        prompts::Prompts::load(directory, read).map(Prompts)
    }

    /// The language that fits a BCP 47 tag best.
    pub fn language(&self, locale: &str) -> &str {
        self.0.language(locale)
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
        self.0.get(language, prompt).cloned()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

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
    fn a_recording_is_any_wav_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("en/greeting.wav");
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        let wav = b"RIFF\0\0\0\0WAVEfmt ";
        fs::write(&file, wav).unwrap();
        let prompts = Prompts::load(Some(directory.path())).unwrap();
        assert_eq!(prompts.file("/prompts/en/greeting.wav").as_deref(), Some(wav.as_slice()));
        fs::write(&file, b"RIFF of something else").unwrap();
        assert!(Prompts::load(Some(directory.path())).is_err());
    }
}
