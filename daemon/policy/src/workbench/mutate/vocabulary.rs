//! The words that mean something in a policy, each with others that could stand in its place.

use readmit_recovery::account::Reason;
use readmit_recovery::disposition::Disposition;

const FACTORS: [&str; 9] =
    ["password", "email", "voice", "recovery_code", "totp", "resync", "approval", "pass", "contact"];
const KINDS: [&str; 2] = ["owner", "member"];
const FATES: [&str; 2] = ["deactivate", "keep"];
const FORMS: [&str; 2] = ["virtual", "hardware"];
const RECEIVERS: [&str; 2] = ["support", "administrator"];

/// The next word of the same vocabulary that is not among `taken`.
pub(super) fn another(word: &str, taken: &[&str]) -> Option<&'static str> {
    let reasons: Vec<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    let failures = Disposition::ALL.iter().filter(|disposition| disposition.is_failure());
    let failures: Vec<_> = failures.map(|disposition| disposition.as_str()).collect();
    let vocabularies: [&[&'static str]; 7] =
        [&reasons, &FACTORS, &KINDS, &FATES, &FORMS, &RECEIVERS, &failures];
    let (words, at) = vocabularies
        .iter()
        .find_map(|words| words.iter().position(|known| *known == word).map(|at| (words, at)))?;
    let next = words.iter().cycle().skip(at + 1).take(words.len() - 1);
    next.copied().find(|next| !taken.contains(next))
}
