//! Many classes of cases as few conditions in plain words.

use std::collections::{BTreeMap, BTreeSet};

use readmit_recovery::account::Reason;

use super::verify::{Class, Value};
use super::words::list;
use crate::fact::Fact;

/// The values of each fact among some classes, which the conditions tell apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Universe(BTreeMap<Fact, BTreeSet<Value>>);

impl Universe {
    pub fn of<'a>(classes: impl IntoIterator<Item = &'a Class>) -> Self {
        let mut values: BTreeMap<Fact, BTreeSet<Value>> = BTreeMap::new();
        for value in classes.into_iter().flat_map(Class::decided) {
            values.entry(value.fact).or_default().insert(value.clone());
        }
        Self(values)
    }

    fn values(&self, fact: Fact) -> BTreeSet<Value> {
        self.0.get(&fact).cloned().unwrap_or_default()
    }
}

/// Of each fact the values that it may have; a fact that is not in it may have any.
type Region = BTreeMap<Fact, BTreeSet<Value>>;

/// The conditions under which a case of the universe is in one of `classes`: each a list of clauses that all hold,
/// and any of them is enough. They say exactly that, though not always in the fewest words. A single condition
/// without clauses is every case.
pub(super) fn conditions<'a>(
    classes: impl IntoIterator<Item = &'a Class>,
    universe: &Universe,
) -> Vec<Vec<String>> {
    let single = |class: &Class| -> Region {
        class.decided().map(|value| (value.fact, BTreeSet::from([value.clone()]))).collect()
    };
    let mut regions: BTreeSet<Region> = classes.into_iter().map(single).collect();
    loop {
        let before = regions.len();
        let facts: BTreeSet<Fact> = regions.iter().flat_map(|region| region.keys().copied()).collect();
        // What is looked at last is put together first, so that the conditions keep to what is looked at first.
        for fact in facts.into_iter().rev() {
            regions = merged(regions, fact, universe);
        }
        if regions.len() == before {
            break;
        }
    }
    let told = regions.into_iter().map(|region| clauses(&region, universe)).collect();
    without_what_goes_without_saying(told)
}

/// Who has no address has no verified one either: where both are conditions, the second says it all.
fn without_what_goes_without_saying(mut told: Vec<Vec<String>>) -> Vec<Vec<String>> {
    for (none, unverified) in [
        ("no e-mail address on file", "no verified e-mail address"),
        ("no phone on file", "no verified phone"),
    ] {
        let all = told.clone();
        let wider = |clauses: &Vec<String>| -> Vec<String> {
            let wider = |clause: &String| if clause == none { unverified.to_owned() } else { clause.clone() };
            clauses.iter().map(wider).collect()
        };
        told.retain(|clauses| {
            !(clauses.iter().any(|clause| clause == none) && all.contains(&wider(clauses)))
        });
    }
    told
}

/// Puts regions together that differ in one fact only.
fn merged(regions: BTreeSet<Region>, fact: Fact, universe: &Universe) -> BTreeSet<Region> {
    let all = universe.values(fact);
    let mut by_rest: BTreeMap<Region, BTreeSet<Value>> = BTreeMap::new();
    let mut done = BTreeSet::new();
    for mut region in regions {
        match region.remove(&fact) {
            Some(values) => by_rest.entry(region).or_default().extend(values),
            None => drop(done.insert(region)),
        }
    }
    for (mut region, values) in by_rest {
        if values != all {
            region.insert(fact, values);
        }
        done.insert(region);
    }
    done
}

fn clauses(region: &Region, universe: &Universe) -> Vec<String> {
    let has_field = |fact: Fact| {
        region
            .keys()
            .any(|other| other.as_str().strip_prefix(fact.as_str()).is_some_and(|rest| rest.starts_with('.')))
    };
    // That there is a record goes without saying where one of its fields is named.
    region
        .iter()
        .filter(|(fact, values)| {
            !(has_field(**fact) && values.iter().all(|value| value.flag() == Some(true)))
        })
        .map(|(fact, values)| clause(*fact, values, &universe.values(*fact)))
        .collect()
}

fn clause(fact: Fact, values: &BTreeSet<Value>, all: &BTreeSet<Value>) -> String {
    if let [only] = values.iter().collect::<Vec<_>>().as_slice()
        && let Some(flag) = only.flag()
    {
        return flagged(fact, flag).map_or_else(|| only.to_string(), str::to_owned);
    }
    if values.iter().all(|value| value.word().is_some()) {
        let words = |mut values: Vec<&Value>| -> Vec<String> {
            // Reasons have an order of their own: from the worst to the mildest.
            values.sort_by_key(|value| value.word().and_then(|word| word.parse::<Reason>().ok()));
            values.into_iter().filter_map(Value::word).map(|word| word.replace('_', " ")).collect()
        };
        let subject = subject(fact);
        return if values.iter().any(Value::is_nobodys_word) {
            format!("{subject}not {}", list(&words(all.difference(values).collect()), "or"))
        } else {
            format!("{subject}{}", list(&words(values.iter().collect()), "or"))
        };
    }
    if let Some(told) = counted(fact, values, all) {
        return told;
    }
    let is_asked_whether = all.len() == 2 && all.iter().any(Value::is_never);
    if let Some((is, is_not)) = happened(fact).filter(|_| is_asked_whether) {
        return if values.iter().any(Value::is_never) { is_not } else { is }.to_owned();
    }
    let rest: Vec<String> = all.difference(values).map(ToString::to_string).collect();
    if rest.len() < values.len() {
        return format!("not ({})", list(&rest, "or"));
    }
    list(&values.iter().map(ToString::to_string).collect::<Vec<_>>(), "or")
}

/// Numbers up to one, or from one on; none for anything else.
fn counted(fact: Fact, values: &BTreeSet<Value>, all: &BTreeSet<Value>) -> Option<String> {
    let noun = match fact {
        Fact::Opened24h => "recoveries opened in 24 hours",
        Fact::Failed24h => "failures in 24 hours",
        Fact::Recovered90d => "recoveries in 90 days",
        _ => return None,
    };
    let numbers = |values: &BTreeSet<Value>| values.iter().map(Value::count).collect::<Option<Vec<u32>>>();
    let (mut is, mut known) = (numbers(values)?, numbers(all)?);
    is.sort_unstable();
    known.sort_unstable();
    if known.ends_with(&is) {
        Some(format!("at least {} {noun}", is.first()?))
    } else if known.starts_with(&is) && is.last() == Some(&0) {
        Some(format!("no {noun}"))
    } else if known.starts_with(&is) {
        Some(format!("at most {} {noun}", is.last()?))
    } else {
        None
    }
}

/// What a word is about; a reason and a kind of account speak for themselves.
fn subject(fact: Fact) -> String {
    match fact {
        Fact::Reason | Fact::Kind => String::new(),
        Fact::Realm => "realm ".to_owned(),
        Fact::DeviceForm => "device ".to_owned(),
        Fact::PhoneCountry => "phone in ".to_owned(),
        Fact::EmailDomain => "e-mail at ".to_owned(),
        fact => format!("{fact} "),
    }
}

const fn flagged(fact: Fact, flag: bool) -> Option<&'static str> {
    Some(match (fact, flag) {
        (Fact::PhoneOnLostDevice, true) => "phone lost with the device",
        (Fact::PhoneOnLostDevice, false) => "phone not lost with the device",
        (Fact::EmailSameMailbox, true) => "mailbox behind this account",
        (Fact::EmailSameMailbox, false) => "mailbox not behind this account",
        (Fact::ClientKnown, true) => "known browser",
        (Fact::ClientKnown, false) => "unknown browser",
        _ => return None,
    })
}

const fn happened(fact: Fact) -> Option<(&'static str, &'static str)> {
    Some(match fact {
        Fact::EmailVerifiedAt => ("verified e-mail address", "no verified e-mail address"),
        Fact::EmailChangedAt => ("e-mail address changed before", "e-mail address never changed"),
        Fact::PhoneVerifiedAt => ("verified phone", "no verified phone"),
        Fact::PhoneChangedAt => ("phone changed before", "phone never changed"),
        Fact::LastRecoveredAt => ("recovered before", "never recovered before"),
        _ => return None,
    })
}

/// Conditions as one sentence: `owner, lost or stolen`; several are joined by `, or: `.
pub(super) fn sentence(conditions: &[Vec<String>]) -> String {
    let told: Vec<String> = conditions.iter().map(|clauses| clauses.join(", ")).collect();
    match told.as_slice() {
        [] => "never".to_owned(),
        [only] if only.is_empty() => "always".to_owned(),
        all => all.join("; or: "),
    }
}
