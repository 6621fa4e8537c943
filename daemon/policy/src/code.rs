//! The compiled files of a set, and which file a `require` means.

use std::collections::BTreeMap;

use mlua::chunk::Compiler;

use crate::load_error::{Fault, LoadError, Problem};
use crate::raised::Raised;
use crate::sources::{Sources, is_test, stem};

/// Whether a set remembers what its policies look at and which lines they run. That takes time, so it is for
/// people and for tests, never for the set in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Watching {
    /// It does not.
    Off,
    /// It does.
    On,
}

/// The bytecode of every file of a set.
pub(crate) struct Code {
    files: BTreeMap<String, Vec<u8>>,
    tests: BTreeMap<String, Vec<u8>>,
    watching: Watching,
}

impl Code {
    /// Compiles every file, the tests too, so that none of them is found to be broken later. Tests are kept apart:
    /// a policy cannot require them.
    pub fn compile(sources: &Sources, watching: Watching) -> Result<Self, LoadError> {
        // Level 1 keeps lines and function names exact; level 2 would inline.
        let compiler = Compiler::new()
            .set_optimization_level(1)
            .set_debug_level(1)
            .set_coverage_level(u8::from(watching == Watching::On));
        let (mut files, mut tests) = (BTreeMap::new(), BTreeMap::new());
        let mut problems = Vec::new();
        for (name, text) in sources.iter() {
            match compiler.compile(text) {
                Ok(bytecode) => {
                    let kept = if is_test(name) { &mut tests } else { &mut files };
                    kept.insert(name.to_owned(), bytecode);
                }
                Err(error) => {
                    let message = Raised::of(&error).message;
                    let (line, message) = numbered(&message);
                    problems.push(Problem {
                        file: name.to_owned(),
                        line,
                        fault: Fault::Syntax(message.to_owned()),
                    });
                }
            }
        }
        LoadError::unless_empty(problems)?;
        Ok(Self { files, tests, watching })
    }

    /// Whether the machines of this code watch what is done in them.
    pub const fn watching(&self) -> Watching {
        self.watching
    }

    /// The path and bytecode of every file but the tests.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|(name, bytecode)| (name.as_str(), bytecode.as_slice()))
    }

    /// The path and bytecode of every file of tests.
    pub fn tests(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.tests.iter().map(|(name, bytecode)| (name.as_str(), bytecode.as_slice()))
    }

    /// The files directly in the policies directory: those that are policies, by the realm they decide for.
    pub fn realms(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.keys().filter(|name| !name.contains('/')).map(|name| (stem(name), name.as_str()))
    }

    /// The file that `require(name)` in the file `from` means.
    pub fn resolve(&self, from: &str, name: &str) -> Result<&str, String> {
        resolve(|path| self.files.get_key_value(path).map(|(file, _)| file.as_str()), from, name)
    }
}

/// The file that `require(name)` in the file `from` means, of those that are `known` by their path.
pub(crate) fn resolve<'a>(
    known: impl Fn(&str) -> Option<&'a str>,
    from: &str,
    name: &str,
) -> Result<&'a str, String> {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
    if !name.starts_with("./") && !name.starts_with("../") {
        return Err(format!(
            "require takes a path inside the policies directory that begins with ./ or ../, and not `{shown}`"
        ));
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in name.split('/') {
        match part {
            "." => {}
            ".." if parts.is_empty() => {
                return Err(format!("require cannot leave the policies directory, as `{shown}` would"));
            }
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let path = parts.join("/");
    let candidates = [path.clone(), format!("{path}.lua"), format!("{path}.luau")];
    candidates
        .iter()
        .find_map(|candidate| known(candidate))
        .ok_or_else(|| format!("there is no file {path}.lua to require"))
}

/// Splits `7: message`, as the compiler writes it.
fn numbered(text: &str) -> (Option<u32>, &str) {
    let split = text.trim_start_matches(':').split_once(": ");
    match split.and_then(|(line, message)| Some((line.parse().ok()?, message))) {
        Some((line, message)) => (Some(line), message),
        None => (None, text),
    }
}
