//! Every class of cases, as far as one question can tell them apart: that of the opening, or any other.

use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::id::{CaseHandle, InvalidId};
use thiserror::Error;

use super::class::{Branching, Class};
use super::domain::Domain;
use crate::set::{Decision, PolicySet};
use crate::workbench::start::{NOW, Start};

/// Why there is no list of classes.
#[derive(Debug, Error)]
pub enum ExploreError {
    /// There are too many.
    #[error(
        "the policy tells more than {limit} kinds of cases apart: raise the limit, or have it compare with fewer constants"
    )]
    TooMany {
        /// The limit.
        limit: usize,
    },
    /// The start is none.
    #[error("no case can be made up: {0}")]
    Start(#[from] InvalidId),
}

/// Enumerates every class of cases that `look` can tell apart, and what it found in each.
///
/// `look` is called once a class. It asks through [`Branching::look`] (or [`decide`]) and so decides what matters;
/// what it never looks at is abstracted away exactly. Several policies may be asked about the same class.
///
/// # Errors
/// [`ExploreError::TooMany`] if there are more than `limit` classes.
pub fn explore<T>(
    realm: &str,
    domain: &Domain,
    limit: usize,
    mut look: impl FnMut(&mut Branching<'_>) -> T,
) -> Result<Vec<(Class, T)>, ExploreError> {
    let mut open = vec![Class::of(Start::complete(realm)?)];
    let mut found = Vec::new();
    while let Some(class) = open.pop() {
        if found.len() == limit {
            return Err(ExploreError::TooMany { limit });
        }
        let mut branching = Branching::new(domain, class);
        let result = look(&mut branching);
        let (class, siblings) = branching.finish();
        open.extend(siblings.into_iter().rev());
        found.push((class, result));
    }
    Ok(found)
}

/// Asks a [watched](PolicySet::watched) set about the class that `branching` is at.
pub fn decide(branching: &mut Branching<'_>, set: &PolicySet, question: &Question) -> Decision {
    let watched = set.decide_watched(question);
    branching.look(&watched.facts);
    watched.decision
}

/// The question that a policy is asked when a case opens like this.
#[must_use]
pub fn opening(start: &Start) -> Question {
    Question {
        hook: Hook::Open,
        case: CaseHandle::from_random([0; 16]),
        reason: start.reason,
        facts: start.facts.clone(),
        proven: Vec::new(),
        failures: Vec::new(),
        factor: None,
        failure: None,
        now: NOW,
    }
}
