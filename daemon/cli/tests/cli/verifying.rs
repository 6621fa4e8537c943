//! `readmit policy verify`, without a daemon.

use crate::mutating::{directory, policy};

const SOUND: &str = "\
local policy = {}
function policy.open(case)
  if not case.account.has.password or not case.account.email then
    return escalate { to = \"support\", because = \"nothing to prove\" }
  end
  return prove { \"password\", \"email\" }
end
return policy
";

#[test]
fn a_sound_policy_is_proven_and_says_what_was_visited() {
    let directory = directory(&[("default.lua", SOUND)]);
    let ended = policy("verify", directory.path(), &[]);
    assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{ended:?}");
    for line in [
        "default.lua\n",
        "  ok     nothing is under the assurance floor\n",
        "  ok     the policy answers every question\n",
        "  ok     there is no dead end\n",
        "  ok     every invariant holds\n",
        "  ok     more risk never means fewer factors\n",
        " kinds of openings by ",
        "left out exactly: facts that nobody looks at.",
    ] {
        assert!(ended.output.contains(line), "{line}: {}", ended.output);
    }
    let ended = policy("verify", directory.path(), &["--json"]);
    let answer = ended.json();
    assert_eq!((ended.code, &answer["proven"]), (0, &true.into()), "{answer}");
    let file = &answer["files"][0];
    assert_eq!((&file["file"], &file["realm"]), (&"default.lua".into(), &"default".into()));
    assert!(file["states"].as_u64().unwrap() > 20 && file["cases"].as_u64().unwrap() > 20, "{file}");
}

#[test]
fn a_counterexample_is_a_test_and_the_exit_code_is_1() {
    let weak = SOUND.replace("return prove { \"password\", \"email\" }", "return prove { \"email\" }");
    let files = directory(&[("default.lua", &weak)]);
    let ended = policy("verify", files.path(), &[]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.error.starts_with("error: 1 thing does not hold\nhint: paste a counterexample"),
        "{}",
        ended.error
    );
    assert!(ended.output.contains("  failed nothing is under the assurance floor\n"), "{}", ended.output);
    assert!(ended.output.contains("      local case = open { reason = \"lost\" }\n"), "{}", ended.output);
    let ended = policy("verify", files.path(), &["--json"]);
    let answer = ended.json();
    let example = &answer["files"][0]["counterexamples"][0];
    assert_eq!((ended.code, &answer["proven"], &example["property"]), (1, &false.into(), &"floor".into()));
    // Pasted as it is, the test fails for as long as the policy is not mended.
    let test = example["test"].as_str().unwrap().to_owned();
    let pasted = directory(&[("default.lua", weak.as_str()), ("default_test.lua", test.as_str())]);
    assert_eq!(policy("test", pasted.path(), &[]).code, 1);
    let mended = directory(&[("default.lua", SOUND), ("default_test.lua", test.as_str())]);
    assert_eq!(policy("test", mended.path(), &[]).code, 0);
    // Where the configuration asks for less, there is nothing wrong.
    assert_eq!(policy("verify", files.path(), &["--assurance", "aal1"]).code, 0);
}

#[test]
fn past_the_limit_and_without_policies_it_fails() {
    let files = directory(&[("default.lua", SOUND)]);
    let ended = policy("verify", files.path(), &["--limit", "1"]);
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.error.contains("default.lua: there are more cases than the limit"), "{}", ended.error);
    assert_eq!(policy("verify", files.path(), &["--limit", "0"]).code, 2);
    let broken = directory(&[("default.lua", "return {")]);
    assert_eq!(policy("verify", broken.path(), &[]).code, 1);
}
