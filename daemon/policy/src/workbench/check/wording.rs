//! The type checker's messages in plainer words, with what to do about them.

use std::collections::BTreeSet;

use crate::limits::MAX_TYPE_MESSAGE_CHARS;
use crate::spelling::nearest;
use crate::workbench::lex::{Kind, Token, tokens};

/// The message and a hint. `meant` is the text that the message is about, `definitions` what the checker was given.
pub(super) fn of(message: &str, meant: &str, definitions: &str) -> (String, Option<String>) {
    let name: String = meant.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    if message.contains("NotInPolicies") {
        let hint = match name.as_str() {
            "os" => {
                "a policy has no clock but case.now, so that the same question always gets the same answer"
            }
            "print" => "a policy prints nothing; what it decides is in the decision log, with its `because`",
            _ => "README.md of the policies lists what a policy has",
        };
        return (format!("`{name}` is not there in a policy"), Some(hint.to_owned()));
    }
    if let Some(rest) = message.strip_suffix(" is never used; prefix with '_' to silence") {
        return (format!("{rest} is never used"), Some(format!("take it away, or call it `_{name}`")));
    }
    // What follows is how the checker came to it.
    let message = message.split("; \n").next().unwrap_or(message);
    let message = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let hint = hint(&message, meant, definitions);
    let message =
        message.strip_suffix("; consider assigning to it first").map(str::to_owned).unwrap_or(message);
    (shortened(message), hint)
}

/// A message that spells out a whole type is cut.
fn shortened(message: String) -> String {
    match message.char_indices().nth(MAX_TYPE_MESSAGE_CHARS) {
        Some((end, _)) => format!("{} …", message.get(..end).unwrap_or_default()),
        None => message,
    }
}

/// The bytes of `meant` that a message names: the key that is not there.
pub(super) fn named(message: &str, meant: &str) -> Option<std::ops::Range<usize>> {
    let key = message.strip_prefix("Key '")?.split('\'').next()?;
    let last = tokens(meant).into_iter().rfind(|token| token.text == key)?;
    (!message.contains("NotInPolicies")).then(|| last.range())
}

fn hint(message: &str, meant: &str, definitions: &str) -> Option<String> {
    let quoted: Vec<&str> = message.split('\'').skip(1).step_by(2).collect();
    if message.starts_with("Key '") {
        let (key, owner) = (quoted.first()?, quoted.get(1)?);
        let fields = fields(definitions, owner);
        return match nearest(key, fields.iter().copied()) {
            Some(meant) => Some(format!("did you mean `{meant}`?")),
            None if fields.is_empty() => None,
            None => Some(format!("{owner} has {}", fields.join(", "))),
        };
    }
    if message.starts_with("Unknown global") {
        let globals = globals(definitions);
        return nearest(quoted.first()?, globals.iter().copied())
            .map(|meant| format!("did you mean `{meant}`?"));
    }
    if message.ends_with("could be nil") {
        let owner =
            meant.rsplit_once('.').map(|(owner, _)| owner.trim()).filter(|owner| !owner.contains('\n'))?;
        return Some(format!("ask first whether there is one: `if {owner} then`"));
    }
    let table = [
        ("Not all codepaths", "end the function with a `return` that answers every other case"),
        ("but got 'string'", "put the factors into a list: { \"password\", \"email\" }"),
        ("'string?', but got 'Plan'", "say what the list may hold: `local steps: Steps = {}`"),
        ("'Denial | Escalation | Plan | Proof', but got", "`open` answers with prove, escalate or deny"),
        (
            "'...(Denial | Escalation | Plan | Proof)?'",
            "`proved` answers with prove, escalate, deny or nothing",
        ),
        ("'Denial | Escalation | Retry'", "`failed` answers with retry, escalate or deny"),
        ("'Denial | Escalation | Outcome'", "`recovered` answers with outcome, escalate or deny"),
        ("is read-only", "a policy cannot change what it is told"),
    ];
    let fits = |(part, _): &&(&str, &str)| match *part {
        "but got 'string'" => message.contains(part) && message.contains("{Step}"),
        part => message.contains(part),
    };
    table.iter().find(fits).map(|(_, hint)| (*hint).to_owned())
}

/// The fields of a type: `export type Name = { read field: …, … }`.
fn fields<'a>(definitions: &'a str, owner: &str) -> Vec<&'a str> {
    let tokens = tokens(definitions);
    let begins = |words: &[Token<'_>]| {
        matches!(words, [word, name, equals, open]
            if word.text == "type" && name.text == owner && equals.text == "=" && open.text == "{")
    };
    let Some(start) = tokens.windows(4).position(begins) else { return Vec::new() };
    let (mut depth, mut fields) = (0_usize, Vec::new());
    for words in tokens.get(start + 3..).unwrap_or_default().windows(2) {
        let [token, next] = words else { continue };
        match token.text {
            "{" | "(" => depth += 1,
            "}" | ")" if depth == 1 => break,
            "}" | ")" => depth -= 1,
            name if depth == 1 && token.kind == Kind::Name && next.text == ":" => fields.push(name),
            _ => {}
        }
    }
    fields
}

/// The names that are declared: `declare name: …`, `declare function name(`.
fn globals(definitions: &str) -> BTreeSet<&str> {
    let tokens = tokens(definitions);
    let declared = tokens.windows(3).filter_map(|words| match words {
        [declare, function, name] if declare.text == "declare" && function.text == "function" => {
            Some(name.text)
        }
        [declare, name, colon] if declare.text == "declare" && colon.text == ":" => Some(name.text),
        _ => None,
    });
    declared.filter(|name| !name.starts_with("__")).collect()
}

#[cfg(test)]
mod tests {
    use readmit_recovery::account::Reason;
    use readmit_recovery::disposition::Disposition;

    use super::*;
    use crate::decode::Word;
    use crate::fact::Fact;
    use crate::verdicts::keys;
    use crate::vocabulary::Channels;
    use crate::workbench::check::DEFINITIONS;
    use crate::workbench::check::words::STATES;
    use crate::workbench::testing::{FIELDS, METHODS};

    #[test]
    fn messages_are_put_plainly() {
        let table = [
            (
                "Key 'acount' not found in table 'Case'",
                "case.acount",
                "Key 'acount' not found in table 'Case'",
                Some("did you mean `account`?"),
            ),
            (
                "Key 'x' not found in table 'Email'",
                "e.x",
                "Key 'x' not found in table 'Email'",
                Some("Email has domain, verified_at, changed_at, same_mailbox_as_account"),
            ),
            (
                "Unknown global 'prov'; consider assigning to it first",
                "prov",
                "Unknown global 'prov'",
                Some("did you mean `prove`?"),
            ),
            (
                "Key 'time' not found in class 'NotInPolicies'",
                "os.time",
                "`os` is not there in a policy",
                Some(
                    "a policy has no clock but case.now, so that the same question always gets the same answer",
                ),
            ),
            (
                "Value of type 'Phone?' could be nil",
                "case.account.phone.country",
                "Value of type 'Phone?' could be nil",
                Some("ask first whether there is one: `if case.account.phone then`"),
            ),
            (
                "Variable 'a' is never used; prefix with '_' to silence",
                "a",
                "Variable 'a' is never used",
                Some("take it away, or call it `_a`"),
            ),
            (
                "Expected this to be\n\t'A'\nbut got\n\t'B'; \nthe 1st",
                "x",
                "Expected this to be 'A' but got 'B'",
                None,
            ),
        ];
        for (message, meant, plain, hint) in table {
            assert_eq!(
                of(message, meant, DEFINITIONS),
                (plain.to_owned(), hint.map(str::to_owned)),
                "{message}"
            );
        }
    }

    /// What is shipped for editors is what there is.
    #[test]
    fn the_definitions_say_what_there_is() {
        let records = [
            ("Case", ""),
            ("Account", "account."),
            ("Email", "account.email."),
            ("Phone", "account.phone."),
            ("Has", "account.has."),
            ("Device", "device."),
            ("Client", "client."),
            ("History", "history."),
            ("Failure", "failure."),
        ];
        for (name, prefix) in records {
            let facts = Fact::ALL.iter().filter_map(|fact| fact.as_str().strip_prefix(prefix));
            let known: BTreeSet<&str> =
                facts.filter(|field| !field.is_empty() && !field.contains('.')).collect();
            assert_eq!(fields(DEFINITIONS, name).into_iter().collect::<BTreeSet<_>>(), known, "{name}");
        }
        let outcome: Vec<&str> = keys("outcome").to_vec();
        assert_eq!(
            [fields(DEFINITIONS, "OutcomeTable"), fields(DEFINITIONS, "TestOutcome")],
            [outcome.clone(), outcome]
        );
        assert_eq!(union("Reason"), Reason::ALL.iter().map(|reason| reason.as_str()).collect());
        assert_eq!(union("State"), STATES.into_iter().collect());
        let failures = Disposition::ALL.iter().filter(|ended| ended.is_failure());
        assert_eq!(union("Disposition"), failures.map(|ended| ended.as_str()).collect());
        let channels = Channels::default();
        assert!(
            union("Factor").iter().all(|factor| channels.factor(factor).is_ok())
                && union("Factor").len() == 9
        );
        let records = ["account", "device", "client", "history"];
        let steps = METHODS.iter().map(|(step, _)| *step);
        let case: BTreeSet<&str> = FIELDS.into_iter().chain(steps).chain(records).collect();
        assert_eq!(fields(DEFINITIONS, "TestCase").into_iter().collect::<BTreeSet<_>>(), case);
        let words: BTreeSet<&str> = Word::ALL.iter().map(|word| word.as_str()).collect();
        assert!(words.is_subset(&globals(DEFINITIONS)), "{:?}", globals(DEFINITIONS));
    }

    /// The texts in `export type Name = "…" | "…"`.
    fn union(name: &str) -> BTreeSet<&'static str> {
        let (_, rest) = DEFINITIONS.split_once(&format!("export type {name} =")).expect("the type is there");
        let end = rest.find("\n\n").unwrap_or(rest.len());
        rest[..end].split('"').skip(1).step_by(2).collect()
    }
}
