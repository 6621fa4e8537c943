//! What languages a browser accepts (RFC 9110 §12.5.4), and which of ours suits it (RFC 4647 §3.4).

use std::cmp::Reverse;

use unic_langid::LanguageIdentifier;

use crate::limits;

/// The languages of an `Accept-Language` header, the most wanted first. What is not a language, or not wanted, is left
/// out.
pub(super) fn parse(header: &str) -> Vec<LanguageIdentifier> {
    let mut wanted: Vec<(u16, LanguageIdentifier)> =
        header.split(',').take(limits::ACCEPTED_LANGUAGES).filter_map(one).collect();
    wanted.sort_by_key(|(weight, _)| Reverse(*weight));
    wanted.into_iter().map(|(_, language)| language).collect()
}

/// One of ours that is this language or a wider one (`de` for `de-AT`), or else a narrower one (`pt-BR` for `pt`).
pub(super) fn lookup<'a>(
    wanted: &LanguageIdentifier,
    ours: impl Iterator<Item = &'a str>,
) -> Option<&'a str> {
    let ours: Vec<&str> = ours.collect();
    let mut tag = wanted.to_string();
    loop {
        if let Some(found) = ours.iter().find(|one| **one == tag) {
            return Some(found);
        }
        match tag.rfind('-') {
            Some(end) => tag.truncate(end),
            None => break,
        }
    }
    let narrower = |one: &&&str| one.strip_prefix(&*tag).is_some_and(|rest| rest.starts_with('-'));
    ours.iter().find(narrower).copied()
}

fn one(item: &str) -> Option<(u16, LanguageIdentifier)> {
    let (range, weight) = item.split_once(';').unwrap_or((item, ""));
    let weight =
        weight.trim().strip_prefix(['q', 'Q']).map_or("1", |rest| rest.trim_start_matches([' ', '=']));
    let weight = weight.trim().parse::<f32>().ok().filter(|weight| (0.0..=1.0).contains(weight))?;
    // Three digits are all that a weight has.
    let thousandths = (weight * 1000.0).round();
    let thousandths =
        (0..=1000_u16).find(|whole| f32::from(*whole) >= thousandths).filter(|whole| *whole > 0)?;
    let language = range.trim().parse::<LanguageIdentifier>().ok()?;
    (language.language.as_str() != "und").then_some((thousandths, language))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(header: &str) -> Vec<String> {
        parse(header).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn weights_order_what_is_wanted() {
        assert_eq!(parsed("fr;q=0.5, de-AT, en;q=0.8"), ["de-AT", "en", "fr"]);
        assert_eq!(parsed("de,en"), ["de", "en"], "what weighs the same stays in its order");
        assert_eq!(parsed("de;q=0, en;q=0.001"), ["en"], "0 is not wanted");
        assert_eq!(parsed("EN-us ; q = 1.0"), ["en-US"]);
        assert_eq!(parsed("*, en;q=2, de;q=x, <script>, , fr"), ["fr"], "what is none is left out");
        assert_eq!(parsed(""), [""; 0]);
    }

    #[test]
    fn no_more_than_a_few_are_looked_at() {
        let many = "fr,".repeat(limits::ACCEPTED_LANGUAGES) + "de";
        assert!(!parsed(&many).contains(&"de".to_owned()));
        let fewer = "fr,".repeat(limits::ACCEPTED_LANGUAGES - 1) + "de";
        assert!(parsed(&fewer).contains(&"de".to_owned()));
    }

    #[test]
    fn a_language_is_found_by_its_wider_or_narrower_name() {
        let find = |wanted: &str| lookup(&wanted.parse().unwrap(), ["de", "en", "pt-BR"].into_iter());
        assert_eq!(find("de-AT"), Some("de"));
        assert_eq!(find("de-Latn-CH"), Some("de"));
        assert_eq!(find("pt"), Some("pt-BR"));
        assert_eq!(find("pt-PT"), Some("pt-BR"));
        assert_eq!(find("sv"), None);
    }
}
