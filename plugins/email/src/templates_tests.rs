//! Every built-in message, and directories of own templates.

use super::*;

fn builtin() -> Templates {
    Templates::load(None).unwrap()
}

#[test]
fn every_purpose_renders_in_every_language() {
    let templates = builtin();
    assert_eq!(templates.languages().collect::<Vec<_>>(), ["de", "en", "fr"]);
    for language in ["de", "en", "fr"] {
        for purpose in Purpose::ALL {
            for full in [true, false] {
                let values = sample(purpose, full);
                let rendered = templates.render(purpose, language, &values).unwrap();
                let name = format!("{language}/{} full={full}", purpose.name());
                assert_eq!(rendered.language, language);
                assert!(
                    !rendered.subject.is_empty() && !rendered.subject.contains(char::is_control),
                    "{name}"
                );
                assert!(rendered.html.contains(&format!("<html lang=\"{language}\">")), "{name}");
                assert!(!rendered.text.contains("\n\n\n"), "{name}: {}", rendered.text);
                assert!(!rendered.text.contains(['{', '<']), "{name}: {}", rendered.text);
                let told = purpose.required().iter().chain(purpose.optional().iter().filter(|_| full));
                for field in told.filter(|field| !field.ends_with("_token") && **field != "sender") {
                    let value = match *field {
                        "event" | "reason" => continue,
                        "hold_until" | "until" => "2026-01-31 14:00 UTC",
                        other => values[other].as_str(),
                    };
                    assert!(rendered.text.contains(value), "{name}: no {field} in {}", rendered.text);
                    assert!(rendered.html.contains(value), "{name}: no {field} in {}", rendered.html);
                }
                let links = ["link", "veto"]
                    .into_iter()
                    .filter(|l| purpose.optional().contains(&&*format!("{l}_token")));
                for link in links {
                    let url = format!("https://example.org/{link}");
                    assert_eq!(rendered.text.contains(&url), full, "{name}");
                    assert_eq!(rendered.html.contains(&format!("href=\"{url}\"")), full, "{name}");
                }
                assert_eq!(rendered.text.contains("https://example.org/support"), full, "{name}");
            }
        }
    }
}

#[test]
fn every_event_and_reason_has_words_in_every_language() {
    let templates = builtin();
    for language in ["de", "en", "fr"] {
        let text = |event: &str, reason: &str| {
            let mut values = sample(Purpose::Notice, true);
            values.insert("event".into(), event.into());
            values.insert("reason".into(), reason.into());
            templates.render(Purpose::Notice, language, &values).unwrap()
        };
        let events: Vec<&str> = EVENTS.into_iter().chain(["of tomorrow"]).collect();
        let texts: BTreeSet<String> = events.iter().map(|event| text(event, "lost").text).collect();
        assert_eq!(texts.len(), events.len(), "{language}: every event reads differently");
        let reasons = ["lost", "stolen", "damaged", "not_working", "out_of_sync", ""];
        let texts: BTreeSet<String> = reasons.iter().map(|reason| text("held", reason).html).collect();
        assert_eq!(texts.len(), reasons.len(), "{language}: every reason reads differently");
        assert!(!text("held", "not_working").text.contains("not_working"), "{language}: a word for people");
    }
}

#[test]
fn values_are_escaped_in_html_and_only_there() {
    let mut values = sample(Purpose::Ticket, true);
    for name in ["name", "history", "message", "problem"] {
        values.insert(name.into(), "<script>alert('x')</script> & \"more\"".into());
    }
    let rendered = builtin().render(Purpose::Ticket, "en", &values).unwrap();
    assert!(!rendered.html.contains("<script>"), "{}", rendered.html);
    assert!(rendered.html.contains("&lt;script&gt;"));
    let mut notice = sample(Purpose::Notice, true);
    notice.insert("veto".into(), "\"><script>".into());
    assert!(!builtin().render(Purpose::Notice, "en", &notice).unwrap().html.contains("<script>"));
    assert!(rendered.text.contains("<script>alert('x')</script> & \"more\""));
    values.insert("ticket".into(), "1\r\nBcc: eve@example.org".into());
    let rendered = builtin().render(Purpose::Ticket, "en", &values).unwrap();
    assert!(!rendered.subject.contains(['\r', '\n']));
    values.insert("ticket".into(), "x".repeat(limits::MAX_SUBJECT * 2));
    let rendered = builtin().render(Purpose::Ticket, "en", &values).unwrap();
    assert!(rendered.subject.chars().count() <= limits::MAX_SUBJECT);
}

#[test]
fn a_locale_falls_back_to_its_language_and_then_to_english() {
    let templates = builtin();
    for (locale, language) in [
        ("de", "de"),
        ("de-AT", "de"),
        ("de_AT.UTF-8", "de"),
        ("DE-Latn-DE-1996", "de"),
        ("fr-CA", "fr"),
        ("ja", "en"),
        ("", "en"),
        ("../../etc/passwd", "en"),
    ] {
        assert_eq!(templates.language(Purpose::Test, locale), language, "{locale}");
    }
}

#[test]
fn own_templates_replace_parts_and_add_languages() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("en/test.subject", "Mine\n");
    write("en/test.txt~", "a backup");
    write(".git", "hidden");
    for part in ["subject", "txt", "html"] {
        write(&format!("de-CH/test.{part}"), "Grüezi {{ organization }}");
    }
    let templates = Templates::load(Some(directory.path())).unwrap();
    let values = sample(Purpose::Test, true);
    let english = templates.render(Purpose::Test, "en", &values).unwrap();
    assert_eq!(english.subject, "Mine");
    assert!(english.text.contains("Example"), "the other parts stay");
    assert_eq!(templates.render(Purpose::Test, "de-CH", &values).unwrap().text, "Grüezi Example\n");
    assert_eq!(
        templates.language(Purpose::Pass, "de-CH"),
        "de",
        "what a language lacks comes from its parent"
    );
}

#[test]
fn mistakes_in_own_templates_are_found_at_start() {
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
    let large = "x".repeat(limits::MAX_TEMPLATE as usize + 1);
    for (name, text, expected) in [
        ("en/notice.txt", "Hello {{ nmae }}", "en/notice.txt"),
        ("en/notice.txt", "Hello {% if %}", "en/notice.txt"),
        ("en/notice.txt", " \n", "empty"),
        ("en/notice.txt", endless, "en/notice.txt"),
        ("en/notice.txt", &large, "cannot be read"),
        ("en/advert.txt", "x", "is not used"),
        ("en/notice.md", "x", "is not used"),
        ("readme", "x", "is not used"),
        ("it/test.txt", "x", "it/test.subject is missing"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        let error = Templates::load(Some(directory.path())).expect_err(name).to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
    assert!(matches!(Templates::load(Some(Path::new("/nonexistent"))), Err(TemplateError::Unreadable(..))));
}

#[test]
fn times_are_written_for_people() {
    for (time, written) in [
        ("2026-01-31T14:00:00Z", "2026-01-31 14:00 UTC"),
        ("2026-01-31T14:00:00.5+02:00", "2026-01-31 14:00 UTC+02:00"),
        ("2026-01-31T14:00:00-05:00", "2026-01-31 14:00 UTC-05:00"),
        ("2026-01-31T14:00", "2026-01-31 14:00"),
        ("tomorrow", "tomorrow"),
        ("", ""),
        ("äöüäöüäöüäöüäöü", "äöüäöüäöüäöüäöü"),
    ] {
        assert_eq!(when(time), written);
    }
}
