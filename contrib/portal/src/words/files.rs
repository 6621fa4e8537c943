//! Where texts come from: built in, and the administrator's directory. All of it is read and checked at start.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fluent_bundle::FluentResource;
use fluent_syntax::ast::{Entry, Expression, InlineExpression, Message, Pattern, PatternElement};
use thiserror::Error;
use unic_langid::LanguageIdentifier;

use crate::limits;

/// The texts of an area in one language, by the name of its file.
type Source = (&'static str, &'static str);

macro_rules! texts {
    ($language:literal: $($area:literal)*) => {
        ($language, &[$((
            concat!($language, "/", $area, ".ftl"),
            include_str!(concat!("../../languages/", $language, "/", $area, ".ftl")),
        )),*])
    };
}

/// The built-in languages, one file an area of the portal.
pub(super) const BUILT_IN: [(&str, &[Source]); 3] = [
    texts!("en": "shell" "problem" "sign_in" "opening" "link" "case" "support" "ending" "console"),
    texts!("de": "shell" "problem" "sign_in" "opening" "link" "case" "support" "ending" "console"),
    texts!("fr": "shell" "problem" "sign_in" "opening" "link" "case" "support" "ending" "console"),
];

/// Why there are no words.
#[derive(Debug, Error)]
pub(crate) enum WordsError {
    /// A file cannot be read.
    #[error("{path}: cannot be read")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// A file's name is no language.
    #[error("{path}: a file of texts is named after its language, such as `pt-BR.ftl`")]
    Name { path: PathBuf },
    /// A file holds more than texts of pages come to.
    #[error("{path}: a file of texts has at most {} bytes", limits::TEXTS_BYTES)]
    TooLarge { path: PathBuf },
    /// A file is not Fluent.
    #[error("{path}:{line}: {why}")]
    Syntax { path: PathBuf, line: usize, why: String },
    /// A file says the same twice.
    #[error("{path}:{line}: `{key}` is there twice")]
    Twice { path: PathBuf, line: usize, key: String },
    /// A text that no page says.
    #[error("{path}:{line}: no page says `{key}`")]
    Unknown { path: PathBuf, line: usize, key: String },
    /// A text has nothing to say.
    #[error("{path}:{line}: `{key}` is empty")]
    Empty { path: PathBuf, line: usize, key: String },
    /// A text puts in what is not given to it.
    #[error("{path}:{line}: `{key}` is not given `${variable}`")]
    Variable { path: PathBuf, line: usize, key: String, variable: String },
}

/// The texts of one file.
pub(super) struct File {
    path: PathBuf,
    pub(super) resource: Arc<FluentResource>,
}

/// All files, by language: the built-in ones first, so that what comes later overrides them.
pub(super) fn all(directory: Option<&Path>) -> Result<BTreeMap<String, Vec<File>>, WordsError> {
    let mut files: BTreeMap<String, Vec<File>> = BTreeMap::new();
    for (tag, texts) in BUILT_IN {
        for (path, text) in texts {
            files.entry(tag.to_owned()).or_default().push(File::parse(PathBuf::from(path), text)?);
        }
    }
    let Some(directory) = directory else { return Ok(files) };
    let mut known = BTreeMap::new();
    for file in files.get("en").into_iter().flatten() {
        known.extend(file.texts());
    }
    for (tag, file) in in_directory(directory)? {
        file.check(&known)?;
        files.entry(tag).or_default().push(file);
    }
    Ok(files)
}

fn in_directory(directory: &Path) -> Result<Vec<(String, File)>, WordsError> {
    let failed = |path: &Path, source| WordsError::Read { path: path.to_owned(), source };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(|error| failed(directory, error))? {
        let path = entry.map_err(|error| failed(directory, error))?.path();
        if path.extension().is_none_or(|extension| extension != "ftl") {
            continue;
        }
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Ok(tag) = stem.parse::<LanguageIdentifier>() else { return Err(WordsError::Name { path }) };
        let text = read(&path)?;
        found.push((tag.to_string(), File::parse(path, &text)?));
    }
    found.sort_by(|one, other| (&one.0, &one.1.path).cmp(&(&other.0, &other.1.path)));
    Ok(found)
}

fn read(path: &Path) -> Result<String, WordsError> {
    let mut text = String::new();
    let at_most = u64::try_from(limits::TEXTS_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)
        .and_then(|file| file.take(at_most).read_to_string(&mut text))
        .map_err(|source| WordsError::Read { path: path.to_owned(), source })?;
    if text.len() > limits::TEXTS_BYTES {
        return Err(WordsError::TooLarge { path: path.to_owned() });
    }
    Ok(text)
}

impl File {
    pub(super) fn parse(path: PathBuf, text: &str) -> Result<Self, WordsError> {
        let resource = match FluentResource::try_new(text.to_owned()) {
            Ok(resource) => Arc::new(resource),
            Err((_, errors)) => {
                let error = errors.first();
                let before = error.and_then(|error| text.get(..error.pos.start)).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                let why = error.map(ToString::to_string).unwrap_or_default();
                return Err(WordsError::Syntax { path, line, why });
            }
        };
        let file = Self { path, resource };
        let mut keys = BTreeSet::new();
        for key in file.messages().map(|message| message.id.name) {
            if !keys.insert(key) {
                let line = file.last_line_of(key);
                return Err(WordsError::Twice { path: file.path.clone(), line, key: key.to_owned() });
            }
        }
        Ok(file)
    }

    /// What is put into each text, by its key.
    pub(super) fn texts(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut texts = BTreeMap::new();
        for message in self.messages() {
            let mut variables = BTreeSet::new();
            if let Some(pattern) = &message.value {
                put_in(pattern, &mut variables);
            }
            texts.insert(message.id.name.to_owned(), variables);
        }
        texts
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = &Message<&str>> {
        self.resource.entries().filter_map(|entry| match entry {
            Entry::Message(message) => Some(message),
            _ => None,
        })
    }

    /// Whether a page says each of these texts, and gives it what it puts in.
    fn check(&self, known: &BTreeMap<String, BTreeSet<String>>) -> Result<(), WordsError> {
        for message in self.messages() {
            let key = message.id.name;
            let at = || (self.path.clone(), self.last_line_of(key), key.to_owned());
            let Some(given) = known.get(key) else {
                let (path, line, key) = at();
                return Err(WordsError::Unknown { path, line, key });
            };
            let Some(pattern) = &message.value else {
                let (path, line, key) = at();
                return Err(WordsError::Empty { path, line, key });
            };
            let mut variables = BTreeSet::new();
            put_in(pattern, &mut variables);
            let foreign = |variable: &&String| *variable != ALWAYS_GIVEN && !given.contains(*variable);
            if let Some(variable) = variables.iter().find(foreign) {
                let ((path, line, key), variable) = (at(), variable.clone());
                return Err(WordsError::Variable { path, line, key, variable });
            }
        }
        Ok(())
    }

    fn last_line_of(&self, key: &str) -> usize {
        let is_it =
            |line: &str| line.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
        let lines = self.resource.source().lines().enumerate();
        lines.filter(|(_, line)| is_it(line)).last().map_or(1, |(index, _)| index + 1)
    }
}

/// What every text may put in.
pub(super) const ALWAYS_GIVEN: &str = "organization";

fn put_in(pattern: &Pattern<&str>, variables: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let PatternElement::Placeable { expression } = element {
            put_in_by(expression, variables);
        }
    }
}

fn put_in_by(expression: &Expression<&str>, variables: &mut BTreeSet<String>) {
    match expression {
        Expression::Inline(inline) => put_in_inline(inline, variables),
        Expression::Select { selector, variants } => {
            put_in_inline(selector, variables);
            for variant in variants {
                put_in(&variant.value, variables);
            }
        }
    }
}

fn put_in_inline(inline: &InlineExpression<&str>, variables: &mut BTreeSet<String>) {
    match inline {
        InlineExpression::VariableReference { id } => {
            variables.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => put_in_by(expression, variables),
        InlineExpression::FunctionReference { arguments, .. } => {
            for argument in &arguments.positional {
                put_in_inline(argument, variables);
            }
        }
        InlineExpression::StringLiteral { .. }
        | InlineExpression::NumberLiteral { .. }
        | InlineExpression::MessageReference { .. }
        | InlineExpression::TermReference { .. } => {}
    }
}
