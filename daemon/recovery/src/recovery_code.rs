//! Codes that people keep or are handed on paper: saved recovery codes and access passes.
//!
//! 80 random bits in sixteen letters and digits that are not mistaken for one another (Crockford's base 32);
//! NIST SP 800-63B-4 §3.1.2 and §4.2.1.1 ask for at least 64 bits. Stored hashed, spent once.

use crate::secret::{Secret, SecretHash, Seed};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS: usize = 16;

/// How many recovery codes a set has.
pub const CODES_PER_SET: usize = 10;

/// A fresh code, `XXXX-XXXX-XXXX-XXXX`.
#[must_use]
pub fn new_code(seed: &Seed, label: &str) -> Secret {
    let bytes = seed.derive(label);
    let mut code = String::with_capacity(LETTERS + 3);
    for (at, byte) in bytes.iter().take(LETTERS).enumerate() {
        if at > 0 && at % 4 == 0 {
            code.push('-');
        }
        code.push(char::from(ALPHABET[usize::from(byte & 31)]));
    }
    Secret::new(code)
}

/// A fresh set of recovery codes.
#[must_use]
pub fn new_set(seed: &Seed) -> Vec<Secret> {
    (0..CODES_PER_SET).map(|at| new_code(seed, &format!("recovery code {at}"))).collect()
}

/// The hash under which a code is kept, whatever case, spaces or dashes it is typed with; none where the text
/// cannot be such a code.
#[must_use]
pub fn hash(code: &Secret) -> Option<SecretHash> {
    let mut plain = String::with_capacity(LETTERS);
    for letter in code.expose().chars().filter(|c| !matches!(c, ' ' | '-')) {
        let letter = match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        if plain.len() == LETTERS || !u8::try_from(letter).is_ok_and(|byte| ALPHABET.contains(&byte)) {
            return None;
        }
        plain.push(letter);
    }
    (plain.len() == LETTERS).then(|| Secret::new(plain).hash())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_however_it_is_typed() {
        let code = new_code(&Seed::new([9; 32]), "pass");
        assert_eq!(code.expose().len(), 19);
        let sloppy = code.expose().to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
        assert!(hash(&code).is_some());
        assert_eq!(hash(&Secret::new(sloppy)), hash(&code));
    }

    #[test]
    fn what_cannot_be_a_code_has_no_hash() {
        for text in [
            "",
            "ABCD",
            "ABCD-EFGH-JKMN-PQR",
            "ABCD-EFGH-JKMN-PQRST",
            "ABCD-EFGH-JKMN-PQR!",
            "ÄBCD-EFGH-JKMN-PQRS",
        ] {
            assert_eq!(hash(&Secret::new(text)), None, "{text:?}");
        }
    }

    #[test]
    fn a_set_has_ten_different_codes() {
        let set = new_set(&Seed::new([9; 32]));
        let hashes: std::collections::BTreeSet<_> = set.iter().filter_map(hash).collect();
        assert_eq!(hashes.len(), CODES_PER_SET);
    }
}
