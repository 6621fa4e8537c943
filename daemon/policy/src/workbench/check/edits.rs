//! Changes to a text that know where each of its bytes came from.

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    /// Where, in bytes from the start of the text.
    pub at: usize,
    /// How many bytes are taken out.
    pub removed: usize,
    /// What is put there.
    pub inserted: String,
    /// Whether what is found inside of `inserted` is somebody else's.
    pub is_foreign: bool,
}

impl Edit {
    /// Puts something in.
    pub fn insert(at: usize, inserted: impl Into<String>) -> Self {
        Self { at, removed: 0, inserted: inserted.into(), is_foreign: false }
    }

    /// Puts something into the place of something else.
    pub fn replace(range: std::ops::Range<usize>, inserted: impl Into<String>) -> Self {
        Self { at: range.start, removed: range.len(), inserted: inserted.into(), is_foreign: false }
    }
}

/// A changed text.
#[derive(Clone, Debug, Default)]
pub(super) struct Edited {
    /// The text as it is now.
    pub text: String,
    /// Stretches of it: where each begins now, where it began, and whose it is.
    stretches: Vec<Stretch>,
}

#[derive(Clone, Copy, Debug)]
struct Stretch {
    now: usize,
    before: usize,
    kind: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// As it was.
    Kept,
    /// Put in; what is found there belongs to the place where it was put in.
    Inserted,
    /// Put in; what is found there is somebody else's.
    Foreign,
}

impl Edited {
    /// Makes the changes. Where two of them overlap, the later one is left out.
    pub fn new(text: &str, mut edits: Vec<Edit>) -> Self {
        edits.sort_by_key(|edit| edit.at);
        let mut edited = Self::default();
        let mut at = 0;
        for edit in edits {
            let Some(kept) = text.get(at..edit.at) else { continue };
            edited.push(at, Origin::Kept, kept);
            let origin = if edit.is_foreign { Origin::Foreign } else { Origin::Inserted };
            edited.push(edit.at, origin, &edit.inserted);
            at = edit.at + edit.removed;
        }
        edited.push(at, Origin::Kept, text.get(at..).unwrap_or_default());
        edited
    }

    fn push(&mut self, before: usize, kind: Origin, text: &str) {
        self.stretches.push(Stretch { now: self.text.len(), before, kind });
        self.text.push_str(text);
    }

    /// Where the byte at `now` of the changed text was in the text before; nothing if it is somebody else's.
    pub fn before(&self, now: usize) -> Option<usize> {
        let at = self.stretches.partition_point(|stretch| stretch.now <= now).checked_sub(1)?;
        let stretch = self.stretches.get(at)?;
        match stretch.kind {
            Origin::Kept => Some(stretch.before + (now - stretch.now)),
            Origin::Inserted => Some(stretch.before),
            Origin::Foreign => None,
        }
    }

    /// The byte of the changed text at a line and column, both counted from 1.
    pub fn offset(&self, line: u32, column: u32) -> usize {
        offset(&self.text, line, column)
    }
}

/// The byte of a text at a line and column, both counted from 1.
pub(super) fn offset(text: &str, line: u32, column: u32) -> usize {
    let (line, column) = (line as usize, column as usize);
    let mut start = 0;
    for _ in 1..line {
        match text.get(start..).and_then(|rest| rest.find('\n')) {
            Some(end) => start += end + 1,
            None => return text.len(),
        }
    }
    (start + column.saturating_sub(1)).min(text.len())
}

/// The line and column of a byte of a text, both counted from 1.
pub(super) fn position(text: &str, offset: usize) -> (u32, u32) {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let column = before.len() - start + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_knows_where_it_was() {
        let text = "one\ntwo three\nfour";
        let foreign = Edit { is_foreign: true, ..Edit::insert(4, "xx\nyy\n") };
        let edited = Edited::new(text, vec![Edit::replace(8..13, "3"), foreign, Edit::insert(18, "!")]);
        assert_eq!(edited.text, "one\nxx\nyy\ntwo 3\nfour!");
        let before = |line, column| edited.before(edited.offset(line, column));
        let table = [
            ((1, 1), Some(0)),
            ((1, 3), Some(2)),
            ((2, 1), None),
            ((3, 2), None),
            ((4, 1), Some(4)),
            ((4, 5), Some(8)),
            ((5, 1), Some(14)),
            ((5, 5), Some(18)),
        ];
        for ((line, column), wanted) in table {
            assert_eq!(before(line, column), wanted, "{line}:{column}");
        }
        assert_eq!([position(text, 0), position(text, 8), position(text, 99)], [(1, 1), (2, 5), (3, 5)]);
    }

    #[test]
    fn changes_do_not_overlap() {
        let edited = Edited::new(
            "abcdef",
            vec![Edit::replace(1..4, "-"), Edit::replace(2..3, "+"), Edit::insert(99, "!")],
        );
        assert_eq!(edited.text, "a-ef");
    }
}
