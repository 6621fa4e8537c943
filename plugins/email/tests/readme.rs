//! The README tells the truth about settings and purposes.

#![cfg(test)]

mod tests {
    use std::collections::BTreeSet;

    use readmit_email::purpose::Purpose;
    use readmit_email::settings::Settings;
    use serde_json::json;

    const README: &str = include_str!("../README.md");

    /// The first cells of a section's table.
    fn rows(section: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
        let text = README.split(&format!("\n## {section}\n")).nth(1).unwrap();
        let text = text.split("\n## ").next().unwrap();
        text.lines().filter(|line| line.starts_with("| `")).map(|line| {
            let mut cells = line.split('|').map(str::trim);
            (cells.nth(1).unwrap(), cells.next().unwrap())
        })
    }

    fn quoted(text: &str) -> BTreeSet<&str> {
        text.split('`').skip(1).step_by(2).collect()
    }

    #[test]
    fn its_settings_are_those_of_the_program() {
        let error = serde_json::from_value::<Settings>(json!({ "nonsense": 1 })).unwrap_err().to_string();
        let known: BTreeSet<&str> = quoted(&error).into_iter().filter(|key| *key != "nonsense").collect();
        let told: BTreeSet<&str> = rows("Settings").flat_map(|(keys, _)| quoted(keys)).collect();
        assert_eq!(told, known);
    }

    #[test]
    fn its_purposes_and_fields_are_those_of_the_program() {
        let told: BTreeSet<&str> = rows("Purposes").flat_map(|(name, _)| quoted(name)).collect();
        assert_eq!(told, Purpose::ALL.iter().map(|purpose| purpose.name()).collect());
        for (name, fields) in rows("Purposes") {
            let purpose = Purpose::from_name(name.trim_matches('`')).unwrap();
            for field in purpose.required() {
                assert!(fields.contains(&format!("**`{field}`**")), "{name}: {field}");
            }
            for field in purpose.optional() {
                assert!(quoted(fields).contains(field), "{name}: {field}");
            }
        }
    }
}
