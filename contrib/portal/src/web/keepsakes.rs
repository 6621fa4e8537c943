//! What is shown once, kept a few minutes for the browser that it was shown to.
//!
//! The daemon gives a new device's secret, new recovery codes and a sign-in token out once. Should the answer get lost
//! on its way, or the page be loaded again, they would be gone; so they are kept here, in memory only, for the browser
//! and the case that they belong to, until they are saved, used or too old. A restart of the portal forgets them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::limits;
use crate::secret::Secret;

/// Something to keep.
#[derive(Clone)]
pub(crate) enum Keepsake {
    /// A device that is being enrolled.
    Device(NewDevice),
    /// Recovery codes that the person has not said to have saved.
    Codes(Vec<Secret>),
    /// A sign-in for another login.
    Token(Token),
}

/// A new device's secret, in every form that a page needs.
#[derive(Clone)]
pub(crate) struct NewDevice {
    /// In base32.
    pub(crate) secret: Secret,
    /// What the QR code says.
    pub(crate) uri: Secret,
    /// The QR code.
    pub(crate) picture: Secret,
}

/// A sign-in for another login.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) token: Secret,
    /// Until when it is good, in Unix seconds.
    pub(crate) good_until: u64,
}

/// Which of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Device,
    Codes,
    Token,
}

impl Keepsake {
    const fn kind(&self) -> Kind {
        match self {
            Self::Device(_) => Kind::Device,
            Self::Codes(_) => Kind::Codes,
            Self::Token(_) => Kind::Token,
        }
    }
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Codes => "codes",
            Self::Token => "token",
        }
    }

    const fn age(self) -> Duration {
        match self {
            Self::Device => limits::DEVICE_KEPT,
            Self::Codes => limits::CODES_KEPT,
            Self::Token => limits::TOKEN_KEPT,
        }
    }
}

/// All that is kept, for all browsers.
#[derive(Default)]
pub(crate) struct Keepsakes(Mutex<HashMap<String, Kept>>);

struct Kept {
    what: Keepsake,
    until: Instant,
}

impl Keepsakes {
    /// Keeps this for the browser and its case, in the place of what was kept before.
    pub(crate) fn keep(&self, browser: &Secret, case: &Secret, what: Keepsake) {
        self.keep_at(browser, case, what, Instant::now());
    }

    fn keep_at(&self, browser: &Secret, case: &Secret, what: Keepsake, now: Instant) {
        let mut all = self.0.lock();
        all.retain(|_, kept| now < kept.until);
        let place = place(browser, case, what.kind());
        if all.len() >= limits::KEEPSAKES && !all.contains_key(&place) {
            // What is nearest to its end makes room.
            let oldest = all.iter().min_by_key(|(_, kept)| kept.until).map(|(place, _)| place.clone());
            oldest.and_then(|oldest| all.remove(&oldest));
        }
        let until = now + what.kind().age();
        all.insert(place, Kept { what, until });
    }

    /// What is kept of this kind for the browser and its case.
    pub(crate) fn find(&self, browser: &Secret, case: &Secret, kind: Kind) -> Option<Keepsake> {
        self.find_at(browser, case, kind, Instant::now())
    }

    fn find_at(&self, browser: &Secret, case: &Secret, kind: Kind, now: Instant) -> Option<Keepsake> {
        let all = self.0.lock();
        all.get(&place(browser, case, kind)).filter(|kept| now < kept.until).map(|kept| kept.what.clone())
    }

    /// Forgets it.
    pub(crate) fn forget(&self, browser: &Secret, case: &Secret, kind: Kind) {
        self.0.lock().remove(&place(browser, case, kind));
    }
}

/// Where it is kept: nothing in it tells of browser or case.
fn place(browser: &Secret, case: &Secret, kind: Kind) -> String {
    browser.derive(&format!("kept {} {}", kind.name(), case.expose())).expose().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(code: &str) -> Keepsake {
        Keepsake::Codes(vec![Secret::new(code)])
    }

    fn read(found: Option<Keepsake>) -> Option<String> {
        match found? {
            Keepsake::Codes(codes) => codes.first().map(|code| code.expose().to_owned()),
            Keepsake::Device(_) | Keepsake::Token(_) => None,
        }
    }

    #[test]
    fn what_is_kept_is_one_browsers_in_one_case_and_for_a_while() {
        let (keepsakes, now) = (Keepsakes::default(), Instant::now());
        let (mine, other) = (Secret::new("mine"), Secret::new("other"));
        let (case, another) = (Secret::new("case"), Secret::new("another"));
        keepsakes.keep_at(&mine, &case, codes("1"), now);
        let find = |browser, case, kind, at| read(keepsakes.find_at(browser, case, kind, at));
        assert_eq!(find(&mine, &case, Kind::Codes, now), Some("1".to_owned()));
        assert_eq!(find(&other, &case, Kind::Codes, now), None);
        assert_eq!(find(&mine, &another, Kind::Codes, now), None);
        assert_eq!(find(&mine, &case, Kind::Device, now), None);
        let last = now + limits::CODES_KEPT - Duration::from_secs(1);
        assert_eq!(find(&mine, &case, Kind::Codes, last), Some("1".to_owned()));
        assert_eq!(find(&mine, &case, Kind::Codes, now + limits::CODES_KEPT), None);
        keepsakes.keep_at(&mine, &case, codes("2"), now);
        assert_eq!(find(&mine, &case, Kind::Codes, now), Some("2".to_owned()));
        keepsakes.forget(&mine, &case, Kind::Codes);
        assert_eq!(find(&mine, &case, Kind::Codes, now), None);
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let (keepsakes, now) = (Keepsakes::default(), Instant::now());
        let browser = Secret::new("browser");
        let case = |number: usize| Secret::new(number.to_string());
        let step = Duration::from_millis(1);
        for number in 0..=limits::KEEPSAKES {
            let at = now + step * u32::try_from(number).unwrap();
            keepsakes.keep_at(&browser, &case(number), codes("x"), at);
        }
        assert_eq!(keepsakes.0.lock().len(), limits::KEEPSAKES);
        assert!(keepsakes.find_at(&browser, &case(0), Kind::Codes, now).is_none());
        assert!(keepsakes.find_at(&browser, &case(1), Kind::Codes, now).is_some());
        // What is over makes room first.
        keepsakes.keep_at(&browser, &case(0), codes("x"), now + 2 * limits::CODES_KEPT);
        assert_eq!(keepsakes.0.lock().len(), 1);
    }
}
