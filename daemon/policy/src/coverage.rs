//! What of the policies was run: lines, the places where verdicts are made, and the answers of the hooks.

use std::collections::BTreeMap;

use readmit_recovery::facts::Hook;

/// What a watched set has run so far.
///
/// Lines are counted by statement: a line on which no statement begins is not in it. Verdicts are counted by the
/// line of the call that made one and by the word that was called, however the call was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    files: BTreeMap<String, BTreeMap<u32, u64>>,
    made: BTreeMap<String, BTreeMap<(u32, String), u64>>,
    answers: BTreeMap<(String, Hook, &'static str), u64>,
}

impl Coverage {
    /// Every file with something to run, and its lines. A line that holds nothing to run is not in it; one that was
    /// missed is there with zero.
    pub fn files(&self) -> impl Iterator<Item = (&str, &BTreeMap<u32, u64>)> {
        self.files.iter().map(|(file, lines)| (file.as_str(), lines))
    }

    /// The lines of one file.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&BTreeMap<u32, u64>> {
        self.files.get(name)
    }

    /// How often `word` (`prove`, `deny`, `any` …) has made something at this line of the file.
    #[must_use]
    pub fn made(&self, file: &str, line: u32, word: &str) -> u64 {
        let lines = self.made.get(file);
        lines.and_then(|lines| lines.get(&(line, word.to_owned()))).copied().unwrap_or_default()
    }

    /// What the hooks of each policy answered, and how often: file, hook, and the word of the verdict; `nothing` for
    /// no verdict, `unable` for an error, `default` where the policy leaves the hook to its default.
    pub fn answers(&self) -> impl Iterator<Item = (&str, Hook, &'static str, u64)> {
        self.answers.iter().map(|((file, hook, word), times)| (file.as_str(), *hook, *word, *times))
    }

    /// Adds what another run of the same files has run.
    pub fn merge(&mut self, other: &Self) {
        merge(&mut self.files, &other.files);
        merge(&mut self.made, &other.made);
        for (answer, times) in &other.answers {
            *self.answers.entry(answer.clone()).or_default() += times;
        }
    }

    /// What this has run more often than `earlier`, by file and line.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Vec<(String, u32)> {
        let hits = |file: &str, line: &u32| earlier.file(file).and_then(|lines| lines.get(line)).copied();
        self.files()
            .flat_map(|(file, lines)| lines.iter().map(move |(line, count)| (file, line, count)))
            .filter(|(file, line, count)| **count > hits(file, line).unwrap_or(0))
            .map(|(file, line, _)| (file.to_owned(), *line))
            .collect()
    }

    /// The same lines, none of them run.
    pub(crate) fn without_hits(&self) -> Self {
        let nulled = |lines: &BTreeMap<u32, u64>| lines.keys().map(|line| (*line, 0)).collect();
        let files = self.files.iter().map(|(file, lines)| (file.clone(), nulled(lines))).collect();
        Self { files, ..Self::default() }
    }

    /// Adds the hits of one function as Luau counts them: the place in the list is the line, and a negative number
    /// stands where there is nothing to run.
    pub(crate) fn add_lines(&mut self, file: &str, hits: &[i32]) {
        let lines = self.files.entry(file.to_owned()).or_default();
        for (line, hits) in (0u32..).zip(hits) {
            if let Ok(hits) = u64::try_from(*hits) {
                *lines.entry(line).or_default() += hits;
            }
        }
    }

    /// Adds what a word has made, by the prelude's `file:line:word`. Where no line is known there is nothing
    /// to add.
    pub(crate) fn add_made(&mut self, place: &str, times: u64) {
        let mut parts = place.rsplitn(3, ':');
        if let (Some(word), Some(line), Some(file)) = (parts.next(), parts.next(), parts.next())
            && let Ok(line) = line.parse()
        {
            *self.made.entry(file.to_owned()).or_default().entry((line, word.to_owned())).or_default() +=
                times;
        }
    }

    /// Adds an answer of a hook.
    pub(crate) fn add_answer(&mut self, file: &str, hook: Hook, word: &'static str, by_default: bool) {
        let word = if by_default && word != "unable" { "default" } else { word };
        *self.answers.entry((file.to_owned(), hook, word)).or_default() += 1;
    }
}

fn merge<K: Ord + Clone>(
    to: &mut BTreeMap<String, BTreeMap<K, u64>>,
    from: &BTreeMap<String, BTreeMap<K, u64>>,
) {
    for (file, counts) in from {
        let known = to.entry(file.clone()).or_default();
        for (key, times) in counts {
            *known.entry(key.clone()).or_default() += times;
        }
    }
}
