//! `readmit doctor` on a host whose systemd, journal and polkit are real.

use readmit_tests::Host;
use serde_json::Value;

/// Asserts that the doctor has one finding of each check, of this level and with these words, and a mend where it takes
/// one.
#[track_caller]
pub fn finds(host: &Host, wanted: &[(&str, &str, &str)]) {
    let ended = host.run(["readmit", "doctor", "--json"]);
    let answer: Value =
        serde_json::from_str(&ended.output).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    let findings = answer["findings"].as_array().unwrap();
    for (check, level, words) in wanted {
        let about: Vec<&Value> = findings.iter().filter(|finding| finding["check"] == *check).collect();
        let [found] = about[..] else { panic!("{check}: {findings:#?}") };
        assert_eq!(found["level"], *level, "{found}");
        assert!(found["what"].as_str().unwrap().contains(words), "{words}: {found}");
        assert_eq!(found["mend"] == "", *level == "ok", "{found}");
    }
}
