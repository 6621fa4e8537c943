//! What the pages say, in the reader's language.
//!
//! Texts are Fluent files, one a language, built in from `languages/` and laid over by the administrator's own. A text
//! that a language does not have is said in English.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;
pub(crate) use fluent_bundle::{FluentArgs, FluentValue};
use fluent_langneg::{NegotiationStrategy, negotiate_languages};
use thiserror::Error;
use unic_langid::LanguageIdentifier;

/// The built-in texts of a language, one file an area of the portal.
macro_rules! texts {
    ($language:literal) => {
        [
            include_str!(concat!("../languages/", $language, "/shell.ftl")),
            include_str!(concat!("../languages/", $language, "/problem.ftl")),
            include_str!(concat!("../languages/", $language, "/sign_in.ftl")),
            include_str!(concat!("../languages/", $language, "/opening.ftl")),
            include_str!(concat!("../languages/", $language, "/link.ftl")),
            include_str!(concat!("../languages/", $language, "/case.ftl")),
            include_str!(concat!("../languages/", $language, "/support.ftl")),
            include_str!(concat!("../languages/", $language, "/ending.ftl")),
            include_str!(concat!("../languages/", $language, "/console.ftl")),
        ]
    };
}

/// The built-in languages.
const BUILT_IN: [(&str, [&str; 9]); 3] = [("en", texts!("en")), ("de", texts!("de")), ("fr", texts!("fr"))];

/// Why there are no words.
#[derive(Debug, Error)]
pub(crate) enum WordsError {
    /// A file cannot be read.
    #[error("{path}: cannot be read")]
    Read {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    /// A file's name is no language.
    #[error("{path}: a file of texts is named after its language, such as `pt-BR.ftl`")]
    Name { path: PathBuf },
    /// A file is not Fluent.
    #[error("{path}: {why}")]
    Syntax { path: PathBuf, why: String },
}

/// Every language.
pub(crate) struct Words {
    languages: BTreeMap<String, Arc<Language>>,
    identifiers: Vec<LanguageIdentifier>,
    default: LanguageIdentifier,
}

/// One language, with English behind it.
pub(crate) struct Language {
    /// As HTML and Accept-Language name it: `en`, `pt-BR`.
    pub(crate) tag: String,
    texts: FluentBundle<Arc<FluentResource>>,
    behind: Option<Arc<Language>>,
}

impl Words {
    /// The built-in languages, with those of a directory laid over them.
    ///
    /// # Errors
    /// [`WordsError`] names the file.
    pub(crate) fn load(directory: Option<&Path>) -> Result<Self, WordsError> {
        let mut sources: BTreeMap<String, Vec<Arc<FluentResource>>> = BTreeMap::new();
        for (tag, texts) in BUILT_IN {
            for text in texts {
                let resource = parse(&PathBuf::from(format!("{tag}.ftl")), text)?;
                sources.entry(tag.to_owned()).or_default().push(resource);
            }
        }
        for (tag, resource) in directory.map(read_all).transpose()?.unwrap_or_default() {
            sources.entry(tag).or_default().push(resource);
        }
        let mut words = Self { languages: BTreeMap::new(), identifiers: Vec::new(), default: langid("en") };
        let english = sources.remove("en").unwrap_or_default();
        let english = Arc::new(Language::new("en", english, None));
        words.add(english.clone());
        for (tag, resources) in sources {
            words.add(Arc::new(Language::new(&tag, resources, Some(english.clone()))));
        }
        Ok(words)
    }

    fn add(&mut self, language: Arc<Language>) {
        self.identifiers.push(langid(&language.tag));
        self.languages.insert(language.tag.clone(), language);
    }

    /// The language that suits best what a browser accepts (RFC 9110 §12.5.4).
    pub(crate) fn negotiate(&self, accepted: &str) -> Arc<Language> {
        let wanted = fluent_langneg::accepted_languages::parse(accepted);
        let found =
            negotiate_languages(&wanted, &self.identifiers, Some(&self.default), NegotiationStrategy::Lookup);
        let tag = found.first().map(ToString::to_string).unwrap_or_default();
        self.language(&tag)
    }

    /// The language of this tag; English where there is none.
    pub(crate) fn language(&self, tag: &str) -> Arc<Language> {
        let language = self.languages.get(tag).or_else(|| self.languages.get("en"));
        language.cloned().unwrap_or_else(|| Arc::new(Language::new("en", Vec::new(), None)))
    }

    /// All languages, by tag.
    pub(crate) fn languages(&self) -> impl Iterator<Item = &Language> {
        self.languages.values().map(|language| &**language)
    }
}

impl Language {
    fn new(tag: &str, resources: Vec<Arc<FluentResource>>, behind: Option<Arc<Self>>) -> Self {
        let mut texts = FluentBundle::new_concurrent(vec![langid(tag)]);
        // The marks would be read out by some screen readers, and what is put in is masked and left to right.
        texts.set_use_isolating(false);
        for resource in resources {
            texts.add_resource_overriding(resource);
        }
        Self { tag: tag.to_owned(), texts, behind }
    }

    /// What the language calls itself; its tag where its file does not say.
    pub(crate) fn own_name(&self) -> String {
        let own = self.texts.get_message("language-name").and_then(|message| message.value());
        own.map_or_else(
            || self.tag.clone(),
            |name| self.texts.format_pattern(name, None, &mut Vec::new()).into_owned(),
        )
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

fn langid(tag: &str) -> LanguageIdentifier {
    tag.parse().unwrap_or_default()
}

fn read_all(directory: &Path) -> Result<Vec<(String, Arc<FluentResource>)>, WordsError> {
    let read = |path: &Path, source| WordsError::Read { path: path.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(|error| read(directory, error))? {
        let path = entry.map_err(|error| read(directory, error))?.path();
        if path.extension().is_none_or(|extension| extension != "ftl") {
            continue;
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Ok(tag) = stem.parse::<LanguageIdentifier>() else { return Err(WordsError::Name { path }) };
        let text = std::fs::read_to_string(&path).map_err(|error| read(&path, error))?;
        found.push((tag.to_string(), parse(&path, &text)?));
    }
    found.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(found)
}

fn parse(path: &Path, text: &str) -> Result<Arc<FluentResource>, WordsError> {
    FluentResource::try_new(text.to_owned()).map(Arc::new).map_err(|(_, errors)| {
        let why = errors.first().map(|error| {
            let line = text.get(..error.pos.start).unwrap_or_default().lines().count().max(1);
            format!("line {line}: {error}")
        });
        WordsError::Syntax { path: path.to_owned(), why: why.unwrap_or_default() }
    })
}
