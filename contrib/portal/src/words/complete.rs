//! Every built-in language is whole, and every text is said.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fluent_syntax::ast::{Expression, Pattern, PatternElement, VariantKey};

use super::files::{ALWAYS_GIVEN, BUILT_IN, File};

/// Texts that are the same as in English because that is what they are in the other language too.
const SAME_IN: [(&str, &[&str]); 2] =
    [("de", &["text-direction"]), ("fr", &["case-minutes", "device-second", "text-direction"])];

/// The categories that cardinal numbers have (Unicode CLDR 46, plural rules); `other` is always there.
const PLURALS: [(&str, &[&str]); 3] =
    [("en", &["one", "other"]), ("de", &["one", "other"]), ("fr", &["one", "many", "other"])];

/// One built-in text.
struct Text {
    place: &'static str,
    value: String,
    variables: BTreeSet<String>,
}

fn texts(language: &str) -> BTreeMap<String, Text> {
    let (_, files) = BUILT_IN.iter().find(|(tag, _)| *tag == language).unwrap();
    let mut texts = BTreeMap::new();
    for (place, source) in *files {
        let file = File::parse(PathBuf::from(place), source).unwrap();
        let mut variables = file.texts();
        for message in file.messages() {
            let key = message.id.name.to_owned();
            let mut variables = variables.remove(&key).unwrap();
            variables.remove(ALWAYS_GIVEN);
            let value = message.value.as_ref().map(written).unwrap_or_default();
            let text = Text { place, value, variables };
            assert!(texts.insert(key.clone(), text).is_none(), "{place}: `{key}` is there twice");
        }
    }
    texts
}

/// What a pattern says, with the names of what is put in.
fn written(pattern: &Pattern<&str>) -> String {
    let mut text = String::new();
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => text.push_str(value),
            PatternElement::Placeable { expression: Expression::Select { variants, .. } } => {
                for variant in variants {
                    text.push_str(&written(&variant.value));
                }
            }
            PatternElement::Placeable { .. } => text.push('…'),
        }
    }
    text
}

fn sources() -> String {
    fn gather(directory: &Path, text: &mut String) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                gather(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with(file!())
            {
                text.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }
    let mut text = String::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut text);
    text
}

/// The string literals of the sources that look like keys, and those that are filled in to become some.
fn literals(sources: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let of_keys = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let (mut whole, mut filled_in) = (BTreeSet::new(), BTreeSet::new());
    for literal in sources.split('"') {
        if literal.is_empty() || literal.contains('\n') {
            continue;
        }
        if literal.chars().all(of_keys) {
            whole.insert(literal.to_owned());
        } else if let Some((before, _)) = literal.split_once('{') {
            let is_template = before.ends_with('-')
                && before.chars().all(of_keys)
                && literal.chars().all(|c| of_keys(c) || matches!(c, '{' | '}' | '_' | '.' | '(' | ')'));
            if is_template {
                filled_in.insert(literal.to_owned());
            }
        }
    }
    (whole, filled_in)
}

/// Whether a key may come of a literal such as `problem-{key}-next`.
fn comes_of(key: &str, template: &str) -> bool {
    let mut rest = key;
    let mut parts = template.split('{').map(|part| part.split_once('}').map_or(part, |(_, after)| after));
    let first = parts.next().unwrap_or_default();
    let Some(after) = rest.strip_prefix(first) else { return false };
    rest = after;
    let parts: Vec<&str> = parts.collect();
    for (index, part) in parts.iter().enumerate() {
        let found = if index + 1 == parts.len() {
            rest.strip_suffix(part).map(|_| rest.len() - part.len())
        } else {
            rest.find(part)
        };
        match found {
            Some(at) if at > 0 || part.is_empty() => rest = &rest[at + part.len()..],
            _ => return false,
        }
    }
    true
}

#[test]
fn every_language_says_the_same_and_nothing_is_left_in_english() {
    let english = texts("en");
    for (language, same) in SAME_IN {
        let ours = texts(language);
        let missing: Vec<&String> = english.keys().filter(|key| !ours.contains_key(*key)).collect();
        assert!(missing.is_empty(), "{language} lacks {missing:#?}");
        for (key, text) in &ours {
            let place = text.place;
            let Some(original) = english.get(key) else { panic!("{place}: English lacks `{key}`") };
            assert_eq!(place[3..], original.place[3..], "{place}: `{key}` is in another file in English");
            assert_eq!(
                text.variables, original.variables,
                "{place}: `{key}` puts in other things than in English"
            );
            let same_text = text.value == original.value && text.value.chars().any(char::is_alphabetic);
            assert_eq!(same_text, same.contains(&key.as_str()), "{place}: `{key}` = {}", text.value);
        }
    }
}

#[test]
fn no_text_is_empty_or_set_with_the_signs_of_a_typewriter() {
    for (language, _) in BUILT_IN {
        for (key, Text { place, value, .. }) in texts(language) {
            assert!(!value.trim().is_empty(), "{place}: `{key}` is empty");
            assert!(
                !value.contains(['"', '\'', '`']),
                "{place}: `{key}`: “ ” ’ instead of \" and ': {value}"
            );
            assert!(!value.contains("..."), "{place}: `{key}`: … instead of three dots");
            assert!(!value.contains("  "), "{place}: `{key}` has two spaces in a row: {value}");
            let breaks = ['?', '!', ':', ';', '»'].iter().any(|sign| value.contains(&format!(" {sign}")));
            assert!(!breaks, "{place}: `{key}` may break before a sign: use a no-break space: {value}");
            if language == "de" {
                let familiar = value.split(|c: char| !c.is_alphabetic()).any(|word| {
                    matches!(word, "du" | "Du" | "dein" | "Dein" | "deine" | "Deine" | "dich" | "dir")
                });
                assert!(!familiar, "{place}: `{key}` is not polite: {value}");
            }
        }
    }
}

#[test]
fn numbers_have_the_forms_that_their_language_has() {
    for (language, files) in BUILT_IN {
        let (_, categories) = PLURALS.iter().find(|(tag, _)| *tag == language).unwrap();
        for (place, source) in files {
            let file = File::parse(PathBuf::from(place), source).unwrap();
            for message in file.messages() {
                for element in message.value.iter().flat_map(|pattern| &pattern.elements) {
                    let PatternElement::Placeable { expression: Expression::Select { variants, .. } } =
                        element
                    else {
                        continue;
                    };
                    let key = message.id.name;
                    let names: Vec<&str> = variants
                        .iter()
                        .filter_map(|variant| match &variant.key {
                            VariantKey::Identifier { name } => Some(*name),
                            VariantKey::NumberLiteral { .. } => None,
                        })
                        .collect();
                    if names.iter().any(|name| ["zero", "one", "two", "few", "many"].contains(name)) {
                        let known = names.iter().all(|name| categories.contains(name));
                        assert!(known && names.contains(&"one"), "{place}: `{key}` has {names:?}");
                        let default = variants.iter().find(|variant| variant.default).unwrap();
                        let other = VariantKey::Identifier { name: "other" };
                        assert!(default.key == other, "{place}: `{key}` is to fall back on `other`");
                    }
                }
            }
        }
    }
}

#[test]
fn every_text_is_said_and_every_text_that_is_said_is_there() {
    let (sources, english) = (sources(), texts("en"));
    let (whole, filled_in) = literals(&sources);
    let unused: Vec<&String> = english
        .keys()
        .filter(|key| !whole.contains(*key) && !filled_in.iter().any(|literal| comes_of(key, literal)))
        .collect();
    assert!(unused.is_empty(), "no page says {unused:#?}");
    let mut said = 0;
    for call in
        [".say(\"", ".say_with(\"", "say_around(visit, \"", "say_number(visit, \"", "language.find(\""]
    {
        for (at, _) in sources.match_indices(call) {
            let key = sources[at + call.len()..].split('"').next().unwrap();
            assert!(english.contains_key(key), "a page says `{key}`, and there is no such text");
            said += 1;
        }
    }
    assert!(said > 20, "only {said} texts were found to be said");
}

#[test]
fn a_filled_in_literal_becomes_the_keys_that_begin_and_end_like_it() {
    assert!(comes_of("problem-stale-next", "problem-{key}-next"));
    assert!(comes_of("problem-too-many", "problem-{}"));
    assert!(comes_of("a-b-c-d", "a-{x}-{y}"));
    assert!(!comes_of("problem-next", "problem-{key}-next"));
    assert!(!comes_of("problems-stale-next", "problem-{key}-next"));
    assert!(!comes_of("problem-stale", "problem-{key}-next"));
}
