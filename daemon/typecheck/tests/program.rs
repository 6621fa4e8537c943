//! The program as its caller knows it: one request, one answer, whatever the request holds.

#![cfg(test)]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const DEFINITIONS: &str = "
export type Case = { read reason: \"lost\" | \"stolen\", read phone: { read country: string }? }
declare function deny(because: string): number
";

fn run(input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_readmit-typecheck"))
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    // Refused early, the rest is not read.
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    output
}

/// What is found in some files, as `file:line:column-line:column severity message`.
fn found(definitions: &str, files: &Value) -> Vec<String> {
    let output = run(json!({"definitions": definitions, "files": files}).to_string().as_bytes());
    assert!(output.status.success(), "{output:?}");
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let told = |problem: &Value| {
        let text = |key: &str| problem[key].as_str().unwrap().to_owned();
        let number = |key: &str| problem[key].as_u64().unwrap();
        let start = format!("{}:{}:{}", text("file"), number("line"), number("column"));
        let end = format!("{}:{}", number("end_line"), number("end_column"));
        format!("{start}-{end} {} {}", text("severity"), text("message"))
    };
    answer["problems"].as_array().unwrap().iter().map(told).collect()
}

#[test]
fn problems_have_their_places() {
    let table = [
        ("local function f(case: Case) return case.reason end\nreturn f", None),
        (
            "local function f(case: Case)\n\treturn case.raeson\nend\nreturn f",
            Some(("2:9-2:20 error", "Key 'raeson' not found")),
        ),
        (
            "local function f(case: Case) return case.phone.country end\nreturn f",
            Some(("1:37-1:55 error", "could be nil")),
        ),
        ("local ä = deny(5)\nreturn 1", Some(("1:7-1:9 error", "got Unicode character U+e4"))),
        ("return deny(5)", Some(("1:13-1:14 error", "Expected this to be 'string', but got 'number'"))),
        ("return nobody", Some(("1:8-1:14 error", "Unknown global 'nobody'"))),
        ("local x = 1\nreturn 2", Some(("1:7-1:8 warning", "Variable 'x' is never used"))),
        ("return {", Some(("1:9-1:9 error", "Expected identifier"))),
    ];
    for (text, wanted) in table {
        let found = found(DEFINITIONS, &json!({"a.lua": text}));
        match wanted {
            None => assert_eq!(found, [] as [&str; 0], "{text}"),
            Some((place, message)) => {
                let fits = |line: &String| line.contains(place) && line.contains(message);
                assert!(found.iter().any(fits), "{text}: {found:?}");
            }
        }
    }
}

#[test]
fn files_are_checked_each_by_itself() {
    let found =
        found("", &json!({"b.lua": "return nobody", "a.lua": "global = 1", "c.lua": "return global"}));
    let files: Vec<_> = found.iter().filter_map(|line| line.split_once(':')).map(|(file, _)| file).collect();
    assert!(files.is_sorted() && files.contains(&"b.lua") && files.contains(&"c.lua"), "{found:?}");
}

#[test]
fn what_is_no_request_is_refused_in_one_line() {
    let table: [(&[u8], &str); 6] = [
        (b"", "the request is no {definitions, files}"),
        (b"garbage", "the request is no {definitions, files}"),
        (b"{\"definitions\":\"\",\"files\":{\"a\":1}}", "invalid type"),
        (b"{\"definitions\":\"\",\"files\":{\"a\":\"\xff\"}}", "the request is no {definitions, files}"),
        (
            b"{\"definitions\":\"declare x y z\",\"files\":{}}",
            "failed to load Luau definitions: definitions:1:11",
        ),
        (b"{\"definitions\":\"declare x: Nobody\",\"files\":{}}", "Unknown type 'Nobody'"),
    ];
    for (input, message) in table {
        let output = run(input);
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{error}");
        assert!(error.contains(message) && error.lines().count() == 1, "{error}");
    }
    let endless = run(&vec![b' '; 80 << 20]);
    assert!(String::from_utf8(endless.stderr).unwrap().contains("the request is larger"));
}

#[test]
fn whoever_runs_it_by_hand_is_told_what_to_run() {
    let output = Command::new(env!("CARGO_BIN_EXE_readmit-typecheck")).arg("--help").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("`readmit policy check` runs it"));
}

/// Whatever a file holds, it is answered, or it brings the program down so that it can be seen.
#[test]
fn hostile_files_are_answered_or_seen() {
    let nested = |open: &str, close: &str, depth: usize| {
        format!("return {}{}", open.repeat(depth), close.repeat(depth))
    };
    let wide =
        (0..2000).map(|at| format!("local v{at} = {{ a = v{} }}\n", at.max(1) - 1)).collect::<String>();
    let unions = (0..300).map(|at| format!("| {{ k{at}: \"v{at}\" }} ")).collect::<String>();
    let texts = [
        nested("(", ")", 20_000),
        nested("{", "}", 20_000),
        nested("function() return ", " end", 5_000),
        format!("return {}1", "-".repeat(60_000).replace("--", "- ")),
        format!("return 1{}", " + 1".repeat(50_000)),
        format!("return \"a\"{}", " .. \"a\"".repeat(20_000)),
        wide,
        format!("type T = {}\nlocal x: T & T & T = nil :: any\nreturn x", unions.trim_start_matches("| ")),
        "type T<A> = T<{ x: A }>\nlocal x: T<number> = nil :: any\nreturn x".to_owned(),
        "local function f<T...>(...: T...) return f(f(...)) end\nreturn f(f, f)".to_owned(),
        "\0\u{202e}\u{feff}return".to_owned(),
        "--!nocheck\nreturn nobody".to_owned(),
        "`{`{`{`{`{".repeat(2_000),
        "[==[".to_owned(),
    ];
    for text in texts {
        let request = json!({"definitions": DEFINITIONS, "files": {"a.lua": text, "b.lua": "return nobody"}});
        let output = run(request.to_string().as_bytes());
        if !output.status.success() {
            assert_eq!(output.status.code(), None, "it says nothing of its own: {output:?}");
            continue;
        }
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let problems = answer["problems"].as_array().unwrap();
        let others = problems.iter().filter(|problem| problem["file"] == "b.lua");
        assert_eq!(others.count(), 1, "one file hides nothing of another: {:.80}", request["files"]["a.lua"]);
        assert!(problems.len() <= 201, "{}", problems.len());
        assert!(problems.iter().all(|problem| problem["message"].as_str().unwrap().len() <= 2000));
    }
}
