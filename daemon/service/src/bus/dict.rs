//! Dictionaries on the bus: `a{sv}` in the words of the glossary, strictly read.

use std::collections::{BTreeMap, HashMap};

use readmit_recovery::secret::Secret;
use zbus::wire::{OwnedVariant, Variant};

use crate::service::Fault;

/// An `a{sv}` that goes out.
pub(super) type Dict = HashMap<String, OwnedVariant>;

/// Builds an `a{sv}`.
#[derive(Default)]
pub(super) struct Out(Dict);

impl Out {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Adds a value.
    pub(super) fn put<'a>(mut self, key: &str, value: impl Into<Variant<'a>>) -> Self {
        // Only a file descriptor cannot be owned, and none is ever put here.
        if let Ok(value) = OwnedVariant::try_from(value.into()) {
            self.0.insert(key.to_owned(), value);
        }
        self
    }

    /// Adds a value where there is one.
    pub(super) fn maybe<'a>(self, key: &str, value: Option<impl Into<Variant<'a>>>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    pub(super) fn done(self) -> Dict {
        self.0
    }
}

/// Reads an `a{sv}` that came in: every key must be known and of the right type.
pub(super) struct In<'a> {
    what: &'static str,
    values: HashMap<String, Variant<'a>>,
}

impl<'a> In<'a> {
    pub(super) fn new(what: &'static str, values: HashMap<String, Variant<'a>>) -> Self {
        Self { what, values }
    }

    pub(super) fn text(&mut self, key: &str) -> Result<Option<String>, Fault> {
        self.take(key, "a string (s)", |value| match value {
            Variant::Str(text) => Some(text.as_str().to_owned()),
            _ => None,
        })
    }

    pub(super) fn secret(&mut self, key: &str) -> Result<Option<Secret>, Fault> {
        Ok(self.text(key)?.map(Secret::new))
    }

    pub(super) fn flag(&mut self, key: &str) -> Result<Option<bool>, Fault> {
        self.take(key, "a boolean (b)", |value| match value {
            Variant::Bool(flag) => Some(*flag),
            _ => None,
        })
    }

    pub(super) fn texts(&mut self, key: &str) -> Result<Option<Vec<String>>, Fault> {
        self.take(key, "a list of strings (as)", |value| {
            Vec::<String>::try_from(value.try_clone().ok()?).ok()
        })
    }

    pub(super) fn map(&mut self, key: &str) -> Result<Option<BTreeMap<String, String>>, Fault> {
        self.take(key, "a dictionary of strings (a{ss})", |value| {
            let map = HashMap::<String, String>::try_from(value.try_clone().ok()?).ok()?;
            Some(map.into_iter().collect())
        })
    }

    /// Refuses what nobody asked for.
    pub(super) fn finish(self) -> Result<(), Fault> {
        match self.values.keys().min() {
            None => Ok(()),
            Some(key) => {
                let key: String = key.chars().take(40).collect();
                Err(Fault::invalid(format!("{}: unknown key `{key}`", self.what)))
            }
        }
    }

    fn take<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl Fn(&Variant<'a>) -> Option<T>,
    ) -> Result<Option<T>, Fault> {
        let Some(value) = self.values.remove(key) else { return Ok(None) };
        read(&value)
            .map(Some)
            .ok_or_else(|| Fault::invalid(format!("{}: `{key}` must be {wanted}", self.what)))
    }
}
