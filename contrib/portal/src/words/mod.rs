//! What the pages say, in the reader's language.
//!
//! Texts are Fluent files, built in from `languages/` and laid over by the administrator's own. A text that a language
//! does not have is said in the wider language (`de` behind `de-AT`), and then in English.

mod accepted;
#[cfg(test)]
mod complete;
mod files;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fluent_bundle::concurrent::FluentBundle;
pub(crate) use fluent_bundle::{FluentArgs, FluentValue};
use unic_langid::LanguageIdentifier;

use self::files::File;
pub(crate) use self::files::WordsError;

/// The language that every text is there in.
const ENGLISH: &str = "en";

/// Every language.
pub(crate) struct Words {
    languages: BTreeMap<String, Arc<Language>>,
    english: Arc<Language>,
}

/// One language, with a wider one behind it.
pub(crate) struct Language {
    /// As HTML and Accept-Language name it: `en`, `pt-BR`.
    pub(crate) tag: String,
    texts: FluentBundle<Arc<fluent_bundle::FluentResource>>,
    behind: Option<Arc<Language>>,
}

impl Words {
    /// The built-in languages, with those of a directory laid over them.
    ///
    /// # Errors
    /// [`WordsError`] names the file, and the line in it.
    pub(crate) fn load(directory: Option<&Path>) -> Result<Self, WordsError> {
        let mut files = files::all(directory)?;
        let english = files.remove(ENGLISH).unwrap_or_default();
        let english = Arc::new(Language::new(ENGLISH, &english, None));
        let mut languages = BTreeMap::from([(ENGLISH.to_owned(), english.clone())]);
        // A wider language's tag is shorter, and so comes first.
        for (tag, files) in files {
            let wider = tag.rsplit_once('-').and_then(|(wider, _)| languages.get(wider));
            let behind = wider.unwrap_or(&english).clone();
            let language = Arc::new(Language::new(&tag, &files, Some(behind)));
            languages.insert(tag, language);
        }
        Ok(Self { languages, english })
    }

    /// The language that suits best what a browser accepts; English where none does.
    pub(crate) fn negotiate(&self, accepted: &str) -> Arc<Language> {
        let ours = || self.languages.keys().map(String::as_str);
        let found = accepted::parse(accepted).iter().find_map(|wanted| accepted::lookup(wanted, ours()));
        found.and_then(|tag| self.language(tag)).unwrap_or_else(|| self.english.clone())
    }

    /// The language of this tag.
    pub(crate) fn language(&self, tag: &str) -> Option<Arc<Language>> {
        self.languages.get(tag).cloned()
    }

    /// All languages, by tag.
    pub(crate) fn languages(&self) -> impl Iterator<Item = &Language> {
        self.languages.values().map(|language| &**language)
    }
}

impl Language {
    fn new(tag: &str, files: &[File], behind: Option<Arc<Self>>) -> Self {
        let mut texts =
            FluentBundle::new_concurrent(vec![tag.parse::<LanguageIdentifier>().unwrap_or_default()]);
        // The marks would be read out by some screen readers, and what is put in is masked and left to right.
        texts.set_use_isolating(false);
        for file in files {
            texts.add_resource_overriding(file.resource.clone());
        }
        Self { tag: tag.to_owned(), texts, behind }
    }

    /// What the language calls itself; its tag where its file does not say.
    pub(crate) fn own_name(&self) -> String {
        let own = self.texts.get_message("language-name").and_then(|message| message.value());
        let own = own.map(|name| self.texts.format_pattern(name, None, &mut Vec::new()).into_owned());
        own.unwrap_or_else(|| self.tag.clone())
    }

    /// The text of this key, with these put in.
    pub(crate) fn say_with(&self, key: &str, args: &FluentArgs<'_>) -> String {
        self.find(key, args).unwrap_or_else(|| key.to_owned())
    }

    /// The text of this key, where there is one.
    pub(crate) fn find(&self, key: &str, args: &FluentArgs<'_>) -> Option<String> {
        let Some(pattern) = self.texts.get_message(key).and_then(|message| message.value()) else {
            return self.behind.as_ref()?.find(key, args);
        };
        let mut errors = Vec::new();
        let text = self.texts.format_pattern(pattern, Some(args), &mut errors);
        if !errors.is_empty() {
            tracing::warn!(language = self.tag, key, ?errors, "a text lacks something");
        }
        Some(text.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn directory(files: &[(&str, &str)]) -> TempDir {
        let directory = TempDir::new().unwrap();
        for (name, text) in files {
            fs::write(directory.path().join(name), text).unwrap();
        }
        directory
    }

    fn say(words: &Words, tag: &str, key: &str) -> String {
        words.language(tag).unwrap().say_with(key, &FluentArgs::new())
    }

    fn refused(files: &[(&str, &str)]) -> String {
        let directory = directory(files);
        let why = Words::load(Some(directory.path())).err().unwrap().to_string();
        why.strip_prefix(directory.path().to_str().unwrap()).unwrap().to_owned()
    }

    #[test]
    fn a_browser_gets_what_it_wants_most_of_what_there_is() {
        let words = Words::load(None).unwrap();
        let tag = |accepted: &str| words.negotiate(accepted).tag.clone();
        assert_eq!(tag("de-AT,de;q=0.9,en;q=0.8"), "de");
        assert_eq!(tag("en;q=0.2,fr-CA;q=0.9"), "fr");
        assert_eq!(tag("sv,de;q=0.1"), "de");
        assert_eq!(tag("fr;q=0, sv"), "en");
        assert_eq!(tag(""), "en");
        assert_eq!(tag("*"), "en");
    }

    #[test]
    fn some_texts_may_be_said_otherwise_and_the_rest_stays() {
        let directory = directory(&[
            ("de.ftl", "continue = Los geht’s\n"),
            ("de-AT.ftl", "language = Sprach\n"),
            ("it.ftl", "language-name = Italiano\ncontinue = Avanti\n"),
            ("README.txt", "not a text"),
        ]);
        let words = Words::load(Some(directory.path())).unwrap();
        assert_eq!(say(&words, "de", "continue"), "Los geht’s");
        assert_eq!(say(&words, "de", "language"), "Sprache");
        assert_eq!(say(&words, "de-AT", "language"), "Sprach");
        assert_eq!(say(&words, "de-AT", "continue"), "Los geht’s", "the wider language is behind");
        assert_eq!(say(&words, "it", "continue"), "Avanti");
        assert_eq!(say(&words, "it", "language"), "Language", "English is behind all");
        assert_eq!(say(&words, "en", "continue"), "Continue");
        assert_eq!(words.negotiate("de-AT").tag, "de-AT");
        assert_eq!(words.negotiate("de-CH").tag, "de");
        let names: Vec<String> = words.languages().map(Language::own_name).collect();
        assert_eq!(names, ["Deutsch", "de-AT", "English", "Français", "Italiano"]);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_said_with_its_line() {
        assert!(refused(&[("de.ftl", "continue = Ja\n\nlanguage = { $\n")]).starts_with("/de.ftl:3: "));
        assert_eq!(
            refused(&[("german language.ftl", "")]),
            "/german language.ftl: a file of texts is named after its language, such as `pt-BR.ftl`"
        );
        let twice = [("de.ftl", "continue = Ja\ncontinue = Weiter\n")];
        assert_eq!(refused(&twice), "/de.ftl:2: `continue` is there twice");
        assert_eq!(refused(&[("de.ftl", "\ncontinu = Ja\n")]), "/de.ftl:2: no page says `continu`");
        let foreign = [("de.ftl", "continue = Ja, { $name }\n")];
        assert_eq!(refused(&foreign), "/de.ftl:1: `continue` is not given `$name`");
        let empty = [("de.ftl", "continue =\n    .label = Ja\n")];
        assert_eq!(refused(&empty), "/de.ftl:1: `continue` is empty");
        let path = Path::new("/there/is/no/such/directory");
        assert!(matches!(Words::load(Some(path)), Err(WordsError::Read { .. })));
    }

    #[test]
    fn every_text_may_name_the_organization() {
        let directory = directory(&[("de.ftl", "continue = Weiter zu { $organization }\n")]);
        assert!(Words::load(Some(directory.path())).is_ok());
    }

    #[test]
    fn a_file_of_texts_is_bounded() {
        let whole = format!("{}\n", "#".repeat(crate::limits::TEXTS_BYTES - 1));
        assert!(Words::load(Some(directory(&[("de.ftl", &whole)]).path())).is_ok());
        assert!(refused(&[("de.ftl", &format!("{whole}\n"))]).contains("at most"));
    }
}
