//! What is loaded, what is refused, and what the refusal says.

#![cfg(test)]

mod question;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use proptest::prelude::*;
use question::question;
use readmit_policy::limits::{MAX_DIRECTORY_DEPTH, MAX_FILE_BYTES, MAX_FILES, MAX_PROBLEMS, MAX_TOTAL_BYTES};
use readmit_policy::{Budget, Channels, LoadError, PolicySet, Sources};
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::Hook;
use readmit_recovery::plan::Plan;
use readmit_recovery::verdict::Verdict;

const GOOD: &str = "return { open = function(case) return prove { 'password', 'email' } end }";

fn files(files: &[(&str, &str)]) -> BTreeMap<String, String> {
    files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn load(list: &[(&str, &str)]) -> Result<PolicySet, LoadError> {
    PolicySet::load(Sources::from_files(files(list))?, Budget::default(), &Channels::default())
}

fn refusal(list: &[(&str, &str)]) -> String {
    match load(list) {
        Ok(_) => panic!("{list:?} was loaded"),
        Err(error) => error.to_string(),
    }
}

fn verdict(set: &PolicySet, realm: &str) -> Verdict {
    let mut question = question(Hook::Open);
    question.facts.account.realm = realm.to_owned();
    set.decide(&question).verdict
}

#[test]
fn a_faulty_policy_is_refused_with_its_place_and_its_mend() {
    let table: &[(&str, &str)] = &[
        ("return {", "default.lua:1: Expected"),
        ("\n\nlocal x = = 1", "default.lua:3: Expected"),
        ("\nerror('by design')", "default.lua:2: by design"),
        ("\nwhile true do end", "default.lua: default.lua:2: the budget of 200000 steps"),
        (
            "local s = 'a' while true do s = s .. s end",
            "default.lua: default.lua: the budget of 16777216 bytes",
        ),
        (
            "local x = 1",
            "default.lua: a policy file must return its table of hooks, and this one returns nothing",
        ),
        ("return 7", "returns a number"),
        ("return deny 'x'", "returns deny"),
        ("return {}", "default.lua: the policy has no function `open`"),
        ("return { open = 7 }", "the hook `open` must be a function, and is a number"),
        ("return { open = function() end, failed = true }", "the hook `failed` must be a function"),
        (
            "local p = { open = function() end }\nfunction p.recoverd() end\nreturn p",
            "default.lua:2: `recoverd` is no hook\n  hint: did you mean `recovered`?",
        ),
        ("return { opne = function() end }", "did you mean `open`?"),
        ("return { open = function() end, helper = function() end }", "keep other functions local"),
        ("return { open = function() end, [1] = 2 }", "`a number` is no hook"),
        ("return setmetatable({ open = function() end }, {})", "has a metatable"),
        ("local m = require './missing'\nreturn { open = m }", "default.lua:1: there is no file missing.lua"),
        (
            "local plan = all { 'emial' }\nreturn {}",
            "default.lua:1: all[1]: `emial` is no factor: did you mean `email`?",
        ),
        ("\u{1b}Lua", "default.lua:1:"),
        ("", "returns nothing"),
    ];
    for (text, wanted) in table {
        let error = refusal(&[("default.lua", text)]);
        assert!(error.contains(wanted), "{text:?}: {error}");
    }
}

#[test]
fn every_fault_of_every_file_is_named_at_once() {
    let error =
        load(&[("default.lua", "return {}"), ("b.lua", "return 1"), ("c.lua", GOOD), ("a.lua", "error 'x'")])
            .expect_err("three files are wrong");
    let found: Vec<_> = error.problems().iter().map(|problem| problem.file.as_str()).collect();
    assert_eq!(found, ["a.lua", "b.lua", "default.lua"]);
    assert_eq!(error.problems()[0].line, Some(1));
    assert_eq!(error.problems()[0].message(), "x");
    assert!(error.problems()[2].hint().is_some_and(|hint| hint.contains("policy.open")));

    let many: BTreeMap<_, _> = (0..100).map(|at| (format!("r{at}.lua"), "return {".to_owned())).collect();
    let sources = Sources::from_files(many).expect("the files fit");
    let error = PolicySet::load(sources, Budget::default(), &Channels::default()).expect_err("all are wrong");
    assert_eq!(error.problems().len(), MAX_PROBLEMS);
}

#[test]
fn one_faulty_file_refuses_the_whole_set() {
    assert!(refusal(&[("default.lua", GOOD), ("lib/unused.lua", "return {")]).contains("lib/unused.lua:1:"));
    assert!(refusal(&[("default.lua", GOOD), ("x_test.lua", "test(")]).contains("x_test.lua:1:"));
    assert!(refusal(&[]).contains("no policy"));
    assert!(refusal(&[("lib/m.lua", "return 1"), ("x_test.lua", "")]).contains("no policy"));
    assert!(refusal(&[("a.lua", GOOD), ("a.luau", GOOD)]).contains("same realm"));
}

#[test]
fn a_realm_has_its_own_file_or_the_default() {
    let denying = "return { open = function() return deny 'not here' end }";
    let set = load(&[("default.lua", GOOD), ("example.luau", denying), ("lib/other.lua", "return 1")])
        .expect("a good set");
    assert_eq!(verdict(&set, "example"), Verdict::Deny { because: "not here".to_owned() });
    for realm in ["elsewhere", "lib/other", "other", "", "../example", "example.luau"] {
        assert!(matches!(verdict(&set, realm), Verdict::Prove { .. }), "{realm:?}");
    }
    let realms: Vec<_> = set.realms().collect();
    assert_eq!(realms, [("default", "default.lua"), ("example", "example.luau")]);

    let set = load(&[("example.lua", denying)]).expect("a set without a default");
    let Verdict::Unable { cause } = verdict(&set, "elsewhere") else {
        panic!("nobody decides for this realm")
    };
    assert_eq!(cause, "there is no policy for the realm `elsewhere` and no default.lua");
}

#[test]
fn a_misspelt_word_is_found_before_a_person_meets_it() {
    let table = [
        (
            "open = function(case)\nif case.reason == 'stolen' then return prove { 'emial' } end end",
            "default.lua:2: prove[1]: `emial` is no factor: did you mean `email`?",
        ),
        (
            "open = function(case)\nif case.account.kind == 'member' then\nreturn escalat {} end end",
            "default.lua:3: there is no `escalat` here: did you mean `escalate`?",
        ),
        (
            "open = function(case)\nif not case.device then return deny { becuase = 'x' } end end",
            "default.lua:2: deny does not know the key `becuase`: did you mean `because`?",
        ),
        (
            "open = function(case)\nreturn prove { 'email', deny 'x' } end",
            "default.lua:2: prove[2] is deny, which is a verdict",
        ),
        (
            "open = function(case) end,\nproved = function(case) return outcome {} end",
            "default.lua:2: `proved` cannot answer with `outcome`",
        ),
        (
            "open = function(case) end,\nfailed = function(case, f) if f.count > 2 then return retri {} end end",
            "default.lua:2: there is no `retri` here: did you mean `retry`?",
        ),
        (
            "open = function(case) end,\nrecovered = function(case) if case.device and case.device.form == 'hardware' then return outcome { devise = 'keep' } end end",
            "did you mean `device`?",
        ),
    ];
    for (hooks, wanted) in table {
        let error = refusal(&[("default.lua", &format!("return {{ {hooks} }}"))]);
        assert!(error.contains(wanted), "{hooks}: {error}");
        assert!(
            PolicySet::restore(
                Sources::from_files(files(&[("default.lua", &format!("return {{ {hooks} }}"))]))
                    .expect("it fits"),
                Budget::default(),
                &Channels::default()
            )
            .is_ok()
        );
    }
    // What fails only because the case is made up, or does not end, is no misspelt word.
    for body in ["return deny(case.account.attributes.tier)", "return case.device.label", "while true do end"]
    {
        assert!(
            load(&[("default.lua", &format!("return {{ open = function(case) {body} end }}"))]).is_ok(),
            "{body}"
        );
    }
}

#[test]
fn modules_are_shared_inside_the_directory() {
    let main = "local levels = require './lib/levels'\nlocal shared = require './shared'\n\
        return { open = function() return any(levels.need, shared) end }";
    let set = load(&[
        ("default.lua", main),
        ("lib/levels.lua", "return require '../lib/numbers.lua'"),
        ("lib/numbers.lua", "return { need = 1 }"),
        ("shared.luau", "return { 'email', 'voice' }"),
    ])
    .expect("modules beside and below");
    let of = vec![Plan::Factor(Factor::Email), Plan::Factor(Factor::Voice)];
    assert_eq!(verdict(&set, "x"), Verdict::Prove { plan: Plan::Any { need: 1, of } });
    assert_eq!(set.realms().collect::<Vec<_>>(), [("default", "default.lua")]);
}

#[test]
fn modules_in_a_circle_are_refused_with_the_circle() {
    let error = refusal(&[
        ("default.lua", "return require './lib/a'"),
        ("lib/a.lua", "return require './b'"),
        ("lib/b.lua", "return require '../lib/a'"),
    ]);
    let circle = "lib/b.lua:1: these files require each other in a circle: default.lua → lib/a.lua → lib/b.lua → lib/a.lua";
    assert!(error.contains(circle), "{error}");
    let error =
        refusal(&[("default.lua", "local m = require './m'\nreturn {}"), ("lib/x.lua", ""), ("m.lua", "")]);
    assert!(error.contains("default.lua:1: m.lua returns nothing"), "{error}");
}

#[test]
fn a_channel_of_a_plugin_is_a_factor() {
    let text = "return { open = function() return prove { 'password', 'sms' } end }";
    let sources = Sources::from_files(files(&[("default.lua", text)])).expect("it fits");
    let wanted = "default.lua:1: prove[2]: `sms` is no factor: use password, email";
    let refused = PolicySet::load(sources.clone(), Budget::default(), &Channels::default());
    let refused = refused.expect_err("nothing delivers sms").to_string();
    assert!(refused.starts_with(wanted), "{refused}");
    // A version that open cases go by outlives the plugin.
    let without =
        PolicySet::restore(sources.clone(), Budget::default(), &Channels::default()).expect("it loads");
    let Verdict::Unable { cause } = verdict(&without, "x") else { panic!("nothing delivers sms") };
    assert!(cause.starts_with(wanted), "{cause}");
    let channels: Channels = ["sms", "push"].into_iter().collect();
    let with = PolicySet::load(sources, Budget::default(), &channels).expect("it loads");
    assert!(matches!(verdict(&with, "x"), Verdict::Prove { .. }));
}

#[test]
fn the_version_is_what_is_in_the_files() {
    let version = |list: &[(&str, &str)]| Sources::from_files(files(list)).expect("fits").version().clone();
    let one = version(&[("default.lua", GOOD)]);
    assert_eq!(one.as_str().len(), 64);
    assert_eq!(one, version(&[("default.lua", GOOD)]));
    let others = [
        version(&[("default.lua", "return {}")]),
        version(&[("default.luau", GOOD)]),
        version(&[("default.lua", GOOD), ("a.lua", "")]),
        version(&[("default.lua", GOOD), ("a.lua", " ")]),
        version(&[("default.lua", GOOD), ("a_test.lua", "")]),
    ];
    for (at, other) in others.iter().enumerate() {
        assert_ne!(other, &one);
        assert!(!others[..at].contains(other));
    }
    // What ends one part cannot begin the next.
    assert_ne!(version(&[("a.lua", "b.lua")]), version(&[("a.lua", ""), ("b.lua", "")]));
}

fn write(root: &Path, name: &str, text: impl AsRef<[u8]>) {
    let path = root.join(name);
    fs::create_dir_all(path.parent().expect("inside the root")).expect("a directory");
    fs::write(path, text).expect("a file");
}

#[test]
fn a_directory_is_read_without_what_editors_leave_behind() {
    let root = tempfile::tempdir().expect("a directory");
    for name in ["default.lua", "a.luau", "lib/deep/m.lua", "a_test.lua"] {
        write(root.path(), name, GOOD);
    }
    for name in [
        ".hidden.lua",
        ".git/x.lua",
        "#default.lua",
        "x.lua~",
        "notes.txt",
        "default.lua.swp",
        ".#default.lua",
    ] {
        write(root.path(), name, "return {");
    }
    // As a mounted ConfigMap has it: a link to a file in a hidden directory, inside.
    write(root.path(), "..data/mapped.lua", GOOD);
    symlink("..data/mapped.lua", root.path().join("mapped.lua")).expect("a link");
    symlink(".", root.path().join("loop")).expect("a link");
    let sources = Sources::read(root.path()).expect("all of it can be read");
    let names: Vec<_> = sources.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a.luau", "a_test.lua", "default.lua", "lib/deep/m.lua", "mapped.lua"]);
    assert_eq!(sources, Sources::from_files(sources.files().clone()).expect("a store gives it back"));
}

#[test]
fn what_is_no_plain_text_file_inside_is_refused() {
    let outside = tempfile::tempdir().expect("a directory");
    write(outside.path(), "secret.lua", "return 'secret'");
    let refused = |prepare: &dyn Fn(&Path)| {
        let root = tempfile::tempdir().expect("a directory");
        write(root.path(), "default.lua", GOOD);
        prepare(root.path());
        Sources::read(root.path()).expect_err("it is refused").to_string()
    };
    let link =
        refused(&|root| symlink(outside.path().join("secret.lua"), root.join("x.lua")).expect("a link"));
    assert!(link.contains("x.lua: is a symbolic link that leaves"), "{link}");
    let dangling = refused(&|root| symlink("nothing", root.join("x.lua")).expect("a link"));
    assert!(dangling.contains("x.lua: cannot be read"), "{dangling}");
    let binary = refused(&|root| write(root, "x.lua", [0xff, 0xfe]));
    assert!(binary.contains("x.lua: is not UTF-8 text"), "{binary}");
    let pipe = refused(&|root| {
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, root.join("x.lua"), rustix::fs::FileType::Fifo, mode, 0)
            .expect("a pipe");
    });
    assert!(pipe.contains("x.lua: is no regular file"), "{pipe}");
    let missing = Sources::read(Path::new("/nonexistent/policies")).expect_err("it is not there").to_string();
    assert!(missing.contains("/nonexistent/policies: cannot be read"), "{missing}");
}

#[test]
fn every_limit_holds_at_it_and_past_it() {
    let of = |map: BTreeMap<String, String>| {
        Sources::from_files(map).map(|_| ()).map_err(|error| error.to_string())
    };
    let sized = |bytes: usize| BTreeMap::from([("a.lua".to_owned(), " ".repeat(bytes))]);
    assert_eq!(of(sized(MAX_FILE_BYTES)), Ok(()));
    assert!(of(sized(MAX_FILE_BYTES + 1)).expect_err("too large").contains("larger than"));

    let numbered = |count: usize, bytes: usize| -> BTreeMap<String, String> {
        (0..count).map(|at| (format!("{at:04}.lua"), " ".repeat(bytes))).collect()
    };
    assert_eq!(of(numbered(MAX_FILES, 1)), Ok(()));
    assert!(of(numbered(MAX_FILES + 1, 1)).expect_err("too many").contains("more than"));
    assert_eq!(of(numbered(MAX_TOTAL_BYTES / MAX_FILE_BYTES, MAX_FILE_BYTES)), Ok(()));
    let over = numbered(MAX_TOTAL_BYTES / MAX_FILE_BYTES + 1, MAX_FILE_BYTES);
    assert!(of(over).expect_err("too much").contains("makes the set larger"));

    let nested = |depth: usize| format!("{}a.lua", "d/".repeat(depth - 1));
    assert_eq!(of(BTreeMap::from([(nested(MAX_DIRECTORY_DEPTH), String::new())])), Ok(()));
    assert!(of(BTreeMap::from([(nested(MAX_DIRECTORY_DEPTH + 1), String::new())])).is_err());
    for name in [
        "",
        "a",
        "a.txt",
        "/a.lua",
        "../a.lua",
        "a/../b.lua",
        "a//b.lua",
        ".a.lua",
        "a\n.lua",
        "a\\b.lua",
        "C:a.lua",
    ] {
        assert!(of(files(&[(name, "")])).is_err(), "{name:?}");
    }

    let root = tempfile::tempdir().expect("a directory");
    write(root.path(), "default.lua", " ".repeat(MAX_FILE_BYTES + 1));
    write(root.path(), &nested(MAX_DIRECTORY_DEPTH + 1), "");
    let error = Sources::read(root.path()).expect_err("both are past it").to_string();
    assert!(error.contains("default.lua: is larger than"), "{error}");
    assert!(error.contains("lies deeper than"), "{error}");
}

fn some_text() -> impl Strategy<Value = String> {
    let shipped = include_str!("../../../policies/default.lua");
    let length = shipped.len();
    let cut = move |at: usize| shipped.get(..at).unwrap_or_default().to_owned();
    prop_oneof![
        (0..length).prop_map(cut),
        (0..length, any::<char>()).prop_map(move |(at, c)| {
            let mut text = shipped.to_owned();
            if text.is_char_boundary(at) {
                text.insert(at, c);
            }
            text
        }),
        (0..length, 1..40_usize).prop_map(move |(at, bytes)| {
            let start = shipped.get(..at).unwrap_or_default();
            let end = shipped.get(at + bytes..).unwrap_or_default();
            format!("{start}{end}")
        }),
        ".{0,200}",
        "[-a-z(){}\\[\\]='\"., \n0-9]{0,200}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a file holds, loading says yes or no, and a set that was loaded answers every hook.
    #[test]
    fn no_text_upsets_the_loader(text in some_text()) {
        if let Ok(set) = load(&[("default.lua", &text)]) {
            for hook in Hook::ALL {
                let decision = set.decide(&question(hook));
                prop_assert!(decision.verdict.fits(hook));
            }
        }
    }

    #[test]
    fn no_name_upsets_the_sources(name in ".{0,60}", text in ".{0,20}") {
        if let Ok(sources) = Sources::from_files(files(&[(&name, &text)])) {
            prop_assert!(!name.contains("..") || name.split('/').all(|part| part != ".."));
            prop_assert_eq!(sources.iter().collect::<Vec<_>>(), vec![(name.as_str(), text.as_str())]);
        }
    }
}
