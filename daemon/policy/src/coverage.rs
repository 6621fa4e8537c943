//! How often each line of a policy was run.

use std::collections::BTreeMap;

/// Hits by line by file. A line that holds nothing to run is not in it; one that was missed is there with zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    files: BTreeMap<String, BTreeMap<u32, u64>>,
}

impl Coverage {
    /// Every file with something to run, and its lines.
    pub fn files(&self) -> impl Iterator<Item = (&str, &BTreeMap<u32, u64>)> {
        self.files.iter().map(|(file, lines)| (file.as_str(), lines))
    }

    /// The lines of one file.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&BTreeMap<u32, u64>> {
        self.files.get(name)
    }

    /// Adds the hits of another run of the same files.
    pub fn merge(&mut self, other: &Self) {
        for (file, lines) in &other.files {
            let known = self.files.entry(file.clone()).or_default();
            for (line, hits) in lines {
                *known.entry(*line).or_default() += hits;
            }
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

    /// Adds the hits of one function as Luau counts them: the place in the list is the line, and a negative number
    /// stands where there is nothing to run.
    pub(crate) fn add(&mut self, file: &str, hits: &[i32]) {
        let lines = self.files.entry(file.to_owned()).or_default();
        for (line, hits) in (0u32..).zip(hits) {
            if let Ok(hits) = u64::try_from(*hits) {
                *lines.entry(line).or_default() += hits;
            }
        }
    }
}
