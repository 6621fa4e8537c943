//! The words that labels are made of: few, plain, and never a person's.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::RwLock;

/// Stands for every word that is not told.
pub(super) const OTHER: &str = "other";

/// Bytes of a word.
const MAX_WORD_BYTES: usize = 64;

/// The words that one label has had. So many are told; every later one is [`OTHER`], so that nobody makes a series
/// for each word that they can think of.
#[derive(Debug)]
pub(super) struct Vocabulary {
    known: RwLock<BTreeSet<Arc<str>>>,
    most: usize,
}

impl Vocabulary {
    pub(super) fn new(most: usize) -> Self {
        Self { known: RwLock::default(), most }
    }

    /// The word, or [`OTHER`] where it is no plain word or one too many.
    pub(super) fn word(&self, word: &str) -> Arc<str> {
        if let Some(known) = self.known.read().get(word) {
            return Arc::clone(known);
        }
        if !is_plain(word) {
            return OTHER.into();
        }
        let mut known = self.known.write();
        if known.len() >= self.most && !known.contains(word) {
            return OTHER.into();
        }
        let word: Arc<str> = word.into();
        known.insert(Arc::clone(&word));
        word
    }
}

/// A word as programs name things. An address, a number or a sentence is none.
fn is_plain(word: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    word.len() <= MAX_WORD_BYTES
        && word.starts_with(|first: char| first.is_ascii_alphabetic())
        && word.bytes().all(fits)
}

/// The country of a telephone number as ISO 3166-1 alpha-2; [`OTHER`] where it is not known.
pub(super) fn country(code: &str) -> Arc<str> {
    let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_code { code } else { OTHER }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_words_are_told_and_no_more() {
        let words = Vocabulary::new(2);
        assert_eq!([&*words.word("email"), &*words.word("voice")], ["email", "voice"]);
        assert_eq!([&*words.word("sms"), &*words.word("email")], [OTHER, "email"]);
    }

    #[test]
    fn what_is_no_plain_word_is_not_told_and_takes_no_place() {
        let words = Vocabulary::new(1);
        let long = "x".repeat(MAX_WORD_BYTES + 1);
        for strange in
            ["", "ann@example.org", "+14155550123", "4155550123", "two words", "a\"b", "a\nb", "ä", &long]
        {
            assert_eq!(&*words.word(strange), OTHER, "{strange:?}");
        }
        assert_eq!(&*words.word(&long[1..]), &long[1..]);
    }

    #[test]
    fn a_country_is_two_letters() {
        for (code, told) in [("US", "US"), ("", OTHER), ("us", OTHER), ("USA", OTHER), ("+1", OTHER)] {
            assert_eq!(&*country(code), told, "{code:?}");
        }
    }
}
