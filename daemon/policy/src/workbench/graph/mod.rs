//! The journeys of a policy as a picture, for whoever has to sign it.
//!
//! Every class of cases that the policy tells apart is walked through the real core, and classes that take the same
//! journey are put together. A [`Picture`] is what is to be said; [`Picture::svg`], [`Picture::dot`] and
//! [`Picture::mermaid`] draw it. Nothing in it depends on the time or the place at which it is drawn.

mod chart;
mod escape;
mod layout;
mod picture;
mod svg;
mod told;

use readmit_recovery::rules::Rules;
use thiserror::Error;

use self::picture::Lane;
use super::verify::ExploreError;
use crate::set::PolicySet;

/// Why there is no picture.
#[derive(Debug, Error)]
pub enum DrawError {
    /// Nothing decides for the realm.
    #[error("there is no policy for the realm `{0}` and no default.lua")]
    NoPolicy(String),
    /// The classes cannot be enumerated.
    #[error(transparent)]
    Explore(#[from] ExploreError),
}

/// The journeys of one realm.
#[derive(Clone, Debug)]
pub struct Picture {
    realm: String,
    file: String,
    version: String,
    classes: u64,
    lanes: Vec<Lane>,
}

impl Picture {
    /// Finds every journey of a realm, in up to `limit` classes of cases. The set must be
    /// [watched](PolicySet::watched). `progress` is told how many classes are done.
    ///
    /// # Errors
    /// [`DrawError`], if nothing decides for the realm or more classes are told apart.
    pub fn of(
        set: &PolicySet,
        realm: &str,
        rules: &Rules,
        limit: usize,
        progress: &mut dyn FnMut(u64),
    ) -> Result<Self, DrawError> {
        picture::find(set, realm, rules, limit, progress)
    }

    /// How many classes of cases were walked.
    #[must_use]
    pub const fn classes(&self) -> u64 {
        self.classes
    }

    /// How many journeys there are, told apart by how they begin.
    #[must_use]
    pub fn journeys(&self) -> usize {
        self.lanes.len()
    }

    /// The picture as SVG, light or dark as the reader prefers.
    #[must_use]
    pub fn svg(&self) -> String {
        svg::draw(self)
    }

    /// The picture in the language of Graphviz.
    #[must_use]
    pub fn dot(&self) -> String {
        chart::of(self).dot(&self.title())
    }

    /// The picture as a Mermaid flowchart.
    #[must_use]
    pub fn mermaid(&self) -> String {
        chart::of(self).mermaid(&self.title())
    }

    fn title(&self) -> String {
        format!("How people get back in: realm {}", self.realm)
    }

    fn subtitle(&self) -> String {
        format!("{}, version {}", self.file, self.version)
    }
}
