//! The values that facts may have, as far as a policy can tell them apart.

use std::collections::{BTreeMap, BTreeSet};

use readmit_recovery::account::{Form, Reason};
use readmit_recovery::disposition::Disposition;
use readmit_recovery::factor::Factor;
use readmit_recovery::id::{AccountId, DeviceId};

use super::constants::{Constants, Marks};
use super::value::{Is, Value};
use crate::fact::Fact;
use crate::limits::{MAX_GROUPS_COMBINED, MAX_VALUES};
use crate::sources::{Sources, is_test, stem};
use crate::workbench::start::Start;

/// A word that no policy names.
pub const NOBODYS_WORD: &str = "other";
/// The same as a country, which has two letters.
pub(super) const NOBODYS_COUNTRY: &str = "ZZ";
/// The same as a domain.
pub(super) const NOBODYS_DOMAIN: &str = "other.example";
/// Seconds in a day and in a year.
const DAY: u64 = 86_400;
const YEAR: u64 = 365 * DAY;
/// Longer ago than anything.
const LONG_AGO: u64 = 30 * YEAR;
/// In how many days a recovery counts as `recovered_90d`.
const RECOVERED_WITHIN: u64 = 90 * DAY;

/// The values that each fact may have in the eyes of one policy file: those that the file, the modules that it can
/// require and the invariants of the tests compare it with, those beside them, and one that they do not name.
///
/// What a file compares a fact with is read from its text. Where the text does not tell, it is every constant there
/// is. What remains abstracted: of texts that the policy takes apart (patterns, lengths) only whole constants are
/// tried; of numbers and times only those at and beside a constant; of more than a few groups or attributes each
/// alone and all together.
#[derive(Clone, Debug)]
pub struct Domain {
    constants: Constants,
    realms: Vec<String>,
}

impl Domain {
    /// The domain of `file`, a policy of `sources`.
    #[must_use]
    pub fn of(sources: &Sources, file: &str) -> Self {
        let constants = Constants::of(sources, file);
        let own = stem(file);
        let taken = |name: &str| {
            sources.iter().any(|(file, _)| !file.contains('/') && !is_test(file) && stem(file) == name)
        };
        let mut realms = vec![own.to_owned()];
        if own == "default" {
            let named = constants.texts("realm").into_iter().filter(|name| !taken(name));
            realms.extend(named.chain([NOBODYS_WORD.to_owned()]).filter(|name| !taken(name)));
            realms.dedup();
        }
        Self { constants, realms }
    }

    /// What this one or the other policy can tell apart.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.constants.add(other.constants);
        for realm in other.realms {
            if !self.realms.contains(&realm) {
                self.realms.push(realm);
            }
        }
        self
    }

    /// Every value of `fact`, at most [`MAX_VALUES`]; the usual one of [`Start::complete`] first. None for what is
    /// not decided when a case opens.
    #[must_use]
    pub fn values(&self, fact: Fact) -> Vec<Value> {
        let usual = Start::complete(self.realms.first().map_or("default", String::as_str)).ok();
        let usual = usual.and_then(|start| Value::of(&start, fact));
        let mut values: Vec<Value> = usual.into_iter().collect();
        for is in self.others(fact) {
            let value = Value::new(fact, is);
            if !values.contains(&value) && values.len() < MAX_VALUES {
                values.push(value);
            }
        }
        values
    }

    /// Whether of what failed before the policy looks at nothing but how much that is.
    #[must_use]
    pub fn only_counts_failures(&self) -> bool {
        self.constants.is_only_counted("failures")
    }

    /// The number of failures from which on the policy tells no more of them apart, up to `most`.
    #[must_use]
    pub fn largest_count(&self, most: u32) -> u32 {
        u32::try_from(self.constants.largest_count(u64::from(most))).unwrap_or(most)
    }

    /// Whether the policy may tell this way to fail from one that nobody names.
    #[must_use]
    pub fn names(&self, disposition: Disposition) -> bool {
        self.constants.texts("disposition").contains(disposition.as_str())
    }

    /// Every duration in seconds that the policy may compare an age with.
    pub fn durations(&self) -> impl Iterator<Item = u64> {
        self.constants.durations().iter().copied()
    }

    fn others(&self, fact: Fact) -> Vec<Is> {
        use Fact as F;
        match fact {
            F::Reason => Reason::ALL.iter().map(|reason| text(reason.as_str())).collect(),
            F::Realm => self.realms.iter().map(|realm| text(realm)).collect(),
            F::Kind => {
                let words = ["owner", "member"].map(str::to_owned).into_iter();
                words.chain(self.words("kind", NOBODYS_WORD)).map(|word| text(&word)).collect()
            }
            F::AccountId => texts(self.words("id", NOBODYS_WORD).filter(|id| AccountId::parse(id).is_ok())),
            F::DeviceId => texts(self.words("id", NOBODYS_WORD).filter(|id| DeviceId::parse(id).is_ok())),
            F::DeviceForm => vec![text(Form::Virtual.as_str()), text(Form::Hardware.as_str())],
            F::DeviceLabel => texts(self.words("label", NOBODYS_WORD)),
            F::EmailDomain => texts(self.words("domain", NOBODYS_DOMAIN).filter(|domain| is_domain(domain))),
            F::PhoneCountry => {
                optional(self.words("country", NOBODYS_COUNTRY).filter(|word| is_country(word)))
            }
            F::ClientAddress => optional(self.words("address", NOBODYS_WORD)),
            F::ClientUserAgent => optional(self.words("user_agent", NOBODYS_WORD)),
            F::ClientLocale => optional(self.words("locale", NOBODYS_WORD)),
            F::Groups => self.groups(),
            F::Attributes => self.attributes(),
            F::Email
            | F::Phone
            | F::Device
            | F::EmailSameMailbox
            | F::PhoneOnLostDevice
            | F::HasPassword
            | F::HasRecoveryCodes
            | F::HasOtherDevices
            | F::HasContacts
            | F::ClientKnown => vec![Is::Flag(true), Is::Flag(false)],
            F::Opened24h => self.counts("opened_24h"),
            F::Failed24h => self.counts("failed_24h"),
            F::Recovered90d => self.counts("recovered_90d"),
            F::CreatedAt => self.ages("created_at", Some(YEAR)),
            F::DeviceEnrolledAt => self.ages("enrolled_at", Some(YEAR)),
            F::EmailVerifiedAt | F::PhoneVerifiedAt => never_or(self.ages("verified_at", Some(YEAR))),
            F::EmailChangedAt | F::PhoneChangedAt => never_or(self.ages("changed_at", None)),
            F::LastRecoveredAt => never_or(self.ages("last_recovered_at", None)),
            F::Now
            | F::Account
            | F::Has
            | F::Client
            | F::History
            | F::Proven
            | F::Failures
            | F::FailureFactor
            | F::FailureDisposition
            | F::FailureCount
            | F::FailureAt => Vec::new(),
        }
    }

    /// The constants for a field, without words that mean something else in every policy, and one of nobody's.
    fn words(&self, field: &str, nobodys: &str) -> impl Iterator<Item = String> + use<> {
        let words = self.constants.texts(field).into_iter().filter(|word| is_ordinary(word));
        words.chain([nobodys.to_owned()])
    }

    fn counts(&self, field: &str) -> Vec<Is> {
        let Marks { bounds, loose } = self.constants.counts(field);
        let mut values = BTreeSet::from([0]);
        values.extend(bounds);
        if !loose.is_empty() {
            values.extend(loose.iter().flat_map(|count| [count.saturating_sub(1), *count, count + 1]));
            values.insert(1);
        }
        values.into_iter().filter_map(|count| u32::try_from(count).ok()).map(Is::Count).collect()
    }

    /// Ages: one of each that the policy tells apart, and the last second before each bound, since time passes in a
    /// case. `usual` is the age of [`Start::complete`], if there is one.
    fn ages(&self, field: &str, usual: Option<u64>) -> Vec<Is> {
        let Marks { mut bounds, loose } = self.constants.ages(field);
        if bounds.is_empty() && loose.is_empty() {
            return vec![Is::Age(Some(YEAR))];
        }
        bounds.extend(loose.iter().flat_map(|age| [*age, age + 1]));
        bounds.insert(0);
        let mut values = BTreeSet::new();
        for (bound, next) in bounds.iter().zip(bounds.iter().skip(1).chain([&u64::MAX])) {
            let own = usual.filter(|usual| (bound..next).contains(&usual)).unwrap_or(*bound);
            values.extend([bound.saturating_sub(1), own]);
        }
        values.into_iter().filter(|age| *age <= LONG_AGO).map(|age| Is::Age(Some(age))).collect()
    }

    fn groups(&self) -> Vec<Is> {
        let names: Vec<String> =
            self.constants.texts("groups").into_iter().filter(|word| is_ordinary(word)).collect();
        let mut sets: Vec<Vec<String>> = vec![Vec::new()];
        if names.len() <= MAX_GROUPS_COMBINED {
            for name in &names {
                let with: Vec<_> =
                    sets.iter().map(|set| [set.as_slice(), std::slice::from_ref(name)].concat()).collect();
                sets.extend(with);
            }
        } else {
            sets.extend(names.iter().map(|name| vec![name.clone()]));
            sets.push(names);
        }
        sets.push(vec![NOBODYS_WORD.to_owned()]);
        sets.into_iter().map(Is::Texts).collect()
    }

    fn attributes(&self) -> Vec<Is> {
        let names = self.constants.attributes();
        let choices = |name: &String, texts: &BTreeSet<String>| -> Vec<(String, String)> {
            let others = texts.iter().filter(|text| *text != name).cloned();
            others.chain([NOBODYS_WORD.to_owned()]).map(|text| (name.clone(), text)).collect()
        };
        let size = names.values().fold(1_usize, |size, texts| size.saturating_mul(texts.len() + 2));
        let mut sets: Vec<BTreeMap<String, String>> = vec![BTreeMap::new()];
        for (name, texts) in &names {
            let pairs = choices(name, texts);
            if size <= MAX_VALUES {
                let with = |set: &BTreeMap<String, String>, (name, text): &(String, String)| {
                    let mut set = set.clone();
                    set.insert(name.clone(), text.clone());
                    set
                };
                let more: Vec<_> =
                    sets.iter().flat_map(|set| pairs.iter().map(move |pair| with(set, pair))).collect();
                sets.extend(more);
            } else {
                sets.extend(pairs.into_iter().map(|pair| [pair].into()));
            }
        }
        if size > MAX_VALUES {
            let firsts = names.iter().filter_map(|(name, texts)| choices(name, texts).into_iter().next());
            sets.insert(1, firsts.collect());
        }
        sets.into_iter().map(Is::Pairs).collect()
    }
}

/// Makes facts that nobody has decided fit those that somebody has.
pub(super) fn reconcile(start: &mut Start, decided: impl Fn(Fact) -> bool) {
    if is_consistent(start) {
        return;
    }
    let history = &mut start.facts.history;
    if !decided(Fact::Recovered90d) {
        history.recovered_90d = u32::from(history.recovered_90d == 0);
    } else if !decided(Fact::LastRecoveredAt) {
        let at = super::super::NOW.unix() - DAY;
        let recently = (history.recovered_90d > 0).then(|| readmit_recovery::time::Timestamp::from_unix(at));
        history.last_recovered_at = recently;
    }
}

/// Whether there can be such facts: who was recovered in the last 90 days was last recovered then.
pub(super) fn is_consistent(start: &Start) -> bool {
    let history = &start.facts.history;
    let recently =
        history.last_recovered_at.is_some_and(|at| super::super::NOW.since(at).as_secs() <= RECOVERED_WITHIN);
    recently == (history.recovered_90d > 0)
}

fn text(word: &str) -> Is {
    Is::Text(Some(word.to_owned()))
}

fn texts(words: impl Iterator<Item = String>) -> Vec<Is> {
    words.map(|word| text(&word)).collect()
}

fn optional(words: impl Iterator<Item = String>) -> Vec<Is> {
    [Is::Text(None)].into_iter().chain(words.map(|word| text(&word))).collect()
}

fn never_or(ages: Vec<Is>) -> Vec<Is> {
    [Is::Age(None)].into_iter().chain(ages).collect()
}

/// Whether a country has this name (ISO 3166-1 alpha-2).
fn is_country(text: &str) -> bool {
    text.len() == 2 && text.chars().all(|c| c.is_ascii_uppercase())
}

/// Whether a text is none of the words that every policy uses: factors, reasons, dispositions.
fn is_ordinary(text: &str) -> bool {
    let is_factor = text.parse().is_ok_and(|factor: Factor| !matches!(factor, Factor::Channel(_)));
    !is_factor && text.parse::<Reason>().is_err() && text.parse::<Disposition>().is_err()
}

/// Whether a text could stand behind the `@` of an address.
fn is_domain(text: &str) -> bool {
    text.contains('.')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-'))
}
