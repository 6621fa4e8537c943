//! The versions of the policies, as administrators see them.

use readmit_recovery::id::PolicyVersion;
use readmit_recovery::time::Timestamp;
use readmit_store::Activation;

use super::limits::MIN_VERSION_DIGITS;
use super::{Fault, Service};

/// Where a version of the policies stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyState {
    /// New cases are opened by it.
    InForce,
    /// It waits for approval.
    Pending,
    /// It was in force.
    Earlier,
}

impl PolicyState {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InForce => "in_force",
            Self::Pending => "pending",
            Self::Earlier => "earlier",
        }
    }
}

/// A version of the policies, for administrators.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyListing {
    /// Which.
    pub version: PolicyVersion,
    /// Where it stands.
    pub state: PolicyState,
    /// Its files; not told of earlier ones.
    pub files: Option<Vec<String>>,
    /// When it came into force the last time; of a pending one, since when it waits.
    pub since: Timestamp,
    /// Who brought it into force or proposed it.
    pub actor: String,
    /// Who has approved it.
    pub approved_by: Vec<String>,
    /// How many tests of its own it passed.
    pub tests: u32,
    /// Whether it is what was last read where the policies are.
    pub is_found: bool,
    /// Why what was last read there is refused; told of the one in force.
    pub refused: Option<String>,
}

impl Service {
    /// The versions on file: the one in force, then the one that waits, then the earlier ones, the latest first.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn policy_versions(&self) -> Result<Vec<PolicyListing>, Fault> {
        let (in_force, found) = (self.policies.in_force(), self.policies.found());
        let is_found = |version: &PolicyVersion| found.as_ref() == Some(version);
        let known = self.store.activations().await?;
        let pending = self.store.pending_policy().await?;
        let activated = |state, activation: Activation| PolicyListing {
            state,
            files: None,
            since: activation.at,
            actor: activation.actor,
            approved_by: activation.approved_by,
            tests: activation.tests,
            is_found: is_found(&activation.version),
            refused: None,
            version: activation.version,
        };
        let first = PolicyListing {
            files: Some(in_force.files),
            refused: in_force.refused,
            ..activated(PolicyState::InForce, self.policies.activation())
        };
        let waiting = pending.map(|pending| PolicyListing {
            state: PolicyState::Pending,
            files: Some(pending.files.into_keys().collect()),
            since: pending.since,
            actor: pending.actor,
            approved_by: pending.approved_by,
            tests: pending.tests,
            is_found: is_found(&pending.version),
            refused: None,
            version: pending.version,
        });
        let earlier = known.into_iter().filter(|one| one.version != in_force.version);
        let earlier = earlier.map(|one| activated(PolicyState::Earlier, one));
        Ok(std::iter::once(first).chain(waiting).chain(earlier).collect())
    }
}

/// The one version that begins with what was given.
pub(super) fn pick<'a>(
    given: &str,
    among: impl IntoIterator<Item = &'a PolicyVersion>,
) -> Result<PolicyVersion, Fault> {
    let given = given.to_ascii_lowercase();
    if given.len() < MIN_VERSION_DIGITS || !given.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Fault::invalid(format!(
            "a version is named by its first digits, {MIN_VERSION_DIGITS} or more: `readmit policy list` shows them"
        )));
    }
    let mut fitting = among.into_iter().filter(|version| version.as_str().starts_with(&given));
    match (fitting.next(), fitting.next()) {
        (Some(version), None) => Ok(version.clone()),
        (None, _) => Err(Fault::NotFound(format!(
            "no version for this begins with {given}: `readmit policy list` shows them"
        ))),
        (Some(_), Some(_)) => {
            Err(Fault::invalid(format!("more than one version begins with {given}: give more of its digits")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(begin: &str) -> PolicyVersion {
        PolicyVersion::parse(&format!("{begin:0<64}")).unwrap()
    }

    #[test]
    fn a_version_is_picked_by_its_first_digits() {
        let versions = [version("abcdef01"), version("abcdef02"), version("0123456789")];
        let pick = |given: &str| pick(given, &versions);
        assert_eq!(pick("abcdef01"), Ok(versions[0].clone()));
        assert_eq!(pick("ABCDEF02"), Ok(versions[1].clone()));
        assert_eq!(pick("012345"), Ok(versions[2].clone()));
        assert_eq!(pick(versions[0].as_str()), Ok(versions[0].clone()));
        assert!(matches!(pick("abcdef"), Err(Fault::InvalidArgument(why)) if why.contains("more than one")));
        assert!(matches!(pick("01234"), Err(Fault::InvalidArgument(why)) if why.contains("6 or more")));
        assert!(matches!(pick("01234z"), Err(Fault::InvalidArgument(_))));
        assert!(matches!(pick("fedcba"), Err(Fault::NotFound(_))));
    }
}
